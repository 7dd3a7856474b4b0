"""Several guests of one action: started when those there are busy, stopped when idle."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Coroutine, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from authstream.engine.program import Invocation, Outcome, Program, Ready
from authstream.sandbox.census import CENSUS
from authstream.sandbox.circuit import Circuit
from authstream.sandbox.guest import Guest
from authstream.sandbox.launch import Level
from authstream.sandbox.levels import choose

#: Events under way in each guest before one more is started.
BUSY_FROM = 32
#: A guest beside the first that had nothing to do for so long is stopped.
IDLE_AFTER = timedelta(minutes=1)


@dataclass(eq=False, slots=True)
class _Member:
    guest: Guest
    in_flight: int = 0
    used: float = field(default_factory=time.monotonic)


class GuestPool:
    """Runs the events of one program in up to `size` guests, each event in the least busy one."""

    def __init__(
        self,
        program: Program,
        *,
        level: Level | None = None,
        wrapper: Sequence[str] = (),
        size: int = 1,
        idle_after: timedelta = IDLE_AFTER,
    ) -> None:
        self.program = program
        self._level: Level = level or choose()
        self._wrapper = wrapper
        self._size = size
        self._idle_after = idle_after.total_seconds()
        self._circuit = Circuit()
        CENSUS.watch(program.label, self._circuit)
        self._members = [self._member()]
        self._reaping: asyncio.TimerHandle | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._stopped = False

    @property
    def pids(self) -> list[int]:
        """The processes that serve now."""
        return [member.guest.pid for member in self._members if member.guest.pid is not None]

    async def start(self) -> Ready:
        """Start the first guest now rather than at the first event. Raises as `Guest.start`."""
        return await self._members[0].guest.start()

    async def run(self, invocation: Invocation) -> Outcome:
        """Run one event; whatever the action does is in the outcome, never an exception."""
        member = self._least_busy()
        member.in_flight += 1
        try:
            return await member.guest.run(invocation)
        finally:
            member.in_flight -= 1
            member.used = time.monotonic()

    async def stop(self) -> None:
        """End every process; events under way are `unavailable`."""
        self._stopped = True
        if self._reaping is not None:
            self._reaping.cancel()
        await asyncio.gather(*(member.guest.stop() for member in self._members))
        while self._tasks:
            await asyncio.wait(self._tasks)

    def _member(self) -> _Member:
        return _Member(
            Guest(
                self.program,
                level=self._level,
                guests=self._size,
                circuit=self._circuit,
                wrapper=self._wrapper,
            )
        )

    def _least_busy(self) -> _Member:
        least = min(self._members, key=lambda member: member.in_flight)
        if least.in_flight < BUSY_FROM or len(self._members) >= self._size or self._stopped:
            return least
        self._members.append(self._member())
        if self._reaping is None:
            self._reap_later()
        return self._members[-1]

    def _reap_later(self) -> None:
        loop = asyncio.get_running_loop()
        self._reaping = loop.call_later(self._idle_after / 2, self._reap)

    def _reap(self) -> None:
        now = time.monotonic()
        first, *others = self._members
        idle = [m for m in others if not m.in_flight and now - m.used > self._idle_after]
        for member in idle:
            self._behind(member.guest.stop())
        self._members = [first, *(member for member in others if member not in idle)]
        self._reaping = None
        if len(self._members) > 1:
            self._reap_later()

    def _behind(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
