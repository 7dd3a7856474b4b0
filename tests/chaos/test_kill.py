"""Kill -9 of every stage in turn, under load: no login is lost, decided twice or waits long."""

from __future__ import annotations

import pytest

from tests.chaos.logins import SLOW_RATE, Logins
from tests.chaos.pipeline import start_groups, warm_up
from tests.chaos.workers import Worker, Workers
from tests.kafka_log import until

pytestmark = [pytest.mark.kafka, pytest.mark.chaos, pytest.mark.timeout(900)]

LONGEST_WAIT = 2.0  # seconds
#: What a lost host may cost: the session timeout of 6 s and the way back.
LOST_HOST_WAIT = 10.0  # seconds


def kill_and_await(worker: Worker, logins: Logins) -> None:
    """Kill -9, then wait until the next one works, has a loaded spare, and all is caught up."""
    before = worker.child()
    before.kill()
    until(lambda: worker.child().pid != before.pid, f"{worker.name} is back")
    worker.await_spare()
    logins.await_all()


def test_kill_9_of_every_stage_in_turn(workers: Workers, logins: Logins, rounds: int) -> None:
    """Under full load: 0 without a verdict, 0 with two, none waits over 2 s."""
    started = start_groups(workers, logins)
    logins.drive()
    for _ in range(rounds):
        for worker in started.values():
            kill_and_await(worker, logins)
    logins.settle()
    logins.report()
    logins.assert_sound(longest=LONGEST_WAIT)


def test_another_worker_takes_over_from_a_lost_host(workers: Workers, logins: Logins) -> None:
    """Supervisor and worker are gone for good: the session timeout, and the other has it all."""
    lost = workers.start("host-0")
    left = workers.start("host-1")
    warm_up(logins, lost, left)
    logins.drive(rate=SLOW_RATE)
    logins.await_all()
    lost.lose()
    logins.await_all()
    logins.settle()
    logins.report()
    logins.assert_sound(longest=LOST_HOST_WAIT)
