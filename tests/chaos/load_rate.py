"""How many logins a second this machine takes: 200, or fewer where its cores are slow.

What a kill costs can only be seen where the machine is not at its limit without one: there,
every login waits for a core. The measure is a loop of plain Python and none of our code, so
that the rate falls with the machine and never with us.
"""

from __future__ import annotations

import functools
import math
import os
import subprocess
import sys

#: What is promised, and what the long form always drives.
WANTED = 200
#: Seconds for the loop on each of two cores at once where 200 logins a second through five
#: processes, with broker and load, leave half of both idle. Where it took twice as long (0.066 s),
#: 200 a second left one per cent (CPython 3.11).
_FAST_ENOUGH_SECONDS = 0.033
_CORES = 2
_ROUNDS = 5
_LOOP = """
import time
def count():
    began, total = time.perf_counter(), 0
    for number in range(1_000_000):
        total += number
    return time.perf_counter() - began
print(min(count() for _ in range(3)))
"""


@functools.cache
def full_rate() -> int:
    """Logins a second of a case under full load. CHAOS_RATE or FULL=1 decide instead."""
    if said := os.environ.get("CHAOS_RATE"):
        return int(said)
    if os.environ.get("FULL"):
        return WANTED
    cores = min(_CORES, len(os.sched_getaffinity(0))) / _CORES
    return math.ceil(WANTED * min(1.0, cores * _FAST_ENOUGH_SECONDS / _loop_seconds()))


def _loop_seconds() -> float:
    """The best of some rounds with all cores at work: what else runs is no property of a core."""
    return min(max(_on_each_core()) for _ in range(_ROUNDS))


def _on_each_core() -> list[float]:
    command = (sys.executable, "-I", "-c", _LOOP)
    loops = [subprocess.Popen(command, stdout=subprocess.PIPE) for _ in range(_CORES)]
    return [float(loop.communicate()[0]) for loop in loops]
