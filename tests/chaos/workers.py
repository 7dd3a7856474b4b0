"""Supervised worker processes of a test: started, found, signalled, and never left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Self

import psutil

from tests.kafka_log import until

ROOT = Path(__file__).resolve().parents[2]
FOLDER = Path(__file__).parent / "folder"
#: A worker at work has threads of its client library; a spare that waits has one.
_THREADS_AT_WORK = 4
_ENDS_WITHIN = timedelta(seconds=40)
_DIE_WITH_PARENT = """
import ctypes, os, signal, sys
PR_SET_PDEATHSIG = 1
ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
if os.getppid() == int(sys.argv[1]):
    os.execvp(sys.argv[2], sys.argv[2:])
"""


class Worker:
    """One supervisor with its children, in a process group of its own."""

    def __init__(
        self,
        name: str,
        stages: tuple[str, ...],
        environment: dict[str, str],
        *,
        log: Path,
        folder: Path | None,
    ) -> None:
        """Without a folder it follows the control log."""
        self.name = name
        self.stages = stages
        self.log = log
        dying = (sys.executable, "-c", _DIE_WITH_PARENT, f"{os.getpid()}")
        command = (*dying, sys.executable, "-m", "authstream.cli", "worker", "--supervised")
        with log.open("ab") as out:
            self.process = subprocess.Popen(
                (*command, *(("--folder", f"{folder}") if folder else ()), *stages),
                env=environment,
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                start_new_session=True,
            )

    def child(self) -> psutil.Process:
        """The process at work under the supervisor, once there is one."""
        found: list[psutil.Process] = []

        def at_work() -> bool:
            found[:] = self.at_work()
            return bool(found)

        until(at_work, f"a child of {self.name} at work; its log ends:\n{self.tail()}")
        return found[0]

    def at_work(self) -> list[psutil.Process]:
        """Children that have begun."""
        return [child for child in self.children() if _threads(child) >= _THREADS_AT_WORK]

    def await_assigned(self) -> None:
        """Wait until it has partitions."""
        until(lambda: '"assigned"' in self.log.read_text(), f"{self.name} has partitions")

    def await_spare(self) -> None:
        """Wait until a spare is there and loaded: it does nothing any more."""
        used: list[float] = [-1.0]

        def loaded() -> bool:
            spares = [child for child in self.children() if _waits(child)]
            before, used[0] = used[0], sum(map(_cpu_seconds, spares))
            return bool(spares) and used[0] == before > 0

        until(loaded, f"a loaded spare of {self.name}", every=timedelta(milliseconds=300))

    def children(self) -> list[psutil.Process]:
        """All direct children that live."""
        try:
            return psutil.Process(self.process.pid).children()
        except psutil.NoSuchProcess:
            return []

    def kill_child(self) -> None:
        """Kill -9 of the process at work."""
        self.child().send_signal(signal.SIGKILL)

    def terminate(self) -> int:
        """SIGTERM to the supervisor; its exit status."""
        self.process.terminate()
        return self.process.wait(_ENDS_WITHIN.total_seconds())

    def stop_child(self) -> psutil.Process:
        """SIGSTOP of the process at work, unseen by its supervisor, which is stopped as well."""
        child = self.child()
        self.process.send_signal(signal.SIGSTOP)
        child.send_signal(signal.SIGSTOP)
        return child

    def lose(self) -> None:
        """Kill -9 of the supervisor, as when its host is lost; the worker goes with it."""
        family = self.children()
        self.process.kill()
        self.process.wait()
        psutil.wait_procs(family, timeout=_ENDS_WITHIN.total_seconds())

    def destroy(self) -> None:
        """End everything of it, whatever state it is in."""
        family = self.children()
        for child in list(family):
            family += _descendants(child)
        self.process.kill()
        self.process.wait()
        for process in family:
            _end(process)
        psutil.wait_procs(family, timeout=10)
        left = [process for process in family if process.is_running() and not _zombie(process)]
        assert left == [], f"{self.name} left {left} behind"

    def tail(self) -> str:
        """The end of its log."""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-15:])


class Workers:
    """The workers of one prefix. On exit none is left."""

    def __init__(self, brokers: str, prefix: str, logs: Path, *, folder: Path = FOLDER) -> None:
        self._folder = folder
        self._brokers = brokers
        self._prefix = prefix
        self._logs = logs
        self.all: list[Worker] = []

    def start(self, name: str, *stages: str, static: bool = True, **said: str) -> Worker:
        """A supervised worker; with a stable name of its own unless told otherwise."""
        return self._start(name, stages, self._folder, static=static, said=said)

    def follow(self, name: str) -> Worker:
        """A supervised worker that follows the control log, with every stage."""
        return self._start(name, (), None, static=True, said={})

    def _start(
        self,
        name: str,
        stages: tuple[str, ...],
        folder: Path | None,
        *,
        static: bool,
        said: dict[str, str],
    ) -> Worker:
        environment = {
            **environment_of(self._brokers, self._prefix),
            "AUTHSTREAM_INSTANCE": name if static else "",
            **said,
        }
        log = self._logs / f"{name}-{len(self.all)}.log"
        self.all.append(Worker(name, stages, environment, log=log, folder=folder))
        return self.all[-1]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for worker in self.all:
            worker.destroy()


def environment_of(brokers: str, prefix: str) -> dict[str, str]:
    """Of any process of ours on this cluster."""
    return {
        **os.environ,
        "PYTHONPATH": f"{ROOT / 'workers'}",
        "AUTHSTREAM_BROKERS": brokers,
        "AUTHSTREAM_PREFIX": prefix,
    }


def _threads(process: psutil.Process) -> int:
    try:
        return process.num_threads()
    except psutil.NoSuchProcess:
        return 0


def _waits(process: psutil.Process) -> bool:
    """One thread, and no guest in which it tests its confinement."""
    try:
        return process.num_threads() == 1 and not process.children()
    except psutil.NoSuchProcess:
        return False


def _cpu_seconds(process: psutil.Process) -> float:
    try:
        return sum(process.cpu_times()[:2])
    except psutil.NoSuchProcess:
        return 0.0


def _descendants(process: psutil.Process) -> list[psutil.Process]:
    try:
        return process.children(recursive=True)
    except psutil.NoSuchProcess:
        return []


def _end(process: psutil.Process) -> None:
    try:
        process.kill()
    except psutil.NoSuchProcess:
        return


def _zombie(process: psutil.Process) -> bool:
    try:
        return process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True
