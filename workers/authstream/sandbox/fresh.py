"""`isolation: execution`: every event in a guest of its own, from a few that are started ahead."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Coroutine, Sequence

from authstream.engine.program import Invocation, Outcome, Program, Ready
from authstream.sandbox.census import CENSUS
from authstream.sandbox.circuit import Circuit
from authstream.sandbox.guest import Guest
from authstream.sandbox.launch import Level
from authstream.sandbox.levels import choose

#: Guests that wait, started, for the next events.
WARM = 2
#: Guests that exist at a time; more events wait.
GUESTS_AT_ONCE = 16


class FreshGuests:
    """Runs each event in a process that saw no other one, and ends it after.

    Nothing an execution leaves in memory (globals, changed prototypes, `api.cache`) is there for
    the next. They share one circuit: an action that keeps failing is not started for every event.
    """

    def __init__(
        self,
        program: Program,
        *,
        level: Level | None = None,
        wrapper: Sequence[str] = (),
        warm: int = WARM,
    ) -> None:
        self.program = program
        self._level: Level = level or choose()
        self._wrapper = wrapper
        self._size = warm
        self._circuit = Circuit()
        CENSUS.watch(program.label, self._circuit)
        self._warm: deque[Guest] = deque()
        self._busy: set[Guest] = set()
        self._room = asyncio.Semaphore(GUESTS_AT_ONCE)
        self._tasks: set[asyncio.Task[None]] = set()
        self._stopped = False

    async def start(self) -> Ready:
        """Start the first guest now and the others behind it.

        Raises:
            GuestLoadError: The action's top-level code failed.
            GuestStartError: The process did not come up.
        """
        guest = self._guest()
        self._warm.append(guest)
        ready = await guest.start()
        self._refill()
        return ready

    async def run(self, invocation: Invocation) -> Outcome:
        """Run one event; whatever the action does is in the outcome, never an exception."""
        async with self._room:
            guest = self._take()
            self._busy.add(guest)
            self._refill()
            try:
                return await guest.run(invocation)
            finally:
                self._busy.discard(guest)
                self._behind(guest.stop())

    async def stop(self) -> None:
        """End every process; events under way are `unavailable`."""
        self._stopped = True
        guests = [*self._warm, *self._busy]
        self._warm.clear()
        await asyncio.gather(*(guest.stop() for guest in guests))
        while self._tasks:
            await asyncio.wait(self._tasks)

    def _guest(self) -> Guest:
        return Guest(
            self.program,
            level=self._level,
            guests=GUESTS_AT_ONCE + self._size,
            circuit=self._circuit,
            wrapper=self._wrapper,
        )

    def _take(self) -> Guest:
        while self._warm:
            guest = self._warm.popleft()
            if guest.pid is not None or guest.starting:
                return guest
            self._behind(guest.stop())  # it did not come up, or ended while it waited
        guest = self._guest()
        if self._stopped:
            self._behind(guest.stop())
        return guest

    def _refill(self) -> None:
        while len(self._warm) < self._size and not self._stopped and self._circuit.refusal is None:
            guest = self._guest()
            guest.wake()
            self._warm.append(guest)

    def _behind(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
