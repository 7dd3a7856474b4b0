"""A secured cluster: each process with the rights of `topics acls` works, and with less says so."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import AsyncGenerator, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest
from confluent_kafka import admin

from authstream.apps import access
from authstream.apps.stages import assembly, deliveries, triggers
from authstream.broker.access import KafkaAccess
from authstream.broker.faust import FaustRunner
from authstream.broker.kafka_config import client_config
from authstream.broker.kafka_log import KafkaLog
from authstream.broker.kafka_reader import KafkaPointReader, KafkaReader
from authstream.broker.kafka_topics import KafkaTopics, wanted
from authstream.contracts.access import PROCESSES, rights
from authstream.contracts.topics import Topics
from authstream.engine.ports import SystemClock
from authstream.errors import AccessDeniedError, ProduceError
from authstream.publisher import LoginEvent, Publisher
from authstream.settings import Settings
from tests.kafka_log import until
from tests.kafka_security import ADMIN, KafkaSecurity
from tests.kafka_server import KafkaServer

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(120)]

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "tests" / "chaos" / "folder"
#: Each worker of the pipeline, with the stages that it hosts.
WORKERS = {
    "entry": ("entry",),
    "action": ("action.*",),
    "assemble": ("assemble",),
    "fanout": ("fanout",),
    "effect": ("effect.*",),
    "metadata": ("metadata",),
    "resume": ("resume",),
}


@dataclass(frozen=True, slots=True)
class Secured:
    """A broker that lets in whom it knows, with all topics and each process's rights."""

    server: KafkaServer
    topics: Topics

    def settings(self, user: str, **said: Any) -> Settings:
        """Of a process that logs in with its password."""
        assert self.server.security is not None
        kafka = self.server.security.scram(user, self.server.folder)
        return self._with(kafka, said)

    def bearer(self, user: str) -> Settings:
        """Of a process that logs in with a token."""
        assert self.server.security is not None
        return self._with(self.server.security.bearer(user, self.server.folder), {})

    def _with(self, kafka: dict[str, str | int | float | bool], said: dict[str, Any]) -> Settings:
        prefix, brokers = self.topics.prefix, self.server.bootstrap
        # One partition: rights are of topics, and a hundred of them are made sooner.
        return Settings(brokers=brokers, prefix=prefix, partitions=1, kafka=kafka, **said)

    def take_away(self, user: str, topic: str) -> None:
        """Revoke what a user may do with one topic."""
        kafka: Any = admin  # its annotations lack what it documents
        client = kafka.AdminClient(client_config(self.settings(ADMIN)))
        where = (kafka.ResourceType.TOPIC, topic, kafka.ResourcePatternType.LITERAL)
        what = (kafka.AclOperation.ANY, kafka.AclPermissionType.ANY)
        every = kafka.AclBindingFilter(*where, f"User:{user}", None, *what)
        gone = [answer.result(10) for answer in client.delete_acls([every]).values()]
        assert any(gone)


@pytest.fixture(scope="module")
def secured() -> Iterator[Secured]:
    """One for the module: what a test takes away is of a user of its own."""
    security = KafkaSecurity([*PROCESSES, "poor", "revoked", "stranger"])
    with security.issuer, KafkaServer(security=security) as server:
        made = Secured(server, Topics("auth"))
        root = made.settings(ADMIN)
        actions = [made.topics.action("default", name) for name in ("enrich", "claims")]
        KafkaTopics(root).apply(
            wanted(made.topics, root, triggers=triggers(), actions=actions, kinds=deliveries())
        )
        granted = {**{name: name for name in PROCESSES}, "poor": "entry", "revoked": "assemble"}
        for user, process in granted.items():
            needed = rights(process, made.topics, triggers=triggers(), kinds=deliveries())
            KafkaAccess(root).grant(f"User:{user}", needed)
        yield made


@asynccontextmanager
async def hosting(
    settings: Settings, stages: Sequence[str], failures: list[BaseException]
) -> AsyncGenerator[FaustRunner]:
    """A worker in this process, ready."""
    reader = KafkaPointReader(settings)
    made = await asyncio.to_thread(assembly, FOLDER, settings, reader=reader, clock=SystemClock())
    runner = FaustRunner(made.selected(stages), settings, failed=failures.append)
    await runner.start()
    try:
        async with asyncio.timeout(40):
            while not runner.ready and not failures:  # noqa: ASYNC110 - it sets no event
                await asyncio.sleep(0.02)
        yield runner
    finally:
        await runner.stop()
        await asyncio.to_thread(reader.close)


