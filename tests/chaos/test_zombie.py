"""A worker taken for dead comes back: still one verdict, one answer, one of each effect."""

from __future__ import annotations

import signal

import pytest

from tests.chaos.logins import Logins
from tests.chaos.pipeline import GROUPS, start_groups, warm_up
from tests.chaos.workers import Workers
from tests.kafka_log import until

pytestmark = [pytest.mark.kafka, pytest.mark.chaos, pytest.mark.timeout(300)]


@pytest.mark.parametrize("name", ["assemble", "fanout"])
def test_a_zombie_changes_nothing(workers: Workers, logins: Logins, name: str) -> None:
    """SIGSTOP past its session while another takes over, then SIGCONT in the middle of its work."""
    others = start_groups(workers, logins, leave_out=name)
    zombie = workers.start(f"{name}-0", *GROUPS[name])
    heir = workers.start(f"{name}-1", *GROUPS[name])
    warm_up(logins, *others.values(), zombie, heir)
    logins.drive()
    logins.await_all()
    child = zombie.stop_child()
    # Answered although half of the partitions were the zombie's: its session is over.
    logins.await_all()
    said = zombie.log.stat().st_size
    child.send_signal(signal.SIGCONT)
    until(lambda: zombie.log.stat().st_size > said, "the zombie notices that it was dead")
    logins.settle()
    logins.report()
    # A fanout zombie may say again what it was about to say: the same, under the same id.
    logins.assert_sound(repeated=name == "fanout")
