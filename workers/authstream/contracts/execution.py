"""The record of an execution: what ran, how long, with what result, for people who ask later."""

from __future__ import annotations

from authstream.contracts.envelope import Run
from authstream.contracts.model import EpochMillis, Record
from authstream.contracts.verdict import Outcome


class Execution(Record):
    """One leg of a flow as it was run."""

    flow_id: str
    leg: int
    tenant: str
    trigger: str
    outcome: Outcome
    code: str | None
    reason: str | None
    requested_at: EpochMillis
    decided_at: EpochMillis
    runs: tuple[Run, ...] = ()
