"""Kill -9 of every stage in turn, under load: no login is lost, decided twice, or waits for long."""

from __future__ import annotations

import pytest

from tests.chaos.logins import Logins
from tests.chaos.workers import Worker, Workers
from tests.kafka_log import until

pytestmark = [pytest.mark.kafka, pytest.mark.chaos, pytest.mark.timeout(600)]

LONGEST_WAIT = 2.0  # seconds
GROUPS = {
    "entry": ("entry",),
    "action": ("action.*",),
    "assemble": ("assemble",),
    "fanout": ("fanout", "effect.*"),
}


def start_all(workers: Workers, logins: Logins) -> dict[str, Worker]:
    """A worker for each group; each has handled something and has a spare."""
    started = {name: workers.start(name, *stages) for name, stages in GROUPS.items()}
    for _ in range(40):
        logins.publish()
    logins.await_all()
    for worker in started.values():
        until(worker.spare, f"a spare of {worker.name}")
    logins.fates.clear()
    return started


def test_kill_9_of_every_stage_in_turn(workers: Workers, logins: Logins, rounds: int) -> None:
    """200 logins a second all the while: 0 without a verdict, 0 with two, none waits over 2 s."""
    started = start_all(workers, logins)
    logins.drive()
    for _ in range(rounds):
        for worker in started.values():
            before = worker.child()
            worker.kill_child()
            until(lambda w=worker, b=before: w.child().pid != b.pid, f"{worker.name} is back")
            until(worker.spare, f"a spare of {worker.name}")
            logins.await_all()
    logins.settle()
    print(logins.summary())
    logins.assert_sound(longest=LONGEST_WAIT)
