"""Poison at every position of the pipeline, and a message that kills: set aside, others pass."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from authstream.contracts import headers as h
from authstream.contracts.avro import decode
from authstream.contracts.topics import Topics
from authstream.contracts.verdict import Verdict
from authstream.engine.identity import flow_id
from authstream.engine.ports import Output
from tests import kafka_log
from tests.chaos.logins import TENANT, TRIGGER, Logins
from tests.chaos.pipeline import warm_up
from tests.chaos.workers import Workers
from tests.contract.probe_stage import ProbeTopics, provenance
from tests.kafka_server import KafkaServer

pytestmark = [pytest.mark.kafka, pytest.mark.chaos, pytest.mark.timeout(300)]

_ROOT = Path(__file__).resolve().parents[2]
_GARBAGE = b"\xc3\x01 this is no record"


def positions(topics: Topics) -> dict[str, bool]:
    """Every topic that a stage reads, and whether a login's caller waits for what is in it."""
    return {
        topics.requested(TRIGGER): True,
        topics.action("default", "enrich"): True,
        topics.action("default", "claims"): True,
        topics.denied: True,
        topics.assemble: True,
        topics.decided(TRIGGER): False,
        topics.effects("log"): False,
    }


def poison(topic: str, number: int) -> Output:
    """Bytes that nobody can read, with the headers of a login."""
    headers = {
        h.CE_ID: f"poison-{number}",
        h.CE_SOURCE: "poison",
        h.FLOW_ID: f"flow-{number}",
        h.LEG: "0",
        h.TENANT: TENANT,
        h.TRIGGER: TRIGGER,
        h.REPLY_PARTITION: "0",
        h.CORRELATION_ID: f"poison-{number}",
    }
    return Output(topic, b"user-1", _GARBAGE, h.make(headers))


def test_poison_at_every_position(
    kafka: KafkaServer, topics: Topics, workers: Workers, logins: Logins
) -> None:
    """A dead letter that says where it is from, an answer for who waits, no harm to neighbours."""
    warm_up(logins, workers.start("all"))
    logins.drive(rate=50)
    places = positions(topics)
    sent = {
        f"poison-{number}": (topic, *kafka_log.publish(kafka.bootstrap, [poison(topic, number)])[0])
        for number, topic in enumerate(places)
    }
    letters = kafka_log.read(kafka.bootstrap, topics.dead_letter, len(places))
    logins.settle()
    logins.assert_sound(repeated=False)
    assert len(letters) == len(places)
    assert {letter.value for letter in letters} == {_GARBAGE}
    found = {h.text(letter.headers, h.CE_ID): provenance(letter) for letter in letters}
    assert {
        name: (said[h.DEAD_TOPIC], int(said[h.DEAD_PARTITION]), int(said[h.DEAD_OFFSET]))
        for name, said in found.items()
    } == sent
    log = kafka_log.Log(kafka.bootstrap, topics.replies)
    answered = {f"poison-{n}".encode() for n, waits in enumerate(places.values()) if waits}
    told: dict[bytes, Verdict] = {}

    def all_told() -> bool:
        for message in log.poll():
            correlation = h.first(message.headers, h.CORRELATION_ID) or b""
            if correlation.startswith(b"poison"):
                told[correlation] = decode(Verdict, message.value)
        return set(told) == answered

    kafka_log.until(all_told, "whoever waits is told")
    log.close()
    assert {verdict.outcome for verdict in told.values()} == {"failed"}
    assert told[b"poison-0"].flow_id == flow_id(
        "default", TRIGGER, "poison", "poison-0", subject=None
    )


@pytest.fixture
def supervised(kafka: KafkaServer, topic_prefix: str) -> Iterator[ProbeTopics]:
    """A supervised probe process."""
    topics = ProbeTopics(topic_prefix)
    kafka_log.create(kafka.bootstrap, topics.all)
    environment = {
        **os.environ,
        "AUTHSTREAM_BROKERS": kafka.bootstrap,
        "AUTHSTREAM_PREFIX": topic_prefix,
        "AUTHSTREAM_INSTANCE": "probe-0",
        "PYTHONPATH": f"{_ROOT / 'workers'}{os.pathsep}{_ROOT}",
    }
    command = (sys.executable, "-m", "authstream.apps.supervisor")
    app = (sys.executable, "-m", "tests.contract.runner_app")
    with subprocess.Popen((*command, *app), cwd=_ROOT, env=environment) as process:
        yield topics
        process.terminate()


def test_a_message_that_kills_the_worker_is_set_aside(
    kafka: KafkaServer, supervised: ProbeTopics
) -> None:
    """Three starts meet it, it is found out alone, and then the others get through."""
    values = [*(b"%d" % n for n in range(10)), b"die", *(b"%d" % n for n in range(10, 20))]
    records = [Output(supervised.input, value, value, (), 0) for value in values]
    places = kafka_log.publish(kafka.bootstrap, records)
    (letter,) = kafka_log.read(kafka.bootstrap, supervised.dead, 1)
    said = provenance(letter)
    assert (said[h.DEAD_REASON], int(said[h.DEAD_OFFSET])) == ("poison", places[10][1])
    group = f"{supervised.prefix}.probe"
    kafka_log.until(
        lambda: kafka_log.committed(kafka.bootstrap, group, supervised.input, 0) == len(values),
        "everything is done",
    )
    found = kafka_log.read(kafka.bootstrap, supervised.output, len(values))
    assert {message.value for message in found} == {*values, b"refused poison"} - {b"die"}
