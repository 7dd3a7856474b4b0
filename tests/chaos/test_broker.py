"""The broker restarts and crashes under load: workers wait for it and lose nothing."""

from __future__ import annotations

import pytest

from tests.chaos.logins import SLOW_RATE, Logins
from tests.chaos.pipeline import warm_up
from tests.chaos.workers import Workers
from tests.kafka_server import KafkaServer

pytestmark = [pytest.mark.kafka, pytest.mark.chaos, pytest.mark.timeout(300)]


def test_the_broker_restarts(kafka: KafkaServer, workers: Workers, logins: Logins) -> None:
    """Stopped cleanly, then killed: every login that was published is decided once."""
    warm_up(logins, workers.start("all"))
    logins.drive(rate=SLOW_RATE)
    logins.await_all()
    kafka.stop()
    kafka.start()
    logins.await_all()
    kafka.kill()
    kafka.start()
    logins.await_all()
    logins.settle()
    logins.report()
    logins.assert_sound(late=True)
