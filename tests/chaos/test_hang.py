"""Things that hang hurt only themselves: an action, a worker's event loop."""

from __future__ import annotations

import signal

import pytest

from authstream.contracts.avro import decode
from authstream.contracts.verdict import Verdict
from tests.chaos.logins import SLOW_RATE, Logins
from tests.chaos.pipeline import warm_up
from tests.chaos.workers import Workers
from tests.kafka_log import until

pytestmark = [pytest.mark.kafka, pytest.mark.chaos, pytest.mark.timeout(300)]

#: A hung worker is killed after 5 s; then the way back.
_HUNG_WAIT = 9.0  # seconds


def test_an_action_that_hangs_fails_its_own_login(workers: Workers, logins: Logins) -> None:
    """After the step's 2 s its caller is told; all others are answered as ever."""
    warm_up(logins, workers.start("all"))
    logins.drive()
    slow = [logins.publish(f"slow-{n}") for n in range(20)]
    until(lambda: all(logins.fates[flow].replies for flow in slow), "the slow ones are answered")
    failed = [logins.fates.pop(flow) for flow in slow]
    logins.settle()
    verdicts = [decode(Verdict, fate.replies[0]) for fate in failed]
    assert {(verdict.outcome, verdict.code) for verdict in verdicts} == {
        ("failed", "action_timeout")
    }
    assert [fate.effective for fate in failed] == [1] * len(slow)
    logins.assert_sound()


def test_a_worker_that_hangs_is_replaced(workers: Workers, logins: Logins) -> None:
    """Its loop does not turn: the supervisor kills it after 5 s and logins go on."""
    worker = workers.start("all")
    warm_up(logins, worker)
    logins.drive(rate=SLOW_RATE)
    logins.await_all()
    hung = worker.child()
    hung.send_signal(signal.SIGSTOP)
    until(lambda: not hung.is_running(), "the hung worker is killed")
    logins.await_all()
    logins.settle()
    logins.report()
    assert "worker_hung" in worker.log.read_text()
    logins.assert_sound(longest=_HUNG_WAIT)
