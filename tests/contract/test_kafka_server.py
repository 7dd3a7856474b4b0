"""The broker that tests run on: real, restartable, gone with its parent."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest
from confluent_kafka import Consumer, Producer
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

from tests.kafka_server import KafkaServer

pytestmark = pytest.mark.kafka

_PATIENCE = 20.0  # seconds
_ROOT = Path(__file__).resolve().parents[2]
_ORPHAN = """
from tests.kafka_server import KafkaServer
server = KafkaServer()
server.start()
print(server.pid, server.folder, flush=True)
input()
"""


def create(server: KafkaServer, topic: str) -> None:
    """Create a topic of one partition and wait for the broker's word."""
    admin = AdminClient({"bootstrap.servers": server.bootstrap})
    admin.create_topics([NewTopic(topic, num_partitions=1)])[topic].result(_PATIENCE)


def produce(server: KafkaServer, topic: str, *values: bytes) -> None:
    """Send values and wait until all are acknowledged by the log."""
    producer = Producer({"bootstrap.servers": server.bootstrap, "acks": "all"})
    for value in values:
        producer.produce(topic, value)
    assert producer.flush(_PATIENCE) == 0


def consume(server: KafkaServer, topic: str, count: int) -> list[bytes | None]:
    """Read `count` values from the topic's beginning."""
    group = {"group.id": f"{topic}-reader", "auto.offset.reset": "earliest"}
    consumer = Consumer({"bootstrap.servers": server.bootstrap, **group})
    consumer.subscribe([topic])
    messages = consumer.consume(count, timeout=_PATIENCE)
    consumer.close()
    return [message.value() for message in messages]


def test_what_is_produced_is_consumed(kafka: KafkaServer, topic_prefix: str) -> None:
    """A record that the broker acknowledged can be read, in order."""
    topic = f"{topic_prefix}.echo"
    create(kafka, topic)
    produce(kafka, topic, b"one", b"two")
    assert consume(kafka, topic, 2) == [b"one", b"two"]


def test_a_stopped_and_a_killed_broker_come_back_with_their_data() -> None:
    """A restart keeps the address and every acknowledged record, even after kill -9."""
    with KafkaServer() as server:
        address = server.bootstrap
        create(server, "kept")
        produce(server, "kept", b"before stop")
        server.stop()
        server.start()
        produce(server, "kept", b"before kill")
        server.kill()
        server.start()
        assert consume(server, "kept", 2) == [b"before stop", b"before kill"]
        assert server.bootstrap == address


def test_a_broker_that_cannot_start_shows_its_log() -> None:
    """A failed start raises with what the broker said, and leaves nothing running."""
    server = KafkaServer()
    with server:
        server.stop()
        server.log.unlink()
        (server.folder / "server.properties").write_text("process.roles=nonsense\n")
        with pytest.raises(RuntimeError, match=r"Its log ends:\n(?s:.)*nonsense"):
            server.start()
        with pytest.raises(RuntimeError, match="not running"):
            _ = server.pid


def test_no_broker_outlives_the_process_that_started_it() -> None:
    """When the parent is killed, so that it can clean up nothing, the broker ends too."""
    with subprocess.Popen(
        (sys.executable, "-c", _ORPHAN),
        cwd=_ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as parent:
        assert parent.stdout is not None
        broker, folder = parent.stdout.readline().split()
        assert psutil.pid_exists(int(broker))
        parent.send_signal(signal.SIGKILL)
        assert gone(int(broker))
    shutil.rmtree(folder)


def gone(pid: int) -> bool:
    """Wait for a process that is not ours to end."""
    deadline = time.monotonic() + _PATIENCE
    while psutil.pid_exists(pid) and time.monotonic() < deadline:
        time.sleep(0.05)
    return not psutil.pid_exists(pid)
