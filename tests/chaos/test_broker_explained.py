"""The broker goes while an action runs: metric, log, span and explanation name the cause."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from tests.fault_ground import faults
from tests.kafka_server import KafkaServer

pytestmark = [pytest.mark.kafka, pytest.mark.chaos, pytest.mark.timeout(120)]


def test_a_login_that_waited_for_the_broker(
    kafka: KafkaServer, topic_prefix: str, tmp_path: Path
) -> None:
    """What the action gave could not be written until the broker was back."""
    with faults(kafka.bootstrap, topic_prefix, tmp_path) as ground:
        flow = ground.login("broker")
        ground.await_running("action.act")
        kafka.kill()
        kafka.start()
        there = time.time_ns()
        seen = ground.decided(flow)
        assert "after act had run, until the broker had what it gave" in seen.text
        assert "the broker was away" in seen.text
        sends = seen.spans(f"send {ground.assembled.topics.assemble}")
        # Its partition may have gone to and fro meanwhile: then the action ran, and sent, again.
        assert any((span.start_time or 0) < there < (span.end_time or 0) for span in sends)
        assert seen.grew("authstream.broker.errors", "_ALL_BROKERS_DOWN") > 0
        assert any("refused" in line or "Disconnected" in line for line in ground.lines)
