"""One invocation under way: its attempts, what the worker adds to its console, its answer."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import orjson
from opentelemetry.trace import SpanContext

from authstream import telemetry
from authstream.contracts.envelope import Thrown
from authstream.engine.program import Invocation, Line, Outcome, RecordedCommand, Status
from authstream.sandbox.answer import whole

#: Lines of the worker, such as denied connections, that one run shows.
NOTICES = 8


@dataclass(eq=False, slots=True)
class Job:
    """One invocation under way, over all its attempts."""

    invocation: Invocation
    future: asyncio.Future[Outcome]
    #: Seconds on the monotonic clock; of the last attempt.
    started: float = 0.0
    cancelled: float | None = None
    #: What its run has asked on the api, of the last attempt.
    questions: int = 0
    #: The span that it is run within.
    caller: SpanContext | None = field(default_factory=telemetry.current_context)
    #: What the worker has to say in the run's console.
    notices: tuple[Line, ...] = ()

    def begin(self) -> None:
        """Start an attempt."""
        self.notices, self.started, self.cancelled = (), time.monotonic(), None
        self.questions = 0

    def header(self) -> bytes:
        """What a guest is told beside the event: JSON."""
        invocation = self.invocation
        deadline = int((time.time() + invocation.timeout.total_seconds()) * 1000)
        said = {
            "handler": invocation.handler,
            "operations": invocation.operations,
            "calls": invocation.calls,
            "deadline_ms": deadline,
            "interactive": invocation.interactive,
        }
        return orjson.dumps(said)

    def settle(
        self,
        status: Status,
        error: str | None = None,
        *,
        commands: tuple[RecordedCommand, ...] = (),
        console: tuple[Line, ...] = (),
        thrown: Thrown | None = None,
    ) -> None:
        """Answer the caller, unless it is gone."""
        if self.future.done():
            return
        seconds = time.monotonic() - self.started if self.started else 0.0
        began = datetime.fromtimestamp(time.time() - seconds, UTC)
        lines = console + self.notices if self.notices else console
        took = timedelta(0, seconds)
        self.future.set_result(Outcome(status, commands, lines, error, began, took, thrown))

    def fail(self, thrown: Thrown, console: tuple[Line, ...] = ()) -> None:
        """Answer that the action ended with an error."""
        self.settle("error", whole(thrown), console=console, thrown=thrown)

    def notice(self, line: Line) -> None:
        """Show a line in the run's console, once, unless there are many."""
        if line not in self.notices and len(self.notices) < NOTICES:
            self.notices += (line,)

    def time_out(self, console: tuple[Line, ...] = ()) -> None:
        """Answer that the time was over."""
        limit = self.invocation.timeout.total_seconds()
        self.settle("timeout", f"the action did not end within {limit:g} s", console=console)
