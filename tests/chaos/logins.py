"""Logins at a steady rate, and what became of each: verdicts, replies, effects, and the wait."""

from __future__ import annotations

import sys
import threading
import time
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import timedelta

import orjson
from confluent_kafka import Producer

from authstream.contracts import headers as h
from authstream.contracts.avro import decode
from authstream.contracts.topics import Topics
from authstream.contracts.verdict import Verdict
from authstream.engine.first_wins import FirstWins
from authstream.engine.identity import effect_id, flow_id
from authstream.engine.ports import Message
from tests.chaos.load_rate import full_rate
from tests.kafka_log import Log, until

#: Logins a second where a case itself takes seconds: what piles up must not hide how long it took.
SLOW_RATE = 50
TRIGGER = "post-login"
TENANT = "acme"
SOURCE = "chaos"
PARTITIONS = 4
#: After the last login is published, everything must be decided within this.
SETTLED_WITHIN = timedelta(seconds=40)
_USERS = 400
_POLL_SECONDS = 0.02


@dataclass(slots=True)
class Fate:
    """What became of one login. Times are monotonic seconds."""

    published: float
    decided: float | None = None
    outcome: str = ""
    #: Verdicts that the first-wins rule lets stand.
    effective: int = 0
    #: Records in `decided` beside those.
    void: int = 0
    replies: list[bytes] = field(default_factory=list[bytes])
    #: Replies that say of themselves that they repeat the verdict.
    repeats: int = 0
    #: Records by effect id.
    effects: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    #: How often an effect was recorded as delivered.
    delivered: int = 0

    @property
    def wait(self) -> float:
        """Seconds from publishing to the verdict; endless without one."""
        return float("inf") if self.decided is None else self.decided - self.published


