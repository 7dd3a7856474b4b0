"""What a guest's connections leave behind: lines in the consoles of its runs, and spans."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Mapping

from opentelemetry.trace import SpanContext

from authstream import telemetry
from authstream.engine.egress import Egress
from authstream.engine.program import Line, Program
from authstream.sandbox import launch
from authstream.sandbox.egress import Connection, EgressThread
from authstream.sandbox.job import NOTICES, Job
from authstream.sandbox.notifications import Notifications


class Outgoing:
    """Of one guest; `in_flight` are its runs under way, and belong to the guest."""

    def __init__(self, program: Program, in_flight: Mapping[int, Job]) -> None:
        self._program = program
        self._in_flight = in_flight
        self._loop = asyncio.get_running_loop()
        self._thread: EgressThread | None = None
        #: What was denied while no run was under way, thus to top-level code.
        self.denied_early: list[str] = []

    def watch(self, listener: int) -> None:
        """Answer the guest's `connect` calls, which come over this descriptor."""
        self._thread = EgressThread(
            Notifications(listener, uid=launch.uid(self._program.action)),
            Egress(self._program.egress),
            denied=self._hear_denied,
            callers=self._callers,
            connected=self._hear_connection,
        )

    def close(self) -> None:
        """Answer no more."""
        if self._thread is not None:
            self._thread.close()

    # In the thread that connects, before the guest has its answer -------------------------------

    def _hear_denied(self, text: str) -> None:
        self._say(("warning", text))

    def _hear_connection(self, made: Connection) -> None:
        self._trace(made)
        if self._program.tells_connections and made.error != "denied":
            reason = f": {made.error}" if made.error else ""
            self._say(("debug", f"connection to {made.host}:{made.port}{reason}"))

    def _callers(self) -> tuple[SpanContext, ...]:
        jobs = list(self._in_flight.values())
        return tuple(job.caller for job in jobs if job.caller is not None)

    def _trace(self, made: Connection) -> None:
        tracing = telemetry.tracing()
        if made.callers and tracing is not None:
            said: dict[str, str | int] = {
                "server.address": made.host,
                "network.transport": "tcp",
                "authstream.action": self._program.action,
                **({"server.port": made.port} if made.port else {}),
            }
            name = f"connect {made.host}"
            tracing.call(name, made.callers, said, began=made.began, error=made.error)

    def _say(self, line: Line) -> None:
        with contextlib.suppress(RuntimeError):  # the loop is closed, so nobody listens
            self._loop.call_soon_threadsafe(self._show, line)

    # --------------------------------------------------------------------------------------------

    def _show(self, line: Line) -> None:
        """In every run under way: which of them asked is known only to the guest."""
        for job in self._in_flight.values():
            job.notice(line)
        level, text = line
        if level == "warning" and not self._in_flight and len(self.denied_early) < NOTICES:
            self.denied_early.append(text)
