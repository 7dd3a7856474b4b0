"""The record of an execution: what ran, how long, with what result, for people who ask later."""

from __future__ import annotations

from pydantic import Field

from authstream.contracts.envelope import Command, Run
from authstream.contracts.model import EpochMillis, JsonObject, Record
from authstream.contracts.verdict import Outcome


class Execution(Record):
    """One leg of a flow as it was run, less what must not be kept."""

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
    subject: str | None = None
    client: str | None = None
    #: SHA-256 of the event as it was published, hexadecimal.
    event_sha256: str = ""
    #: 0: not known.
    deadline_at: EpochMillis = 0
    #: What the actions of this leg asked for, in order.
    commands: tuple[Command, ...] = ()
    #: The verdict's other members that are not empty: claims, dropped, steps, effects, ….
    verdict: JsonObject = Field(default_factory=dict)
    #: The action that a failure is about.
    failed_by: str | None = None
    #: It came when its leg was decided already, and had no effect.
    late: bool = False
    #: Members left out because the record would be too large.
    cut: tuple[str, ...] = ()
