"""Calls of a provider at a steady rate, through a real gateway, and what each was told."""

from __future__ import annotations

import asyncio
import secrets
import sys
import threading
import time
from collections import Counter
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import aiohttp

from authstream.apps.up import free_port
from authstream.engine.identity import flow_id
from tests.chaos.logins import TENANT, TRIGGER, Fate, Logins, event
from tests.chaos.workers import environment_of
from tests.gateway_ground import await_ready, secret_of
from tests.real_provider import running

CONNECTION = "idp"
#: What the provider allows a decision to take: a killed worker is back long before.
DEADLINE = timedelta(seconds=5)
#: Answered at once by policy, and never asked: the log knows nothing of such a call.
SHED = frozenset(["overloaded", "rate_limited"])
_USERS = 400
_TIMEOUT = aiohttp.ClientTimeout(total=30)
_HEADERS = {
    "authorization": f"Bearer {secret_of(CONNECTION)}",
    "content-type": "application/json",
    "ce-specversion": "1.0",
}


@dataclass(frozen=True, slots=True)
class Told:
    """What one call was answered."""

    status: int
    outcome: str
    code: str | None
    seconds: float


@dataclass(slots=True)
class Calls:
    """One provider. Its calls are among the fates of `logins`, which sees what the log has."""

    url: str
    logins: Logins
    told: dict[str, Told] = field(default_factory=dict[str, Told])
    _stop: threading.Event = field(default_factory=threading.Event)

    @contextmanager
    def driven(self, rate: int) -> Generator[None]:
        """At this rate while the context lasts; after it, every call has its answer."""
        self._stop.clear()
        failed: list[BaseException] = []

        def run() -> None:
            try:
                asyncio.run(self._drive(rate))
            except BaseException as error:  # noqa: BLE001 - told to the test below
                failed.append(error)

        thread = threading.Thread(target=run)
        thread.start()
        try:
            yield
        finally:
            self._stop.set()
            thread.join()
        assert failed == []

    async def _drive(self, rate: int) -> None:
        run, began = secrets.token_hex(4), time.monotonic()
        connector = aiohttp.TCPConnector(limit=0)
        async with (
            aiohttp.ClientSession(connector=connector, timeout=_TIMEOUT) as session,
            asyncio.TaskGroup() as calls,
        ):
            number = 0
            while not self._stop.is_set():
                calls.create_task(self._call(session, f"{run}-{number}", number))
                number += 1
                await asyncio.sleep(max(0.0, began + number / rate - time.monotonic()))

    async def _call(self, session: aiohttp.ClientSession, name: str, number: int) -> None:
        user = f"user-{number % _USERS}"
        source = f"/connections/{CONNECTION}"
        flow = flow_id(TENANT, TRIGGER, source, name, subject=user)
        began = time.monotonic()
        self.logins.fates[flow] = Fate(began)
        headers = {**_HEADERS, "ce-id": name}
        async with session.post(self.url, data=event(user), headers=headers) as answer:
            said: dict[str, Any] = await answer.json()
        seconds = time.monotonic() - began
        self.told[flow] = Told(answer.status, said["outcome"], said["code"], seconds)
        if said["code"] in SHED:
            del self.logins.fates[flow]

    def failures(self) -> Counter[str]:
        """Calls that got no verdict, by the reason that their policy had."""
        return Counter(f"{told.code}" for told in self.told.values() if told.outcome == "failed")

    def summary(self) -> str:
        """A line of figures for the log of a run."""
        seconds = sorted(told.seconds for told in self.told.values())
        failed = dict(self.failures()) or "none"
        return (
            f"{len(seconds)} provider calls, p50 {seconds[len(seconds) // 2]:.3f} s, longest"
            f" {seconds[-1]:.3f} s, over 1 s {sum(one > 1 for one in seconds)}, failed by policy:"
            f" {failed}"
        )


@contextmanager
def served(logins: Logins, brokers: str, folder: Path) -> Generator[Calls]:
    """A gateway process and a provider that is connected to it."""
    (folder / "connections").mkdir(parents=True)
    said = f"provider: generic\ntenant: {TENANT}\nrate: 10000\ndeadline: {DEADLINE.seconds}s\n"
    (folder / "connections" / f"{CONNECTION}.yaml").write_text(said)
    secret = f"connections/{CONNECTION}: {{current: {secret_of(CONNECTION)}}}\n"
    (folder / ".secrets.yaml").write_text(secret)
    port = free_port(0)
    url = f"http://127.0.0.1:{port}"
    environment = environment_of(brokers, logins.topics.prefix)
    gateway = (sys.executable, "-m", "authstream.cli", "gateway")
    command = (*gateway, "--folder", folder, "--port", f"{port}")
    with running(command, folder=folder, environment=environment, ready=url):
        await_ready(url)
        yield Calls(f"{url}/v1/triggers/{TRIGGER}", logins)