class Logins:
    """Publishes from one thread, watches in another."""

    def __init__(self, brokers: str, prefix: str) -> None:
        self.topics = Topics(prefix)
        self.fates: dict[str, Fate] = {}
        self._brokers = brokers
        self._producer = Producer(
            {
                "bootstrap.servers": brokers,
                "partitioner": "murmur2_random",
                # As many callers each with a request of their own would cost more than the flow.
                "linger.ms": 10,
                "enable.idempotence": True,
                "reconnect.backoff.max.ms": 200,
            }
        )
        self._first = FirstWins(timedelta(hours=1))
        self._stop = threading.Event()
        self._driving = threading.Event()
        self._threads: list[threading.Thread] = []
        self._count = 0
        #: Logins a second, once driven.
        self._rate = 0
        self._failure: list[BaseException] = []
        self._watch()

    def publish(self, user: str | None = None) -> str:
        """One login now; its flow id."""
        number = self._count
        self._count += 1
        event_id = f"login-{number}"
        user = user or f"user-{number % _USERS}"
        flow = flow_id(TENANT, TRIGGER, SOURCE, event_id, subject=user)
        self.fates[flow] = Fate(time.monotonic())
        headers: list[tuple[str, str | bytes | None]] = [
            (h.CE_ID, event_id.encode()),
            (h.CE_SOURCE, SOURCE.encode()),
            (h.CONTENT_TYPE, h.JSON_TYPE),
            (h.REPLY_PARTITION, str(number % PARTITIONS).encode()),
            (h.CORRELATION_ID, event_id.encode()),
        ]
        topic = self.topics.requested(TRIGGER)
        self._producer.produce(topic, event(user), user.encode(), headers=headers)
        self._producer.poll(0)
        return flow

    def drive(self, rate: int | None = None) -> None:
        """Publish at this rate from now on, by default at what this machine takes."""
        self._driving.set()
        self._rate = rate or full_rate()
        self._thread(self._drive, self._rate)

    def pause(self) -> None:
        """Publish no more."""
        self._driving.clear()

    def settle(self) -> None:
        """Publish no more and wait until every login has its verdict, reply and effect."""
        self.pause()
        assert self._producer.flush(SETTLED_WITHIN.total_seconds()) == 0
        self.await_all()

    def await_all(self) -> None:
        """Wait until every login published so far has its verdict, reply and effect."""
        left = list(self.fates)

        def complete() -> bool:
            self._check()
            left[:] = self.unanswered(left)
            return not left

        try:
            until(complete, "every login is answered", within=SETTLED_WITHIN)
        except AssertionError as error:
            lacking = [self.fates[flow] for flow in left]
            raise AssertionError(
                f"{len(left)} of {len(self.fates)} lack something: verdict"
                f" {sum(not fate.effective for fate in lacking)}, reply"
                f" {sum(not fate.replies for fate in lacking)}, effect"
                f" {sum(not fate.delivered for fate in lacking)}; e.g. {lacking[:2]}"
            ) from error

    def unanswered(self, flows: Iterable[str]) -> list[str]:
        """Those that still lack something."""
        fates = ((flow, fate) for flow in flows if (fate := self.fates.get(flow)) is not None)
        return [
            flow
            for flow, fate in fates
            if not fate.effective or not fate.replies or _waits_for_effect(fate)
        ]

    @property
    def longest_wait(self) -> float:
        """Seconds that the unluckiest login waited."""
        return max(fate.wait for fate in self.fates.values())

    def assert_sound(
        self, *, longest: float | None = None, repeated: bool = True, late: bool = False
    ) -> None:
        """One verdict, one answer, one effect for each login; `repeated`: the same may come twice.

        After kill -9 a reply or an effect order may be written again, the same under the same id.
        `late`: some may have failed at their deadline, and then have no effect.
        """
        fates = self.fates
        assert fates
        assert [flow for flow, fate in fates.items() if fate.effective != 1] == []
        assert [flow for flow, fate in fates.items() if len(set(fate.replies)) != 1] == []
        assert {fate.outcome for fate in fates.values()} <= {
            "allowed",
            *(["failed"] if late else ()),
        }
        wanted = {
            flow: [effect_id(flow, 0, 0)] if fate.outcome == "allowed" else []
            for flow, fate in fates.items()
        }
        assert {flow: list(fate.effects) for flow, fate in fates.items()} == wanted
        if not repeated:
            assert [flow for flow, fate in fates.items() if len(fate.replies) != 1] == []
            assert [flow for flow, fate in fates.items() if sum(fate.effects.values()) != 1] == []
            assert [flow for flow, fate in fates.items() if fate.delivered != 1] == []
        if longest is not None:
            assert self.longest_wait <= longest

    def report(self) -> None:
        """Leave the figures in the run's log."""
        sys.stderr.write(f"{self.summary()}\n")

    def summary(self) -> str:
        """A line of figures for the log of a run."""
        fates = self.fates.values()
        waits = sorted(fate.wait for fate in fates)
        again = sum(len(fate.replies) - 1 + fate.repeats for fate in fates)
        void = sum(fate.void for fate in fates)
        return (
            f"{len(waits)} logins at {self._rate}/s, wait p50 {waits[len(waits) // 2]:.3f} s,"
            f" longest {waits[-1]:.3f} s, over 1 s {sum(wait > 1 for wait in waits)},"
            f" void verdicts {void}, replies repeated {again}"
        )

    def close(self) -> None:
        """End the threads."""
        self.pause()
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def _check(self) -> None:
        if self._failure:
            raise self._failure[0]

    def _thread(self, target: object, *arguments: object) -> None:
        def run() -> None:
            try:
                target(*arguments)  # type: ignore[operator]  # a method of ours
            except BaseException as error:  # noqa: BLE001 - told to the test by `_check`
                self._failure.append(error)

        thread = threading.Thread(target=run, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _drive(self, rate: int) -> None:
        due = time.monotonic()
        while self._driving.is_set():
            due += 1 / rate
            self.publish()
            time.sleep(max(0.0, due - time.monotonic()))

    def _watch(self) -> None:
        topics = self.topics
        watched = {
            topics.decided(TRIGGER): self._on_decided,
            topics.replies: self._on_reply,
            topics.effects("log"): self._on_effect,
            topics.effects_done("log"): self._on_delivered,
        }
        for topic, seen in watched.items():
            self._thread(self._follow, Log(self._brokers, topic), seen)

    def _follow(self, log: Log, seen: object) -> None:
        while not self._stop.is_set():
            for message in log.poll(_POLL_SECONDS):
                seen(message)  # type: ignore[operator]  # a method of ours
        log.close()

    def _fate(self, message: Message) -> Fate | None:
        return self.fates.get(h.text(message.headers, h.FLOW_ID) or "")

    def _on_decided(self, message: Message) -> None:
        fate, flow = self._fate(message), h.text(message.headers, h.FLOW_ID)
        if fate is None or flow is None:
            return
        if self._first.accepts(message, flow, h.number(message.headers, h.LEG) or 0):
            fate.decided = fate.decided or time.monotonic()
            fate.outcome = decode(Verdict, message.value).outcome
            fate.effective += 1
        else:
            fate.void += 1

    def _on_reply(self, message: Message) -> None:
        fate = self._fate(message)
        if fate is not None and h.first(message.headers, h.REPEAT) is None:
            fate.replies.append(message.value or b"")
        elif fate is not None:
            fate.repeats += 1

    def _on_effect(self, message: Message) -> None:
        fate, name = self._fate(message), h.text(message.headers, h.CE_ID)
        if fate is not None and name is not None:
            fate.effects[name] += 1

    def _on_delivered(self, message: Message) -> None:
        fate = self._fate(message)
        if fate is not None:
            fate.delivered += 1


def _waits_for_effect(fate: Fate) -> bool:
    return fate.outcome == "allowed" and not fate.delivered


def event(user: str) -> bytes:
    """A login event as small as the trigger allows."""
    return orjson.dumps(
        {
            "tenant": {"id": TENANT},
            "user": {"user_id": user},
            "client": {"client_id": "shop"},
            "connection": {"name": "db"},
            "request": {"ip": "203.0.113.7"},
        }
    )
