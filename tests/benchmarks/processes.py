"""Engines in processes of their own: spawned, watched, stopped, their processor time read."""

from __future__ import annotations

import ctypes
import multiprocessing
import signal
import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from multiprocessing.context import SpawnProcess
from typing import Any

import psutil

#: A client of librdkafka must not be inherited over fork.
SPAWN = multiprocessing.get_context("spawn")
#: librdkafka speaks of deleted topics and of coordinators that load; errors reach us anyway.
QUIET = 2
_PR_SET_PDEATHSIG = 1
STOPPED_WITHIN = timedelta(seconds=10)


@dataclass(frozen=True, slots=True)
class Hop:
    """One engine between two topics."""

    brokers: str
    source: str
    target: str
    group: str
    #: The stage waits `work.CALL` for each message.
    waits: bool = False


@dataclass(frozen=True, slots=True)
class Running:
    """Processes under measurement."""

    processes: tuple[SpawnProcess, ...]

    def cpu_seconds(self) -> float:
        """User and system time of all of them and of their children so far."""
        return sum(_cpu_seconds(process.pid) for process in self.processes if process.pid)

    def rss_bytes(self) -> int:
        """Resident memory of all of them, without their children."""
        return sum(
            psutil.Process(process.pid).memory_info().rss
            for process in self.processes
            if process.pid
        )

    def check(self) -> None:
        """Raises RuntimeError when one has ended: its figures would mean nothing."""
        for process in self.processes:
            if process.exitcode is not None:
                msg = f"{process.name} ended with status {process.exitcode}: see its output above"
                raise RuntimeError(msg)


@contextmanager
def running(*jobs: tuple[Callable[..., None], Any]) -> Generator[Running]:
    """Each function in a process of its own with its argument, while the context is open."""
    processes = [
        SPAWN.Process(target=_child, args=(function, argument), name=function.__name__)
        for function, argument in jobs
    ]
    for process in processes:
        process.start()
    try:
        yield Running(tuple(processes))
    finally:
        for process in processes:
            process.terminate()
        for process in processes:
            process.join(STOPPED_WITHIN.total_seconds())
            process.kill()
            process.join()


def _child(function: Callable[[Any], None], argument: Any) -> None:
    # A parent that was killed has taken the broker with it: there is nothing to stop cleanly for.
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    function(argument)


def _cpu_seconds(pid: int) -> float:
    process = psutil.Process(pid)
    total = 0.0
    with suppress(psutil.NoSuchProcess):
        for one in (process, *process.children(recursive=True)):
            times = one.cpu_times()
            total += times.user + times.system
    return total
