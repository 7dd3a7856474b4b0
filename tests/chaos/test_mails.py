"""Welcome e-mails over real SMTP while stages are killed at random: none lost, none too many."""

from __future__ import annotations

import os
import random
import sys
import time
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import orjson
import pytest
from confluent_kafka import Producer

from authstream.apps.stages import deliveries, triggers
from authstream.broker.kafka_topics import KafkaTopics, wanted
from authstream.contracts import headers as h
from authstream.contracts.topics import Topics
from authstream.engine.identity import effect_id, flow_id
from authstream.settings import Settings
from tests.chaos.logins import event
from tests.chaos.pipeline import GROUPS
from tests.chaos.workers import Worker, Workers
from tests.kafka_log import Log, until
from tests.kafka_server import KafkaServer
from tests.smtp_server import SmtpServer

pytestmark = [pytest.mark.kafka, pytest.mark.chaos, pytest.mark.timeout(2400)]

FOLDER = Path(__file__).parent / "mails"
#: FULL=1 for the long form.
LOGINS = 10_000 if os.environ.get("FULL") else 1_500
RATE = 100  # logins a second
#: Between two kills, seconds: a worker is back in less.
BETWEEN_KILLS = (1.0, 3.0)
#: E-mails that one worker has under way at a time: no kill can make more duplicates.
UNDER_WAY = 16
SETTLED_WITHIN = timedelta(seconds=180)
TENANT, TRIGGER, SOURCE = "acme", "post-login", "mails"


@pytest.fixture
def topics(kafka: KafkaServer, topic_prefix: str) -> Topics:
    """All topics that the flow of this folder needs."""
    settings = Settings(brokers=kafka.bootstrap, prefix=topic_prefix)
    topics = Topics(topic_prefix)
    actions = [topics.action("default", name) for name in ("welcome", "embargo")]
    needed = wanted(topics, settings, triggers=triggers(), actions=actions, kinds=deliveries())
    KafkaTopics(settings).apply(needed)
    return topics


@pytest.fixture
def workers(kafka: KafkaServer, topics: Topics, tmp_path: Path) -> Iterator[Workers]:
    """Starts workers; all of their processes are gone afterwards."""
    with Workers(kafka.bootstrap, topics.prefix, tmp_path, folder=FOLDER) as workers:
        yield workers


class FirstLogins:
    """First logins, every fifth of which is to be denied."""

    def __init__(self, brokers: str, topics: Topics) -> None:
        self._topics = topics
        self._producer = Producer(
            {"bootstrap.servers": brokers, "partitioner": "murmur2_random", "linger.ms": 0}
        )
        #: Effect ids of the logins that are to be allowed, and of those to be denied.
        self.welcomed: set[str] = set()
        self.denied: set[str] = set()

    def publish(self, number: int) -> None:
        """One login of a user of its own."""
        user, event_id = f"user-{number}", f"login-{number}"
        embargoed = number % 5 == 0
        value = orjson.loads(event(user))
        value["user"]["email"] = f"{user}@example.com"
        value["stats"] = {"logins_count": 1}
        value["request"]["geoip"] = {"countryCode": "XX" if embargoed else "CH"}
        flow = flow_id(TENANT, TRIGGER, SOURCE, event_id, subject=user)
        (self.denied if embargoed else self.welcomed).add(effect_id(flow, 0, 0))
        headers: list[tuple[str, str | bytes | None]] = [
            (h.CE_ID, event_id.encode()),
            (h.CE_SOURCE, SOURCE.encode()),
            (h.CONTENT_TYPE, h.JSON_TYPE),
        ]
        topic = self._topics.requested(TRIGGER)
        self._producer.produce(topic, orjson.dumps(value), user.encode(), headers=headers)
        self._producer.poll(0)

    def flush(self) -> None:
        """All of them are in the log."""
        assert self._producer.flush(60) == 0


def test_every_allowed_first_login_has_its_mail(
    kafka: KafkaServer, topics: Topics, workers: Workers
) -> None:
    """Exactly one e-mail by Message-ID for each, none for those denied, kill -9 all the while.

    A worker that dies between the server's `250` and the record of it makes the one duplicate that
    SMTP allows: counted, and no more than were under way.
    """
    with SmtpServer(delay=0.005) as smtp:
        started = [
            workers.start(name, *stages, AUTHSTREAM_SMTP__PORT=f"{smtp.port}")
            for name, stages in GROUPS.items()
        ]
        logins = FirstLogins(kafka.bootstrap, topics)
        kills = drive(logins, started)
        done = Log(kafka.bootstrap, topics.effects_done("email"))

        def complete() -> bool:
            done.poll()
            return logins.welcomed <= {h.text(one.headers, h.CE_ID) for one in done.records}

        until(complete, "every welcome is recorded as done", within=SETTLED_WITHIN)
        done.close()
        received = Counter(f"{mail['Message-ID']}"[1:].partition("@")[0] for mail in smtp.mails)
    assert set(received) == logins.welcomed
    assert set(received) & logins.denied == set()
    again = sum(count - 1 for count in received.values())
    sys.stderr.write(
        f"{len(received)} e-mails, {kills['fanout']} kills of their stage among "
        f"{sum(kills.values())}, {again} came twice ({again / len(received):.2%})\n"
    )
    assert again <= UNDER_WAY * kills["fanout"]


def drive(logins: FirstLogins, workers: list[Worker]) -> Counter[str]:
    """Publish at the rate and kill a random worker now and then; how often each."""
    kills: Counter[str] = Counter()
    started = time.monotonic()
    next_kill = started + 5.0
    for number in range(LOGINS):
        logins.publish(number)
        time.sleep(max(0.0, started + number / RATE - time.monotonic()))
        if time.monotonic() >= next_kill:
            worker = random.choice(workers)
            for child in worker.at_work():
                child.kill()
                kills[worker.name] += 1
            next_kill = time.monotonic() + random.uniform(*BETWEEN_KILLS)
    logins.flush()
    return kills
