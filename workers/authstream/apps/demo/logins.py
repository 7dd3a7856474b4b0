"""Publishes the demo's logins and gathers everything that came of each."""

from __future__ import annotations

import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import yaml

from authstream.broker.kafka_reader import KafkaReader
from authstream.contracts.avro import decode
from authstream.contracts.execution import Execution
from authstream.contracts.topics import Topics
from authstream.contracts.verdict import Verdict
from authstream.publisher import LoginEvent, Publisher
from authstream.settings import Settings

VERDICT_WITHIN = timedelta(seconds=20)
SOURCE = "demo-provider"
_EXECUTIONS_WITHIN = timedelta(seconds=10)
_POLL_SECONDS = 0.1


@dataclass(slots=True)
class Login:
    """One login of the demo."""

    title: str
    event: LoginEvent
    verdict: Verdict | None = None
    milliseconds: float = 0.0
    execution: Execution | None = None
    #: The same event again, as a provider's retry.
    repeats: bool = field(default=False)


def read_logins(folder: Path) -> list[Login]:
    """The logins of `logins.yaml`, in order. One event is broken on purpose."""
    entries: list[dict[str, str]] = yaml.safe_load(
        (folder / "logins.yaml").read_text(encoding="utf-8")
    )
    seen: set[str] = set()
    logins: list[Login] = []
    for entry in entries:
        event = LoginEvent(
            "post-login", (folder / entry["event"]).read_bytes(), entry["id"], SOURCE
        )
        logins.append(Login(entry["title"], event, repeats=event.id in seen))
        seen.add(event.id)
    return logins


def decide_all(logins: Sequence[Login], settings: Settings) -> None:
    """Publish every login and wait for its verdict; those that repeat one, after the others."""
    with Publisher(settings) as publisher:

        def one(login: Login) -> None:
            started = time.monotonic()
            login.verdict = publisher.decide(login.event, VERDICT_WITHIN)
            login.milliseconds = (time.monotonic() - started) * 1000

        for wave in (False, True):
            with ThreadPoolExecutor(max_workers=4) as pool:
                list(pool.map(one, [login for login in logins if login.repeats == wave]))


def add_executions(logins: Sequence[Login], settings: Settings, *, partitions: int) -> None:
    """Find the record of each login's execution."""
    wanted = {login.verdict.flow_id for login in logins if login.verdict}
    deadline = time.monotonic() + _EXECUTIONS_WITHIN.total_seconds()
    found: dict[str, Execution] = {}
    reader = KafkaReader(settings)
    try:
        while not wanted <= found.keys() and time.monotonic() < deadline:
            found = _executions(reader, Topics(settings.prefix).executions, partitions)
            time.sleep(_POLL_SECONDS)
    finally:
        reader.close()
    for login in logins:
        login.execution = found.get(login.verdict.flow_id) if login.verdict else None


def _executions(reader: KafkaReader, topic: str, partitions: int) -> dict[str, Execution]:
    found: dict[str, Execution] = {}
    for number in range(partitions):
        low, high = reader.span(topic, number)
        for batch in reader.between(topic, number, low, end=high):
            found |= {
                execution.flow_id: execution
                for execution in (decode(Execution, message.value) for message in batch)
                if not execution.late
            }
    return found
