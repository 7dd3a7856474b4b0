"""What stock Faust loses, ours does not: L1 to L4 and L6, with real processes and Kafka."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from authstream.contracts import headers as h
from authstream.engine.ports import Output
from authstream.errors import ProduceError
from tests import kafka_log
from tests.contract.probe_stage import ProbeTopics, provenance
from tests.kafka_server import KafkaServer

pytestmark = pytest.mark.kafka

_ROOT = Path(__file__).resolve().parents[2]
_ENDS_WITHIN = timedelta(seconds=30)
Start = Callable[..., subprocess.Popen[bytes]]


class Case:
    """The topics of one test and what is in them."""

    def __init__(self, brokers: str, prefix: str) -> None:
        self.brokers = brokers
        self.topics = ProbeTopics(prefix)

    def create(self, **output_config: str) -> None:
        """Make the topics; four partitions each."""
        others = [name for name in self.topics.all if name != self.topics.output]
        kafka_log.create(self.brokers, others)
        kafka_log.create(self.brokers, [self.topics.output], config=output_config)

    def publish(self, *values: bytes, partition: int = 0) -> None:
        """Under a key each, so that none waits for another."""
        topic = self.topics.input
        kafka_log.publish(
            self.brokers, [Output(topic, value, value, (), partition) for value in values]
        )

    def outputs(self, count: int) -> list[bytes]:
        """The values written, once there are so many."""
        found = kafka_log.read(self.brokers, self.topics.output, count)
        return sorted(message.value or b"" for message in found)

    def committed(self, partition: int = 0) -> int:
        """Where the stage would go on."""
        group = f"{self.topics.prefix}.probe"
        return kafka_log.committed(self.brokers, group, self.topics.input, partition)

    def await_commit_round(self) -> None:
        """See a whole round of commits: another partition's message is done and committed."""
        done = max(self.committed(1), 0) + 1
        self.publish(b"beside", partition=1)
        kafka_log.until(lambda: self.committed(1) >= done, "a commit of the other partition")


@pytest.fixture
def case(kafka: KafkaServer, topic_prefix: str) -> Case:
    """Fresh names on the run's broker."""
    return Case(kafka.bootstrap, topic_prefix)


@pytest.fixture
def start(case: Case) -> Iterator[Start]:
    """Starts worker processes; none is left behind."""
    started: list[subprocess.Popen[bytes]] = []

    def run(**said: str) -> subprocess.Popen[bytes]:
        environment = {
            **os.environ,
            "AUTHSTREAM_BROKERS": case.brokers,
            "AUTHSTREAM_PREFIX": case.topics.prefix,
            "AUTHSTREAM_INSTANCE": "probe-0",
            "PROBE_SLOW": "0",
            "PROBE_BIG": "1",
            "PYTHONPATH": f"{_ROOT / 'workers'}{os.pathsep}{_ROOT}",
            **said,
        }
        command = (sys.executable, "-m", "tests.contract.runner_app")
        started.append(subprocess.Popen(command, cwd=_ROOT, env=environment))
        return started[-1]

    yield run
    for process in started:
        process.kill()
        process.wait()


def test_l1_a_slow_head_is_not_committed_over(case: Case, start: Start) -> None:
    """Messages done behind one in work: after kill -9 that one is done by the next process."""
    case.create()
    case.publish(b"slow", b"one", b"two")
    worker = start(PROBE_SLOW="60")
    assert case.outputs(2) == [b"one", b"two"]
    case.await_commit_round()
    worker.kill()
    assert worker.wait() == -signal.SIGKILL
    assert case.committed() <= 0
    start()
    case.publish(b"three")
    kafka_log.until(lambda: case.committed() == 4, "all four are committed")
    assert {b"slow", b"one", b"two", b"three"} <= set(case.outputs(6))


def test_l2_an_undecodable_message_is_not_committed_over_one_in_work(
    case: Case, start: Start
) -> None:
    """A poison message is set aside at once, and the one before it is not forgotten."""
    case.create()
    case.publish(b"slow", b"poison")
    worker = start(PROBE_SLOW="60")
    (letter,) = kafka_log.read(case.brokers, case.topics.dead, 1)
    assert provenance(letter)[h.DEAD_OFFSET] == "1"
    case.await_commit_round()
    worker.kill()
    worker.wait()
    assert case.committed() <= 0
    start()
    kafka_log.until(lambda: case.committed() == 2, "both are committed")
    assert b"slow" in case.outputs(3)


def test_l3_an_exception_is_answered_and_set_aside(case: Case, start: Start) -> None:
    """A handler that raises loses nothing: the message is kept, its caller is answered."""
    case.create()
    case.publish(b"boom", b"one")
    start()
    (letter,) = kafka_log.read(case.brokers, case.topics.dead, 1)
    assert (letter.value, provenance(letter)[h.DEAD_REASON]) == (b"boom", "handler_error")
    kafka_log.until(lambda: case.committed() == 2, "both are committed")
    assert case.outputs(2) == [b"one", b"refused handler_error"]


def test_l4_sigterm_lets_a_handler_finish(case: Case, start: Start) -> None:
    """What can be finished within the drain is finished and committed; nothing is done twice."""
    case.create()
    case.publish(b"slow", b"one")
    worker = start(PROBE_SLOW="2")
    assert case.outputs(1) == [b"one"]
    worker.terminate()
    assert worker.wait(_ENDS_WITHIN.total_seconds()) == 0
    assert case.outputs(2) == [b"one", b"slow"]
    assert case.committed() == 2


def test_l4_sigterm_does_not_commit_what_is_cut_off(case: Case, start: Start) -> None:
    """A handler longer than the drain is cut; its message is done by the next process."""
    case.create()
    case.publish(b"slow", b"one")
    worker = start(PROBE_SLOW="60")
    assert case.outputs(1) == [b"one"]
    worker.terminate()
    assert worker.wait(_ENDS_WITHIN.total_seconds()) == 0
    assert case.committed() <= 0
    start()
    kafka_log.until(lambda: case.committed() == 2, "both are committed")
    assert b"slow" in case.outputs(3)


def test_l6_an_output_that_is_refused_for_good_ends_the_process(case: Case, start: Start) -> None:
    """The broker does not take it: the process ends, its input uncommitted, to be done again."""
    case.create(**{"max.message.bytes": "2000"})
    case.publish(b"big", b"one")
    worker = start(PROBE_BIG="5000")
    assert worker.wait(_ENDS_WITHIN.total_seconds()) == ProduceError.exit_status
    assert case.committed() <= 0
    start()
    kafka_log.until(lambda: case.committed() == 2, "both are committed")
    assert {b"x", b"one"} <= set(case.outputs(2))
