"""The order to publish an event again: where it is, when its time has come, or that it is over."""

from __future__ import annotations

from authstream.contracts.model import EpochMillis, Record


class Redelivery(Record):
    """An event whose flow failed and is to be tried again, by its place in the log."""

    #: Of the event that is published then. Made from the flow, so two of these make one flow.
    id: str
    flow_id: str
    tenant: str
    trigger: str
    partition: int
    offset: int
    #: Which further try it is, from 1.
    attempt: int
    due_at: EpochMillis
    #: There is no further try: the event becomes a dead letter.
    given_up: bool = False
    reason: str = ""
