"""A guest: one action in a process of its own, started when needed, restarted when it fails.

If the process ends with events in flight, they are run again one at a time: the one that ends it
again is the culprit and fails alone. So an action's side effects are at-least-once.
"""

from __future__ import annotations

import asyncio
import sys
from collections import deque
from collections.abc import Sequence
from typing import Any

from authstream.engine.program import Invocation, Outcome, Program, Ready
from authstream.sandbox.circuit import Circuit, Refusal
from authstream.sandbox.ending import GuestError, GuestLoadError, GuestStartError
from authstream.sandbox.job import Job
from authstream.sandbox.launch import Level
from authstream.sandbox.levels import choose
from authstream.sandbox.process import GuestProcess
from authstream.sandbox.start import Start

__all__ = [
    "Guest",
    "GuestError",
    "GuestLoadError",
    "GuestStartError",
    "Invocation",
    "Outcome",
    "Program",
    "Ready",
]


class Guest:
    """Runs the events of one program, any number at a time."""

    def __init__(
        self,
        program: Program,
        *,
        level: Level | None = None,
        guests: int = 1,
        python: str = sys.executable,
        circuit: Circuit | None = None,
        wrapper: Sequence[str] = (),
    ) -> None:
        """`level` None: the strongest that works here; `guests`: of this action at a time, at most.

        `wrapper` is the operator's command at level `external`. Raises ConfigurationError if no
        level works.
        """
        self.program = program
        self.level: Level = level or choose()
        self._start = Start(program, self.level, python, guests, wrapper)
        self._circuit = circuit or Circuit()
        self._serving: GuestProcess | None = None
        self._starting: GuestProcess | None = None
        self._ready: Ready | None = None
        self._recovery: asyncio.Task[None] | None = None
        self._suspects: deque[Job] = deque()
        self._waiting: deque[Job] = deque()
        self._stopped = False

    @property
    def pid(self) -> int | None:
        """The process that serves now, if any."""
        return None if self._serving is None else self._serving.pid

    @property
    def starting(self) -> bool:
        """Whether a process is on its way up."""
        return self._recovery is not None and not self._recovery.done()

    def wake(self) -> None:
        """Begin to start, without waiting for it."""
        if self._serving is None:
            self._wake()

    async def start(self) -> Ready:
        """Start now rather than at the first event.

        Raises:
            GuestLoadError: The action's top-level code failed.
            GuestStartError: The process did not come up, or keeps failing.
        """
        while self._serving is None:
            if self._stopped:
                raise GuestStartError(f"the guest of {self.program.action} is stopped")
            await asyncio.wait({self._wake()})
            refusal = self._circuit.refusal
            if refusal is not None:
                if refusal.thrown is not None:
                    raise GuestLoadError(refusal.error, refusal.thrown)
                raise GuestStartError(refusal.error)
        return self._ready_now()

    async def run(self, invocation: Invocation) -> Outcome:
        """Run one event; whatever the action does is in the outcome, never an exception."""
        job = Job(invocation, asyncio.get_running_loop().create_future())
        if self._stopped:
            job.settle("unavailable", "the guest is stopped")
        elif self._serving is not None:
            self._serving.submit(job)
        else:
            self._waiting.append(job)
            self._wake()
        try:
            return await job.future
        except asyncio.CancelledError:
            for process in (self._serving, self._starting):
                if process is not None:
                    process.withdraw(job)
            raise

    async def stop(self) -> None:
        """End the process; events under way are `unavailable`."""
        self._stopped = True
        if self._recovery is not None:
            self._recovery.cancel()
            await asyncio.wait({self._recovery})
        for process in (self._serving, self._starting):
            if process is not None:
                self._suspects.extend(process.in_flight.values())
                await process.stop()
        self._serving = self._starting = None
        self._refuse(Refusal("unavailable", "the guest is stopped"))

    def _wake(self) -> asyncio.Task[None]:
        if self._recovery is None or self._recovery.done():
            self._recovery = asyncio.get_running_loop().create_task(self._recover())
        return self._recovery

    def _ready_now(self) -> Ready:
        if self._ready is None:
            raise GuestError("the guest has not started")
        return self._ready

    async def _recover(self) -> None:
        """Bring up a process and settle every suspect, or refuse what waits."""
        while self._serving is None:
            if refusal := self._circuit.refusal:
                self._refuse(refusal)
                return
            await asyncio.sleep(self._circuit.backoff)
            probing = self._circuit.half_open
            if await self._launch() and await self._replay(probing=probing):
                self._serve()

    async def _launch(self) -> bool:
        self._starting = GuestProcess(self._start)
        try:
            self._ready = await self._starting.start()
        except GuestLoadError as error:
            self._circuit.trip(Refusal("error", str(error), error.thrown))
        except Exception as error:  # noqa: BLE001 - the events that wait must be answered
            self._circuit.failed(f"did not start: {error}")
            await self._starting.stop()
        else:
            return True
        self._starting = None
        return False

    async def _replay(self, *, probing: bool) -> bool:
        """Run the suspects one at a time; true if the process survived them all."""
        process = self._starting
        if process is None:
            return False
        if probing and self._waiting and not self._suspects:
            self._suspects.append(self._waiting.popleft())
        while self._suspects:
            job = self._suspects.popleft()
            if job.future.done():
                continue
            process.submit(job)
            either: set[asyncio.Future[Any]] = {job.future, process.ended}
            await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
            # A guest that is stuck in an event that was given up must not be held against the next.
            if not job.future.done() or not await process.answers():
                await self._blame(process, job)
                return False
        if probing:
            self._circuit.recovered()
        return True

    async def _blame(self, process: GuestProcess, job: Job) -> None:
        ending = await process.ended
        job.settle(ending.status, f"the action's process {ending.reason}")
        self._circuit.failed(ending.reason)
        self._starting = None

    def _serve(self) -> None:
        process = self._serving = self._starting
        self._starting = None
        if process is None:
            return
        process.ended.add_done_callback(lambda _: self._lost(process))
        while self._waiting:
            job = self._waiting.popleft()
            if not job.future.done():
                process.submit(job)

    def _lost(self, process: GuestProcess) -> None:
        """The serving process ended: whatever it had in flight is under suspicion."""
        if self._stopped:
            return
        self._serving = None
        self._circuit.failed(process.ended.result().reason)
        self._suspects.extend(job for job in process.in_flight.values() if not job.future.done())
        if self._suspects:
            self._wake()

    def _refuse(self, refusal: Refusal) -> None:
        for queue in (self._suspects, self._waiting):
            while queue:
                queue.popleft().settle(refusal.status, refusal.error, thrown=refusal.thrown)
