"""A flow of real actions in real guest processes, on a broker in memory."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent
from typing import Any

import orjson
import yaml
from pydantic import SecretStr

from authstream.apps.stages import assembly
from authstream.broker.memory import MemoryBroker, MemoryRunner
from authstream.contracts import headers as h
from authstream.contracts.avro import decode
from authstream.contracts.effect import Effect, MetadataPatch
from authstream.contracts.resume import Resume
from authstream.contracts.verdict import Verdict
from authstream.engine.ports import Message, Output, SystemClock
from authstream.engine.resume_record import resume_record
from authstream.settings import Settings
from tests.samples import TOPICS, event

#: Callers wait at this partition of the replies.
ADDRESS = 1


class LocalFlow:
    """Actions in the order they are added; then logins, each run to its end."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._bound: list[dict[str, object]] = []
        self.broker = MemoryBroker(SystemClock())

    def action(
        self, name: str, body: str, *, continues: str | None = None, **binding: object
    ) -> None:
        """Bind an action whose handler has this body, and one that goes on after a suspension.

        `when`, `timeout`, `on_error` as in YAML.
        """
        folder = self._root / "actions" / name
        folder.mkdir(parents=True)
        (folder / "action.yaml").write_text("trigger: post-login\n")
        code = _handler("on_execute_post_login", body)
        if continues is not None:
            code += _handler("on_continue_post_login", continues)
        (folder / "action.py").write_text(code)
        self._bound.append({"action": name, **binding})

    async def login(self, event_id: str = "login-1", **members: Any) -> Verdict:
        """Publish one login, let every stage work, and give the answer that its caller got."""
        flows = self._root / "flows"
        flows.mkdir(exist_ok=True)
        flow = {"trigger": "post-login", "actions": self._bound}
        (flows / "post-login.yaml").write_text(yaml.safe_dump(flow))
        self._publish(event_id, event(**members))
        await self._work()
        return decode(Verdict, self.replies()[-1].value)

    async def resume(self, state: str, *, browser: str | None = None, **event: Any) -> Verdict:
        """Bring a suspended flow on with a new request; the answer to who brought it."""
        request = {"ip": "192.0.2.2", **event.pop("request", {})}
        resume = Resume(state=state, request=request, event=event, browser=browser)
        address = h.make({h.REPLY_PARTITION: f"{ADDRESS}", h.CORRELATION_ID: f"{browser}"})
        self.broker.append(resume_record(TOPICS, resume, address))
        await self._work()
        return decode(Verdict, self.replies()[-1].value)

    def replies(self) -> list[Message]:
        """What callers were told, in order."""
        return self.broker.records(TOPICS.replies)

    def effects(self, kind: str) -> list[Effect]:
        """Ordered effects of a kind, not delivered."""
        return [decode(Effect, one.value) for one in self.broker.records(TOPICS.effects(kind))]

    def patches(self) -> list[MetadataPatch]:
        """Metadata to write."""
        records = self.broker.records(TOPICS.user_metadata)
        return [decode(MetadataPatch, record.value) for record in records]

    def _publish(self, event_id: str, body: dict[str, Any]) -> None:
        headers = {h.CE_ID: event_id, h.CE_SOURCE: "idp", h.REPLY_PARTITION: f"{ADDRESS}"}
        self.broker.append(
            Output(TOPICS.requested("post-login"), None, orjson.dumps(body), h.make(headers))
        )

    async def _work(self) -> None:
        """Start every stage but the senders of effects, and stop them when nothing is left.

        Each time all starts anew, as after a crash: old records are read again.
        """
        settings = Settings(slip_key=SecretStr("signs every slip"))
        found = assembly(self._root, settings, reader=self.broker, clock=SystemClock())
        stages = found.selected(["entry", "action.*", "assemble", "fanout", "metadata", "resume"])
        runner = MemoryRunner(self.broker, stages)
        await runner.start()
        try:
            await runner.run_until_idle()
        finally:
            await runner.stop()


def _handler(name: str, body: str) -> str:
    lines = "".join(f"    {line}\n" for line in dedent(body).strip().splitlines())
    return f"def {name}(event, api):\n{lines}"
