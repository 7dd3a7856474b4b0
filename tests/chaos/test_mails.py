"""Welcome e-mails over real SMTP while stages are killed at random: none lost, none too many."""

from __future__ import annotations

import os
import random
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import orjson
import pytest
from confluent_kafka import Producer

from authstream.apps.stages import deliveries, triggers
from authstream.broker.kafka_topics import KafkaTopics, wanted
from authstream.contracts import headers as h
from authstream.contracts.avro import decode
from authstream.contracts.topics import Topics
from authstream.contracts.verdict import Verdict
from authstream.engine.first_wins import FirstWins
from authstream.engine.identity import flow_id
from authstream.settings import Settings
from tests.chaos.logins import event
from tests.chaos.pipeline import GROUPS
from tests.chaos.workers import Worker, Workers
from tests.kafka_log import Log, until
from tests.kafka_server import KafkaServer
from tests.smtp_server import SmtpServer

pytestmark = [pytest.mark.kafka, pytest.mark.chaos, pytest.mark.timeout(1200)]

FOLDER = Path(__file__).parent / "mails"
#: FULL=1 for the long form.
LOGINS = 10_000 if os.environ.get("FULL") else 800
RATE = 100  # logins a second
WARM_UP = 40
#: Logins that wait for their verdict; a provider's users do not try without end either.
MOST_WAITING = 100
#: Between two kills of some stage, seconds, or longer where the last one is not back.
BETWEEN_KILLS = (1.0, 3.0)
#: Without spares, on a crowded machine, everything may have to start from nothing.
BACK_WITHIN = timedelta(seconds=90)
#: E-mails that one worker has under way at a time: no kill can make more duplicates.
UNDER_WAY = 16
#: The one window in which SMTP makes a duplicate possible: the server took the e-mail, and the
#: worker is killed before the broker has the record of it. Seconds, of a crowded machine.
WINDOW = 3.0
SETTLED_WITHIN = timedelta(seconds=90)
#: A login whose stage is not back within its deadline fails, and orders nothing: on an idle machine
#: none does, on a crowded one many.
LEAST_ALLOWED = 0.5
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


@dataclass
class Kill:
    """One kill -9, and when (monotonic seconds)."""

    worker: str
    at: float


@dataclass
class FirstLogins:
    """First logins, some of which are to be denied, and what became of them."""

    brokers: str
    topics: Topics
    #: Flows by whether they are to be denied.
    embargoed: dict[str, bool] = field(default_factory=dict[str, bool])
    verdicts: dict[str, Verdict] = field(default_factory=dict[str, Verdict])
    done: set[str] = field(default_factory=set[str])

    def __post_init__(self) -> None:
        self._producer = Producer(
            {"bootstrap.servers": self.brokers, "partitioner": "murmur2_random", "linger.ms": 0}
        )
        self._decided = Log(self.brokers, self.topics.decided(TRIGGER))
        self._done = Log(self.brokers, self.topics.effects_done("email"))
        self._first = FirstWins(timedelta(hours=1))

    def publish(self, *, embargoed: bool) -> str:
        """One login of a user of its own; its flow."""
        number = len(self.embargoed)
        user, event_id = f"user-{number}", f"login-{number}"
        value = orjson.loads(event(user))
        value["user"]["email"] = f"{user}@example.com"
        value["stats"] = {"logins_count": 1}
        value["request"]["geoip"] = {"countryCode": "XX" if embargoed else "CH"}
        flow = flow_id(TENANT, TRIGGER, SOURCE, event_id, subject=user)
        self.embargoed[flow] = embargoed
        headers: list[tuple[str, str | bytes | None]] = [
            (h.CE_ID, event_id.encode()),
            (h.CE_SOURCE, SOURCE.encode()),
            (h.CONTENT_TYPE, h.JSON_TYPE),
        ]
        topic = self.topics.requested(TRIGGER)
        self._producer.produce(topic, orjson.dumps(value), user.encode(), headers=headers)
        self._producer.poll(0)
        return flow

    @property
    def ordered(self) -> set[str]:
        """Ids of the e-mails of all logins that were allowed."""
        allowed = (one for one in self.verdicts.values() if one.outcome == "allowed")
        return {order.id for verdict in allowed for order in verdict.effects}

    def mailed(self, flow: str) -> bool:
        """Whether its e-mail is recorded as done."""
        verdict = self.verdicts.get(flow)
        return verdict is not None and any(order.id in self.done for order in verdict.effects)

    def lost(self, flow: str) -> bool:
        """Whether it will not have one: it is none, or was not let in."""
        verdict = self.verdicts.get(flow)
        return not flow or (verdict is not None and verdict.outcome != "allowed")

    @property
    def waiting(self) -> int:
        """How many have no verdict yet."""
        self.look(0.0)
        return len(self.embargoed) - len(self.verdicts)

    def settle(self) -> None:
        """Wait until every login has its verdict and every e-mail ordered is recorded as done."""
        assert self._producer.flush(60) == 0
        until(self._settled, "every login and its e-mail are done", within=SETTLED_WITHIN)

    def close(self) -> None:
        """Release the connections."""
        self._decided.close()
        self._done.close()

    def look(self, seconds: float) -> None:
        """Take in what is new in both topics."""
        for message in self._decided.poll(seconds):
            verdict = decode(Verdict, message.value)
            if self._first.accepts(message, verdict.flow_id, verdict.leg):
                self.verdicts[verdict.flow_id] = verdict
        self.done |= {h.text(one.headers, h.CE_ID) or "" for one in self._done.poll(seconds)}

    def _settled(self) -> bool:
        self.look(0.05)
        return self.embargoed.keys() <= self.verdicts.keys() and self.ordered <= self.done


