"""The event of an execution on a real Kafka: found by time and digest, shown with care."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

import orjson
import pytest

from authstream.apps.recorded_event import RecordedEvents
from authstream.apps.stages import triggers
from authstream.broker.kafka_topics import KafkaTopics, wanted
from authstream.contracts import headers as h
from authstream.contracts.avro import encode
from authstream.contracts.execution import Execution
from authstream.contracts.login_event import LoginEvent
from authstream.contracts.topics import Topics
from authstream.engine.ports import Output
from authstream.engine.withheld import DROPPED
from authstream.errors import NotFoundError
from authstream.settings import ExecutionSettings, Settings
from tests import kafka_log
from tests.kafka_server import KafkaServer
from tests.samples import event
from tests.unit.test_execution_index import execution

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(120)]


@dataclass(frozen=True, slots=True)
class Site:
    """The topics of one prefix."""

    settings: Settings
    topic: str

    def published(self, body: bytes, value: bytes | None = None, **headers: str) -> Execution:
        """What is recorded of an event, after it was published."""
        output = Output(self.topic, b"k", body if value is None else value, h.make(headers))
        ((partition, offset),) = kafka_log.publish(self.settings.brokers, [output])
        log = kafka_log.read(self.settings.brokers, self.topic, 1)
        (at,) = (one.timestamp for one in log if (one.partition, one.offset) == (partition, offset))
        digest = hashlib.sha256(body).hexdigest()
        return execution("a", requested_at=at, event_sha256=digest)

    def shown(self, said: Execution, *, whole: bool = True, **executions: Any) -> dict[str, Any]:
        """The event, under these settings of executions."""
        rules = {"executions": ExecutionSettings(**executions)}
        return RecordedEvents(self.settings.model_copy(update=rules), triggers())(said, whole=whole)


@pytest.fixture
def site(kafka: KafkaServer, topic_prefix: str) -> Site:
    """The topic, empty."""
    settings = Settings(brokers=kafka.bootstrap, prefix=topic_prefix)
    topics = Topics(topic_prefix)
    needed = wanted(topics, settings, triggers=["post-login"], actions=[], kinds=[])
    KafkaTopics(settings).apply(needed)
    kafka_log.await_readable(settings, needed)
    return Site(settings, topics.requested("post-login"))


def test_an_event_is_read_back_without_its_secrets(site: Site) -> None:
    """As JSON or as Avro; passwords are gone for everybody, personal data for most."""
    body = {"password": "correct horse", "client": "x"}
    said = event(request={"ip": "192.0.2.1", "body": body})
    data = orjson.dumps(said)
    recorded = site.published(data)
    whole = site.shown(recorded)
    assert whole["user"]["email"] == "ada@example.com"
    assert whole["request"]["body"] == {"password": DROPPED, "client": "x"}
    shown = site.shown(recorded, whole=False)
    assert shown["user"] == {"user_id": "user-1", "email": DROPPED}
    assert (shown["request"], shown["client"]) == ({"ip": DROPPED, "body": {}}, said["client"])
    ruled = site.shown(recorded, redact={"event.user.email": "drop"})
    assert ruled["user"]["email"] == DROPPED


def test_an_event_in_avro_is_read_back(site: Site) -> None:
    """By the digest of what it wraps."""
    data = orjson.dumps(event())
    login = LoginEvent(id="1", source="idp", data=data)
    recorded = site.published(data, encode(login), **{h.CONTENT_TYPE: h.AVRO_TYPE.decode()})
    assert site.shown(recorded) == event()


def test_an_event_that_is_gone_is_said_to_be(site: Site) -> None:
    """Another one of the same moment is not taken for it."""
    recorded = site.published(orjson.dumps(event()))
    other = recorded.model_copy(update={"event_sha256": "00" * 32})
    with pytest.raises(NotFoundError, match=r"not in .* any more"):
        site.shown(other)