def login() -> LoginEvent:
    """A login event as small as the trigger allows."""
    members = {
        "tenant": {"id": "acme"},
        "user": {"user_id": "ada"},
        "client": {"client_id": "shop"},
        "connection": {"name": "db"},
        "request": {"ip": "203.0.113.7"},
    }
    return LoginEvent("post-login", orjson.dumps(members), id="one", source="tests")


def delivered(secured: Secured) -> None:
    """Wait for the login's effect to be recorded as delivered; an operator may look."""
    topic = secured.topics.effects_done("log")
    settings = secured.settings("operator")
    reader = KafkaReader(settings)
    places = [(topic, number) for number in range(settings.partitions)]
    until(lambda: any(end for _, end in reader.spans(places).values()), "a delivered effect")
    reader.close()


async def test_every_process_works_with_the_rights_that_acls_says(secured: Secured) -> None:
    """Nine principals, none of which may do more than its part: a login is decided and told."""
    failures: list[BaseException] = []
    key = "a key of this trust domain"
    async with AsyncExitStack() as stack:
        for process, stages in WORKERS.items():
            settings = secured.settings(process, slip_key=key)
            access.check(settings, stages, live=False)
            await stack.enter_async_context(hosting(settings, stages, failures))
        with Publisher(secured.settings("provider")) as publisher:
            verdict = await asyncio.to_thread(publisher.decide, login(), timedelta(seconds=30))
        await asyncio.to_thread(delivered, secured)
    assert verdict.outcome == "allowed"
    assert failures == []


def test_a_worker_without_a_right_says_which(secured: Secured, tmp_path: Path) -> None:
    """It ends with status 78 before it has read anything, and names all that it lacks."""
    secured.take_away("poor", secured.topics.assemble)
    settings = secured.settings("poor")
    environment = {
        **os.environ,
        "AUTHSTREAM_BROKERS": settings.brokers,
        "AUTHSTREAM_KAFKA": orjson.dumps(settings.kafka).decode(),
    }
    words = ("-m", "authstream.cli", "worker", "entry", "fanout", "--folder", f"{FOLDER}")
    ended = subprocess.run(
        (sys.executable, *words),
        env=environment,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert ended.returncode == AccessDeniedError.exit_status
    (line,) = [one for one in ended.stderr.splitlines() if one.startswith("error: ")]
    assert "Write topic auth.assemble.v1; " in line
    assert "Read topic auth.post-login.decided.v1; " in line
    assert "Read group auth.fanout. " in line
    assert "authstream topics acls --process entry --process fanout" in line
    assert "Write topic auth.dead-letter.v1" not in line
    assert f"{settings.kafka['sasl.password']}" not in ended.stderr


async def test_a_right_that_is_taken_away_later_is_named_too(secured: Secured) -> None:
    """The worker ends, with an error that names the topic."""
    failures: list[BaseException] = []
    settings = secured.settings("revoked")
    async with hosting(settings, ("assemble",), failures):
        secured.take_away("revoked", secured.topics.denied)
        async with asyncio.timeout(30):
            while not failures:  # noqa: ASYNC110 - it sets no event
                await asyncio.sleep(0.05)
    (failure,) = failures
    assert isinstance(failure, AccessDeniedError)
    assert "stage assemble may not Read" in f"{failure}"


def test_who_may_not_write_is_told_the_topic(secured: Secured) -> None:
    """A provider cannot write to the control log, and hears why."""
    log = KafkaLog(secured.settings("provider"), secured.topics.control)
    with pytest.raises(ProduceError, match=r"auth\.control\.v1.*[Aa]uthorization"):
        log.append(b"action/default/x", b"forged")
    log.close()


def test_a_client_with_a_token_is_let_in(secured: Secured) -> None:
    """OAUTHBEARER with client credentials: the token's subject is the principal."""
    there = KafkaTopics(secured.bearer("gateway")).partitions()
    assert secured.topics.replies in there
    assert KafkaTopics(secured.bearer("stranger")).partitions() == {}
