"""A real schema registry: Confluent's serializers write our logins and read our verdicts."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, cast

import orjson
import pytest
from confluent_kafka.schema_registry import SchemaRegistryClient
from confluent_kafka.schema_registry.avro import AvroDeserializer, AvroSerializer
from confluent_kafka.serialization import MessageField, SerializationContext

from authstream.broker.schema_registry import framing_of
from authstream.contracts.topics import Topics
from authstream.engine.ports import Output
from authstream.errors import ConfigurationError, RegistryError
from authstream.publisher import LoginEvent, Publisher, VerdictReader
from authstream.settings import SchemaRegistrySettings, Settings
from tests.acceptance.command_line import background, environment, run, wait_for
from tests.acceptance.test_cli_kafka import write_folder
from tests.kafka_log import Log, publish
from tests.kafka_server import KafkaServer
from tests.providers import apicurio_server
from tests.samples import event

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(180)]

PREFIX = "t-registry"
TOPICS = Topics(PREFIX)
WITHIN = timedelta(seconds=20)
_READY_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Ground:
    """A cluster, a registry, and a worker that frames for it."""

    settings: Settings
    env: dict[str, str]
    registry: SchemaRegistryClient

    @property
    def decided(self) -> str:
        """Where verdicts are."""
        return TOPICS.decided("post-login")


@pytest.fixture(scope="module")
def ground(kafka: KafkaServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ground]:
    """Topics and schemas are made by `topics apply`; before that, `topics check` says so."""
    scratch = tmp_path_factory.mktemp("registry")
    folder, ready = write_folder(scratch / "folder"), scratch / "ready"
    with apicurio_server.serving(scratch) as address:
        env = environment(
            AUTHSTREAM_BROKERS=kafka.bootstrap,
            AUTHSTREAM_PREFIX=PREFIX,
            AUTHSTREAM_PARTITIONS="1",
            AUTHSTREAM_READY_FILE=f"{ready}",
            AUTHSTREAM_SCHEMA_REGISTRY__URL=address,
        )
        settings = Settings(
            brokers=kafka.bootstrap,
            prefix=PREFIX,
            schema_registry=SchemaRegistrySettings(url=address),
        )
        with pytest.raises(ConfigurationError, match="run `authstream topics apply`"):
            framing_of(settings)
        applied = run("topics", "apply", "--folder", f"{folder}", env=env)
        assert "subjects have their schemas" in applied.out, applied.err
        with background("worker", "--folder", f"{folder}", folder=scratch, env=env) as worker:
            wait_for(ready.exists, seconds=_READY_SECONDS, what=f"worker ready: {worker.err}")
            with SchemaRegistryClient({"url": address}) as registry:
                yield Ground(settings, env, registry)


def raw(ground: Ground, topic: str, count: int) -> list[bytes]:
    """The values of a topic as they are on the wire."""
    log = Log(ground.settings.brokers, topic)
    return [record.value or b"" for record in log.await_count(count, within=WITHIN)]


def test_confluents_serializers_write_logins_and_read_verdicts(ground: Ground) -> None:
    """By the schemas of the registry alone: they register nothing, and have no file of ours."""
    requested = TOPICS.requested("post-login")
    options = {"auto.register.schemas": False, "use.latest.version": True}
    schema = ground.registry.get_latest_version(f"{requested}-value").schema
    write = cast("Any", AvroSerializer)(ground.registry, schema, conf=options)
    data = orjson.dumps(event(user={"user_id": "ada"}))
    login = {"id": "e-1", "source": "/confluent", "dedup": "id", "data": data}
    value = write(login, _context(requested))
    publish(ground.settings.brokers, [Output(requested, b"ada", value)])
    (written,) = raw(ground, ground.decided, 1)
    assert written[:1] == b"\0"
    read = cast("Any", AvroDeserializer)(ground.registry)
    verdict = read(written, _context(ground.decided))
    claims = orjson.loads(verdict["claims"]["id_token"])
    assert (verdict["outcome"], claims) == ("allowed", {"https://example.com/greeting": "hello"})


def test_our_own_readers_read_them_too(ground: Ground) -> None:
    """The SDK that waits, the SDK that reads all, the command line."""
    login = LoginEvent("post-login", orjson.dumps(event()), "e-2", "/sdk")
    with Publisher(ground.settings) as publisher:
        assert publisher.decide(login, WITHIN).outcome == "allowed"
    with VerdictReader("post-login", group="all", settings=ground.settings) as reader:
        assert reader.next(WITHIN) is not None
    shown = run("tail", "executions.v1", "--beginning", "--count", "1", env=ground.env)
    assert '"greet"' in shown.out, shown.err
    assert raw(ground, TOPICS.executions, 1)[0][:1] == b"\0"


def test_doctor_looks_at_the_registry(ground: Ground) -> None:
    """And says that an upgrade is not finished."""
    said = run("doctor", env={**ground.env, "AUTHSTREAM_WRITE_AS": "0.1.0"}).out
    address = ground.settings.schema_registry.url
    assert re.search(rf"schema registry.*{address}", said), said
    assert "records are written as 0.1.0 reads them" in said


def test_internal_records_need_no_registry(ground: Ground) -> None:
    """What only our stages read is Avro's single object as ever."""
    (first, *_) = raw(ground, TOPICS.assemble, 1)
    assert first[:2] == b"\xc3\x01"


def test_the_registry_holds_readers_and_writers_to_our_promise(ground: Ground) -> None:
    """Every schema ever released is there, oldest first, and the newest reads what they wrote."""
    subject = f"{ground.decided}-value"
    ground.registry.set_compatibility(subject, "BACKWARD_TRANSITIVE")
    latest = ground.registry.get_latest_version(subject)
    assert latest.version is not None
    assert latest.version > 1
    assert ground.registry.test_compatibility(subject, latest.schema)
    assert run("topics", "apply", env=ground.env).status == 0
    assert ground.registry.get_latest_version(subject).version == latest.version


def test_a_registry_that_is_away_is_named() -> None:
    """Not a stack trace: what it is, and the setting."""
    settings = Settings(schema_registry=SchemaRegistrySettings(url="http://127.0.0.1:9"))
    with pytest.raises(RegistryError, match="AUTHSTREAM_SCHEMA_REGISTRY__URL"):
        framing_of(settings)


def _context(topic: str) -> SerializationContext:
    return SerializationContext(topic, MessageField.VALUE)
