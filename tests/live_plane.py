"""A worker's live stages on a broker in memory: real guests, a control log, doors to it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from typing import Any

import orjson

from authstream.apps.live import Live
from authstream.broker.memory import MemoryBroker, MemoryRunner
from authstream.contracts import headers as h
from authstream.contracts.avro import decode
from authstream.contracts.verdict import Verdict
from authstream.control.door import Door
from authstream.control.store import Store
from authstream.engine.ports import Message, Output, Stage, SystemClock
from authstream.settings import Settings
from tests.control_plane import KEY, PL, door, memory_store
from tests.samples import TOPICS, event

PATIENCE = 20.0
DECIDED = TOPICS.decided(PL)
SETTINGS = Settings.model_validate({"secret_keys": f"k1:{KEY}", "slip_key": "signs every slip"})


def _verdict(record: Message) -> Verdict:
    return decode(Verdict, record.value)


class LivePlane:
    """One worker and one control log."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.ada: Door = door(store)
        self.broker = MemoryBroker(SystemClock())
        self.live = Live(store, SETTINGS, reader=self.broker, clock=SystemClock())
        stages: list[Stage] = [
            stage for stage in self.live.selected(()) if not stage.name.startswith("effect.")
        ]
        self.runner = MemoryRunner(self.broker, stages)
        self._logins = 0
        self._seen: set[str] = set()

    async def login(self, tenant: str = "default", user: str = "user-1") -> Verdict:
        """One login, run to its end."""
        self._logins += 1
        body = event(tenant={"id": tenant}, user={"user_id": user})
        headers = {h.CE_ID: f"login-{self._logins}", h.CE_SOURCE: "idp"}
        topic = TOPICS.requested(PL)
        self.broker.append(Output(topic, None, orjson.dumps(body), h.make(headers)))
        await self.runner.run_until_idle()
        records = {one.flow_id: one for one in map(_verdict, self.broker.records(DECIDED))}
        new = records.keys() - self._seen
        self._seen |= new
        return records[new.pop()]

    async def claims(self, tenant: str = "default", user: str = "user-1") -> dict[str, Any]:
        """The claims in the ID token of one login."""
        return dict((await self.login(tenant, user)).claims.id_token)

    async def until(self, condition: Callable[[], bool]) -> None:
        """Poll, with the loop turning."""
        async with asyncio.timeout(PATIENCE):
            while not condition():  # noqa: ASYNC110 - changes come from a thread
                await asyncio.sleep(0.01)


@asynccontextmanager
async def live_plane() -> AsyncGenerator[LivePlane]:
    """Up until left."""
    with memory_store() as store:
        plane = LivePlane(store)
        plane.live.follow()
        await plane.runner.start()
        plane.live.host(plane.runner)
        try:
            yield plane
        finally:
            await plane.live.stop()
            await plane.runner.stop()
