"""One invocation under way: its attempts, what the worker adds to its console, its answer."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from authstream.engine.program import Invocation, Line, Outcome, RecordedCommand, Status

#: Lines of the worker, such as denied connections, that one run shows.
NOTICES = 8


@dataclass(eq=False, slots=True)
class Job:
    """One invocation under way, over all its attempts."""

    invocation: Invocation
    future: asyncio.Future[Outcome]
    #: Seconds since 1970, and on the monotonic clock; of the last attempt.
    started_at: float = field(default_factory=time.time)
    started: float = field(default_factory=time.monotonic)
    cancelled: float | None = None
    #: What the worker has to say in the run's console.
    notices: list[Line] = field(default_factory=list[Line])

    def begin(self) -> None:
        """Start an attempt."""
        self.notices.clear()
        self.started_at, self.started, self.cancelled = time.time(), time.monotonic(), None

    def settle(
        self,
        status: Status,
        error: str | None = None,
        *,
        commands: tuple[RecordedCommand, ...] = (),
        console: tuple[Line, ...] = (),
    ) -> None:
        """Answer the caller, unless it is gone."""
        if not self.future.done():
            took = timedelta(seconds=time.monotonic() - self.started)
            began = datetime.fromtimestamp(self.started_at, UTC)
            lines = (*console, *self.notices)
            outcome = Outcome(status, commands, lines, error, began, took)
            self.future.set_result(outcome)

    def notice(self, line: Line) -> None:
        """Show a line in the run's console, once, unless there are many."""
        if line not in self.notices and len(self.notices) < NOTICES:
            self.notices.append(line)

    def time_out(self, console: tuple[Line, ...] = ()) -> None:
        """Answer that the time was over."""
        limit = self.invocation.timeout.total_seconds()
        self.settle("timeout", f"the action did not end within {limit:g} s", console=console)
