"""What can be asked of executions, whoever keeps them: a search, and all about one flow."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Any, Protocol

from authstream.contracts.answer import Answered
from authstream.contracts.effect import EffectDone, PatchDone
from authstream.contracts.execution import Execution
from authstream.contracts.model import Record
from authstream.contracts.verdict import Outcome
from authstream.executions.figures import FlowAsked, FlowFigures
from authstream.executions.trend import Span, Trend

#: Executions that one search gives, unless told.
LIMIT = 50


@dataclass(frozen=True, slots=True)
class Filter:
    """Which executions; what is None does not matter."""

    tenant: str | None = None
    trigger: str | None = None
    #: The subject's id.
    user: str | None = None
    #: The client's id.
    client: str | None = None
    #: One that ran.
    action: str | None = None
    outcome: Outcome | None = None
    code: str | None = None
    #: Broker time of the record, milliseconds since the epoch.
    since: int | None = None
    #: From event to verdict; of the action's own run where one is named.
    slower_than: timedelta | None = None
    #: Words that follow each other in what actions logged, in an error or in the reason.
    text: str | None = None


@dataclass(frozen=True, slots=True)
class Summary:
    """One execution in a list."""

    #: Its place in the index: grows with each one that comes.
    number: int
    flow_id: str
    leg: int
    tenant: str
    trigger: str
    subject: str | None
    client: str | None
    outcome: Outcome
    code: str | None
    reason: str | None
    #: Broker times, milliseconds since the epoch; of the event, the verdict, the record.
    requested_at: int
    decided_at: int
    written_at: int
    trace_id: str | None

    @property
    def ms(self) -> int:
        """From event to verdict."""
        return self.decided_at - self.requested_at

    def public(self) -> dict[str, Any]:
        """JSON-ready members."""
        return {**asdict(self), "ms": self.ms}


@dataclass(frozen=True, slots=True)
class Page:
    """A part of a list, newest first; `cursor` goes on with the next, older part."""

    found: tuple[Summary, ...]
    cursor: str | None = None


@dataclass(frozen=True, slots=True)
class Recorded:
    """One execution with what its record's headers and place say."""

    execution: Execution
    written_at: int
    trace_id: str | None


class Retry(Record):
    """An effect that waits for another try."""

    #: The effect's.
    id: str
    kind: str
    #: So far.
    attempts: int
    reason: str
    #: Broker time at which it began to wait, milliseconds since the epoch.
    waits_since: int


class Letter(Record):
    """A dead letter about a flow."""

    #: PARTITION/OFFSET in the dead-letter topic.
    place: str
    reason: str
    detail: str
    stage: str
    #: Where the record was.
    topic: str
    #: Broker time, milliseconds since the epoch.
    at: int
    trace_id: str | None = None


@dataclass(frozen=True, slots=True)
class Flow:
    """All that is known of one flow, in the order in which it was recorded."""

    flow_id: str
    #: By leg; of a leg the one that was decided, then what came late.
    executions: tuple[Recorded, ...] = ()
    answers: tuple[Answered, ...] = ()
    effects: tuple[EffectDone, ...] = ()
    retries: tuple[Retry, ...] = ()
    patches: tuple[PatchDone, ...] = ()
    letters: tuple[Letter, ...] = ()

    def public(self) -> dict[str, Any]:
        """JSON-ready members."""
        records = ("answers", "effects", "retries", "patches", "letters")
        return {
            "flow_id": self.flow_id,
            "executions": [
                {
                    **one.execution.model_dump(mode="json"),
                    "written_at": one.written_at,
                    "trace_id": one.trace_id,
                }
                for one in self.executions
            ],
            **{
                name: [one.model_dump(mode="json") for one in getattr(self, name)]
                for name in records
            },
        }


class Executions(Protocol):
    """Answers questions about executions."""

    def find(self, wanted: Filter, *, limit: int = LIMIT, cursor: str | None = None) -> Page:
        """Those that a filter takes, newest first. Raises BadCursorError."""
        ...

    def after(self, number: int, wanted: Filter, *, limit: int = LIMIT) -> tuple[Summary, ...]:
        """Those that a filter takes and that came after one of this number, in order."""
        ...

    def newest(self) -> int:
        """The number of the one that came last; 0 without any."""
        ...

    def trend(self, span: Span, *, now: int) -> Trend:
        """Counts and durations over a span of time, whose end is now unless it says another."""
        ...

    def calls(self) -> tuple[Answered, ...]:
        """The last call of each connection, by its name."""
        ...

    def flow(self, flow_id: str) -> Flow | None:
        """All that is known of a flow; None when nothing is."""
        ...

    def figures(self, asked: FlowAsked) -> FlowFigures:
        """How often and how fast a flow and its actions ran of late."""
        ...
