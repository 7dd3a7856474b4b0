"""Who ended the worker: judged from where runs began and what was worked on alone."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from authstream.apps import worker
from authstream.apps.supervision import REPORT_FD, TURN_FD, History, Report, Verdicts
from authstream.settings import Settings

PLACE = ("auth.assemble.v1", 2, 1041)


def run(verdicts: Verdicts, *lines: dict[str, list[str | int]]) -> History:
    """A run that said this and crashed."""
    for line in lines:
        verdicts.heard(line)
    return verdicts.crashed()


def test_a_message_met_first_by_three_runs_is_suspected() -> None:
    """Two may be chance; after the third, work goes on one at a time from there."""
    verdicts = Verdicts(3)
    assert run(verdicts, {"met": [*PLACE]}).suspects == ()
    assert run(verdicts, {"met": [*PLACE]}).suspects == ()
    assert run(verdicts, {"met": [*PLACE]}).suspects == (PLACE,)


def test_crashes_are_counted() -> None:
    """For a metric that goes on from one process to the next, also after a long run."""
    verdicts = Verdicts(3)
    assert [run(verdicts).restarts, run(verdicts).restarts] == [1, 2]
    verdicts.survived()
    assert run(verdicts).restarts == 3


def test_progress_between_crashes_suspects_nobody() -> None:
    """Runs that begin elsewhere each time did their work and were ended by something else."""
    verdicts = Verdicts(3)
    for offset in (1, 1, 2, 2, 3, 3):
        assert run(verdicts, {"met": ["t", 0, offset]}).suspects == ()


def test_only_the_first_message_of_a_run_is_where_it_began() -> None:
    """A partition that comes back within a run does not count again."""
    verdicts = Verdicts(2)
    run(verdicts, {"met": ["t", 0, 5]}, {"met": ["t", 0, 9]})
    assert run(verdicts, {"met": ["t", 0, 9]}).suspects == ()


def test_what_ended_two_runs_alone_is_set_aside() -> None:
    """Once alone may be somebody's kill; the second time it is the message."""
    verdicts = Verdicts(1)
    run(verdicts, {"met": ["t", 0, 5]})
    assert run(verdicts, {"met": ["t", 0, 5]}, {"alone": ["t", 0, 7]}).offenders == ()
    assert run(verdicts, {"met": ["t", 0, 5]}, {"alone": ["t", 0, 7]}).offenders == (("t", 0, 7),)


def test_a_long_run_clears_suspicion_but_not_the_verdict() -> None:
    """What was set aside stays so: it may be read again."""
    verdicts = Verdicts(1)
    run(verdicts, {"met": ["t", 0, 5]})
    for _ in range(2):
        run(verdicts, {"alone": ["t", 0, 7]})
    verdicts.survived()
    history = run(verdicts)
    assert (history.suspects, history.offenders) == ((), (("t", 0, 7),))


def test_a_history_survives_its_line() -> None:
    """What the parent writes is what the worker reads."""
    history = History((PLACE,), (("t", 0, 7),))
    assert History.from_line(history.to_line()) == history


def test_a_worker_waits_for_its_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    """It reads its history from the parent's pipe; the variable is not passed on."""
    reading, writing = os.pipe()
    monkeypatch.setenv(TURN_FD, str(reading))
    os.write(writing, History((PLACE,)).to_line())
    assert History.awaited() == History((PLACE,))
    assert TURN_FD not in os.environ
    os.close(writing)


def test_a_spare_that_is_never_needed_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    """The parent closes the pipe."""
    reading, writing = os.pipe()
    monkeypatch.setenv(TURN_FD, str(reading))
    os.close(writing)
    with pytest.raises(SystemExit) as ended:
        History.awaited()
    assert ended.value.code == 0


def test_without_a_parent_there_is_no_history_and_no_report(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A worker started by hand begins at once and says nothing."""
    monkeypatch.delenv(TURN_FD, raising=False)
    monkeypatch.delenv(REPORT_FD, raising=False)
    assert History.awaited() == History()
    Report().beat()


def test_a_report_never_blocks_and_never_raises(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither on a parent that does not read, nor on one that is gone."""
    reading, writing = os.pipe()
    monkeypatch.setenv(REPORT_FD, str(writing))
    report = Report()
    for _ in range(20_000):
        report.beat()
    os.close(reading)
    report.met(*PLACE)
    os.close(writing)


def test_a_spare_tests_its_confinement_before_its_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    """Logins wait for a spare that takes over, so nothing that can be done before is left."""
    done: list[str] = []

    def note(what: str) -> Callable[..., None]:
        return lambda *_: done.append(what)

    def turn() -> None:
        done.append("turn")
        raise SystemExit(0)  # it is never needed

    for name in ("triggers", "deliveries", "preload", "chosen"):
        monkeypatch.setattr(worker, name, note(name))
    monkeypatch.setattr(History, "awaited", turn)
    with pytest.raises(SystemExit):
        worker.main(Path(), Settings())
    assert done == ["triggers", "deliveries", "preload", "chosen", "turn"]
