"""The Faust runner on the embedded broker, by the suite of all runners."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from authstream.broker.embedded import EmbeddedBroker
from authstream.settings import Settings
from tests.contract.kafka_ground import KafkaGround
from tests.contract.resume_suite import ResumeSuite
from tests.contract.runner_suite import Ground, RunnerSuite


class TestEmbeddedRunner:
    """A selection: a group takes 3 s to form here, and what differs is memory, offsets and keys."""

    test_rebuilds = RunnerSuite.test_the_memory_is_rebuilt_before_the_first_message
    test_goes_on = RunnerSuite.test_the_memory_of_the_input_ends_at_the_position
    test_offsets = RunnerSuite.test_what_follows_an_output_learns_its_offset
    test_keys = RunnerSuite.test_keys_are_partitioned_as_java_clients_do
    test_repeats = RunnerSuite.test_a_login_that_is_asked_for_again_is_answered_again
    test_resumes = ResumeSuite.test_a_double_click_is_answered_twice_and_runs_once

    @pytest.fixture
    def ground(self, topic_prefix: str) -> Iterator[Ground]:
        """A fresh broker."""
        with EmbeddedBroker() as broker:
            ground = KafkaGround(
                Settings(brokers=broker.bootstrap, prefix=topic_prefix, embedded=True)
            )
            yield ground
            ground.close()
