"""The supervisor with real children: restarts, backs off, kills what hangs, has a spare."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import psutil
import pytest

from authstream.errors import ConfigurationError, FencedError
from tests.kafka_log import until

_ROOT = Path(__file__).resolve().parents[2]
_ENDS_WITHIN = timedelta(seconds=20)
_PARENT = """
import sys
from datetime import timedelta
from authstream.apps.supervisor import Supervisor
options = {"spare": True} if sys.argv[2] == "spare" else {}
command = [sys.executable, "-c", sys.argv[1]]
sys.exit(Supervisor(command, hung_after=timedelta(seconds=1), **options).run())
"""
#: A line of time and process id for each start.
_SAID = """
import os, signal, sys, time
with open("starts", "a") as file:
    file.write(f"{time.monotonic()} {os.getpid()}\\n")
"""
_BEATS = """
from authstream.apps.supervision import Report
report = Report()
def beat(seconds):
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        report.beat()
        time.sleep(0.05)
"""
Run = Callable[..., subprocess.Popen[bytes]]


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Run]:
    """Starts a supervisor of a script; nothing of it is left."""
    started: list[subprocess.Popen[bytes]] = []

    def supervise(script: str, spare: str = "") -> subprocess.Popen[bytes]:
        environment = {**os.environ, "PYTHONPATH": f"{_ROOT / 'workers'}"}
        command = (sys.executable, "-c", _PARENT, script, spare)
        started.append(
            subprocess.Popen(command, cwd=tmp_path, env=environment, stdout=subprocess.DEVNULL)
        )
        return started[-1]

    yield supervise
    for process in started:
        process.kill()
        process.wait()


def starts(folder: Path) -> list[tuple[float, int]]:
    """When which child started, whole lines only."""
    file = folder / "starts"
    lines = file.read_text().splitlines() if file.exists() else []
    return [(float(at), int(pid)) for at, pid in (line.split() for line in lines)]


def test_a_crashed_child_is_restarted_at_once_then_with_backoff(run: Run, tmp_path: Path) -> None:
    """Three times without a wait, then each wait is longer than the one before."""
    run(f"{_SAID}\nos._exit(3)")
    until(lambda: len(starts(tmp_path)) >= 7, "seven starts")
    times = [at for at, _ in starts(tmp_path)[:7]]
    gaps = [later - before for before, later in pairwise(times)]
    assert gaps[3] > 0.2
    assert gaps[4] > 0.4
    assert gaps[5] > 0.8


@pytest.mark.parametrize("status", [0, FencedError.exit_status, ConfigurationError.exit_status])
def test_a_child_that_ended_for_good_is_not_restarted(
    run: Run, tmp_path: Path, status: int
) -> None:
    """Done, fenced or misconfigured: the supervisor ends with the same status."""
    supervisor = run(f"{_SAID}\nos._exit({status})")
    assert supervisor.wait(_ENDS_WITHIN.total_seconds()) == status
    assert len(starts(tmp_path)) == 1


def test_a_child_that_hangs_is_killed_and_replaced(run: Run, tmp_path: Path) -> None:
    """It beat, and then it did not for a second; SIGTERM would not reach it."""
    hangs = "signal.signal(signal.SIGTERM, signal.SIG_IGN)\nbeat(0.3)\ntime.sleep(600)"
    run(f"{_SAID}{_BEATS}\n{hangs}")
    until(lambda: len(starts(tmp_path)) >= 2, "a second start")
    (first, pid), (second, _) = starts(tmp_path)[:2]
    assert second - first > 1
    assert not psutil.pid_exists(pid)


def test_a_child_that_beats_is_left_alone(run: Run, tmp_path: Path) -> None:
    """For longer than a silent one would have been."""
    run(f"{_SAID}{_BEATS}\nbeat(600)")
    until(lambda: len(starts(tmp_path)) == 1, "a start")
    began = time.monotonic()
    until(lambda: time.monotonic() - began > 2.5, "two and a half seconds")
    assert len(starts(tmp_path)) == 1


def test_sigterm_is_forwarded_and_ends_both(run: Run, tmp_path: Path) -> None:
    """The child may finish what it does; the supervisor waits for it and starts no other."""
    finishes = "signal.signal(signal.SIGTERM, lambda *_: (open('finished', 'w'), os._exit(0)))"
    supervisor = run(f"import os, signal, time\n{finishes}{_SAID}{_BEATS}\nbeat(600)")
    until(lambda: len(starts(tmp_path)) == 1, "the child is ready")
    supervisor.terminate()
    assert supervisor.wait(_ENDS_WITHIN.total_seconds()) == 0
    assert (tmp_path / "finished").exists()
    assert len(starts(tmp_path)) == 1


@pytest.mark.parametrize("how", ["beats", "hangs"])
def test_the_child_dies_with_its_supervisor(run: Run, tmp_path: Path, how: str) -> None:
    """Kill -9 of the supervisor: no worker lives on unwatched, not even one that hangs."""
    lives = "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
    lives += "beat(600)" if how == "beats" else "time.sleep(600)"
    supervisor = run(f"{_SAID}{_BEATS}\n{lives}")
    until(lambda: len(starts(tmp_path)) == 1, "a start")
    ((_, pid),) = starts(tmp_path)
    supervisor.kill()
    until(lambda: not psutil.pid_exists(pid), "the child is gone")


def test_a_spare_waits_and_takes_over(run: Run, tmp_path: Path) -> None:
    """It is loaded while the first works, begins when that one dies, and ends when not needed."""
    waits = "from authstream.apps.supervision import History\nHistory.awaited()\n"
    supervisor = run(f"{waits}{_SAID}{_BEATS}\nbeat(600)", "spare")
    family = psutil.Process(supervisor.pid)
    until(lambda: len(family.children()) == 2, "a spare")
    ((_, first),) = starts(tmp_path)
    (spare,) = {child.pid for child in family.children()} - {first}
    os.kill(first, signal.SIGKILL)
    until(lambda: [pid for _, pid in starts(tmp_path)] == [first, spare], "the spare works")
    until(lambda: len(family.children()) == 2, "the next spare")
    children = family.children()
    supervisor.terminate()
    supervisor.wait(_ENDS_WITHIN.total_seconds())
    assert not any(psutil.pid_exists(child.pid) for child in children)
