"""Looks at how much memory a guest has of its own, and says when it is over its limit.

The kernel's limits do not cover everything: V8 maps memory that RLIMIT_DATA has to leave room for.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path

from authstream.engine.guest_limits import MEMORY_EVERY

#: Lines of /proc/PID/status: memory that is no file's, swapped or not (proc(5)), in kB.
_OWN = (b"RssAnon:", b"RssShmem:", b"VmSwap:")
_KILOBYTE = 1024


def own_bytes(pid: int, *, with_children: bool = False) -> int:
    """Memory that a process shares with no other: no files, so no libraries. 0: it is gone."""
    processes = (pid, *_descendants(pid)) if with_children else (pid,)
    return sum(map(_own, processes))


class MemoryWatch:
    """Looks at one guest every `MEMORY_EVERY`, whether it has anything to do or not."""

    def __init__(
        self, pid: int, limit: int, *, with_children: bool, over: Callable[[int], None]
    ) -> None:
        """`over` is called once, with the bytes that the guest has, when these are over `limit`."""
        #: At the last look.
        self.bytes = 0
        self._pid = pid
        self._limit = limit
        self._with_children = with_children
        self._over = over
        self._loop = asyncio.get_running_loop()
        self._timer = self._loop.call_later(MEMORY_EVERY.total_seconds(), self._look)

    def stop(self) -> None:
        """Look no more."""
        self._timer.cancel()

    def _look(self) -> None:
        self.bytes = own_bytes(self._pid, with_children=self._with_children)
        if self.bytes > self._limit:
            self._over(self.bytes)
        else:
            self._timer = self._loop.call_later(MEMORY_EVERY.total_seconds(), self._look)


def _own(pid: int) -> int:
    try:
        lines = Path(f"/proc/{pid}/status").read_bytes().splitlines()
    except OSError:
        return 0
    return sum(int(line.split()[1]) * _KILOBYTE for line in lines if line.startswith(_OWN))


def _descendants(pid: int) -> Iterator[int]:
    try:
        threads = list(Path(f"/proc/{pid}/task").iterdir())
        children = [int(one) for t in threads for one in (t / "children").read_text().split()]
    except OSError:
        return
    for child in children:
        yield child
        yield from _descendants(child)
