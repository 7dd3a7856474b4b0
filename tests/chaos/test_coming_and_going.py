"""Workers stop, join and leave while logins come in: nothing is lost and nothing done twice."""

from __future__ import annotations

import pytest

from tests.chaos.logins import Logins
from tests.chaos.pipeline import start_groups, warm_up
from tests.chaos.workers import Workers

pytestmark = [pytest.mark.kafka, pytest.mark.chaos, pytest.mark.timeout(300)]


def test_sigterm_loses_nothing(workers: Workers, logins: Logins) -> None:
    """Each worker in turn is stopped and started again: all it had begun is finished, once."""
    started = start_groups(workers, logins)
    logins.drive()
    for name, worker in started.items():
        logins.await_all()
        assert worker.terminate() == 0
        started[name] = workers.start(name, *worker.stages)
        logins.await_all()
    logins.settle()
    logins.report()
    logins.assert_sound(repeated=False)


def test_workers_join_and_leave_while_working(
    workers: Workers, logins: Logins, rounds: int
) -> None:
    """Without stable names: partitions move with what is known of them, and no login is lost."""
    alone = workers.start("steady", static=False)
    warm_up(logins, alone)
    logins.drive()
    for _ in range(rounds):
        guest = workers.start("passing", static=False)
        guest.await_assigned()
        logins.await_all()
        assert guest.terminate() == 0
        logins.await_all()
    logins.settle()
    logins.report()
    logins.assert_sound()