def test_every_allowed_first_login_has_its_mail(
    kafka: KafkaServer, topics: Topics, workers: Workers
) -> None:
    """Exactly one e-mail by Message-ID for each, none for any other login, kill -9 all the while.

    A worker that dies between the server's `250` and the record of it makes the one duplicate that
    SMTP allows: counted, no more than were under way, and never at another time.
    """
    with SmtpServer(delay=0.005) as smtp:
        started = [
            workers.start(name, *stages, AUTHSTREAM_SMTP__PORT=f"{smtp.port}")
            for name, stages in GROUPS.items()
        ]
        logins = FirstLogins(kafka.bootstrap, topics)
        warm_up(logins, started)
        kills = drive(logins, started)
        logins.settle()
        logins.close()
        received = arrivals(smtp)
    refused = {flow for flow, embargoed in logins.embargoed.items() if embargoed}
    outcomes = Counter[str](verdict.outcome for verdict in logins.verdicts.values())
    told = report(received, kills, outcomes)
    assert set(received) == logins.ordered, told
    assert [flow for flow in refused if logins.verdicts[flow].outcome == "allowed"] == []
    assert outcomes["allowed"] >= LEAST_ALLOWED * (len(logins.embargoed) - len(refused)), told
    check_duplicates(received, [kill for kill in kills if kill.worker == "fanout"])


def warm_up(logins: FirstLogins, workers: list[Worker]) -> None:
    """Everything has handled something, and has its spare, before the first kill."""
    for _ in range(WARM_UP):
        logins.publish(embargoed=False)
    logins.settle()
    for worker in workers:
        worker.await_spare()


def drive(logins: FirstLogins, workers: list[Worker]) -> list[Kill]:
    """Publish at the rate; kill a random worker now and then, once all are back from the last."""
    kills: list[Kill] = []
    began_since = ""  # a login that began since the last kill: its mail says that all are back
    due = time.monotonic()
    next_kill = due + BETWEEN_KILLS[0]
    for number in range(LOGINS):
        until(lambda: logins.waiting < MOST_WAITING, "logins are decided", within=BACK_WITHIN)
        flow = logins.publish(embargoed=number % 5 == 0)
        if logins.lost(began_since):
            began_since = flow
        if time.monotonic() >= next_kill and logins.mailed(began_since):
            kills += kill(random.choice(workers))
            began_since = ""
            next_kill = time.monotonic() + random.uniform(*BETWEEN_KILLS)
        due = max(due + 1 / RATE, time.monotonic())
        time.sleep(max(0.0, due - time.monotonic()))
    return kills


def kill(worker: Worker) -> list[Kill]:
    """Kill -9 of what works there."""
    found: list[Kill] = []
    for child in worker.at_work():
        child.kill()
        found.append(Kill(worker.name, time.monotonic()))
    return found


def arrivals(smtp: SmtpServer) -> dict[str, list[float]]:
    """When each effect's e-mail came, by its id."""
    found: dict[str, list[float]] = defaultdict(list)
    for at, mail in smtp.received:
        found[f"{mail['Message-ID']}"[1:].partition("@")[0]].append(at)
    return found


def check_duplicates(received: dict[str, list[float]], kills: list[Kill]) -> None:
    """Each came about when its worker was killed, and there are no more than were under way."""
    twice = [times for times in received.values() if len(times) > 1]
    assert sum(len(times) - 1 for times in twice) <= UNDER_WAY * len(kills)
    for times in twice:
        for first in times[:-1]:
            assert min(abs(kill.at - first) for kill in kills) < WINDOW


def report(received: dict[str, list[float]], kills: list[Kill], outcomes: Counter[str]) -> str:
    """What was measured, also printed."""
    again = sum(len(times) - 1 for times in received.values())
    by_worker = dict(Counter(kill.worker for kill in kills))
    said = (
        f"{len(received)} e-mails of {dict(outcomes)}, kills {by_worker},"
        f" {again} came twice ({again / max(1, len(received)):.2%})"
    )
    sys.stderr.write(f"{said}\n")
    return said
