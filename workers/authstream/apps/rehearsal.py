"""Runs whole flows on this machine: real actions, real stages, memory instead of a broker."""

from __future__ import annotations

import secrets
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeAlias

import orjson
from pydantic import SecretStr

from authstream.apps.build import say_nothing
from authstream.apps.stages import Prepare, assembly, unchanged
from authstream.broker.memory import MemoryBroker, MemoryRunner
from authstream.contracts import headers as h
from authstream.contracts.avro import decode
from authstream.contracts.effect import Effect
from authstream.contracts.envelope import Command, Envelope
from authstream.contracts.execution import Execution
from authstream.contracts.headers import Headers
from authstream.contracts.resume import Resume
from authstream.contracts.verdict import Verdict
from authstream.control.dependencies import Say
from authstream.control.folder import DeployedAction, Folder
from authstream.engine.ports import Message, Output, Stage, SystemClock
from authstream.engine.resume_record import resume_record
from authstream.sandbox.launch import Level
from authstream.settings import MetadataSettings, Settings

#: The id of the one event of a rehearsal; ids of flow and effects are made from it.
EVENT_ID = "rehearsal"
#: Members of the event that are new when the browser is back: `request`, `prompt`, …
Continuation: TypeAlias = Mapping[str, Any]
#: Stages that take part besides actions. Those that act on a verdict are left out.
DECIDING = ("entry", "resume", "assemble", "fanout")


class Rehearsal:
    """A folder's flows on a broker in memory; guests are kept from one event to the next.

    Use as an async context manager. Effects are listed, not delivered.
    """

    def __init__(
        self,
        folder: Path | Folder,
        *,
        triggers: Collection[str] | None = None,
        prepare: Prepare = unchanged,
        say: Say = say_nothing,
    ) -> None:
        """Only the actions that flows of `triggers` bind are started; None: those of every flow.

        Raises ConfigurationError for a folder that cannot be loaded.
        """
        clock = SystemClock()
        self._broker = MemoryBroker(clock)
        self._assembled = assembly(
            folder,
            # Nothing is written anywhere, and nothing is read but the event.
            Settings(state_key=SecretStr(secrets.token_hex()), metadata=MetadataSettings()),
            reader=self._broker,
            clock=clock,
            missing_secret="",
            prepare=prepare,
            say=say,
        )
        self._runner = MemoryRunner(self._broker, list(self._stages(triggers)))

    async def __aenter__(self) -> Self:
        try:
            await self._runner.start()
        except BaseException:
            await self._runner.stop()
            raise
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._runner.stop()

    async def run(self, event: bytes, *, trigger: str, event_id: str = EVENT_ID) -> dict[str, Any]:
        """`{verdict, commands, runs, effects}` of one event, JSON-ready.

        An id that was there before is the same login again, and gets the same verdict.
        """
        headers = h.make({h.CE_ID: event_id, h.CE_SOURCE: "authstream-test"})
        return await self.replay(event, headers, trigger=trigger)

    async def resume(
        self, state: str, continuation: Continuation, *, trigger: str
    ) -> dict[str, Any]:
        """What comes of the next leg of a suspended flow, by the state of its verdict."""
        return await self.bring_back(_resume(state, continuation), trigger=trigger)

    async def replay(self, event: bytes, headers: Headers, *, trigger: str) -> dict[str, Any]:
        """What comes of an event under headers that it was published with before."""
        topic = self._assembled.topics.requested(trigger)
        return await self._follow(Output(topic, None, event, headers), trigger)

    async def bring_back(self, resume: Resume, *, trigger: str) -> dict[str, Any]:
        """What comes of the next leg of a suspended flow when this browser is back."""
        return await self._follow(resume_record(self._assembled.topics, resume, ()), trigger)

    @property
    def level(self) -> Level:
        """How its actions are confined."""
        return self._assembled.level

    async def _follow(self, first: Output, trigger: str) -> dict[str, Any]:
        """What comes of a record that begins a leg, once nothing is left to do."""
        before = {place: len(log) for place, log in self._broker.logs.items()}
        self._broker.append(first)
        await self._runner.run_until_idle()
        written = [
            message
            for place, log in sorted(self._broker.logs.items())
            for message in log[before.get(place, 0) :]
        ]
        return self._told(_Written(written), trigger)

    def _told(self, written: _Written, trigger: str) -> dict[str, Any]:
        topics = self._assembled.topics
        verdict = decode(Verdict, written.first(topics.decided(trigger)).value)
        execution = decode(Execution, written.first(topics.executions).value)
        decided_on = decode(Envelope, written.first(topics.denied, topics.assemble).value)
        return {
            "verdict": verdict.public(),
            "commands": [
                _command(command) for command in decided_on.commands if command.leg == verdict.leg
            ],
            "runs": [run.model_dump(mode="json") for run in execution.runs],
            "effects": [
                decode(Effect, message.value).model_dump(mode="json")
                for message in written.effects()
            ],
        }

    def _stages(self, triggers: Collection[str] | None) -> Iterable[Stage]:
        bound = {
            binding.topic
            for flow in self._assembled.folder.flows.values()
            if triggers is None or flow.trigger in triggers
            for binding in flow.bindings
        }
        for stage in self._assembled.stages:
            if stage.name in DECIDING or bound.intersection(stage.topics):
                yield stage


class _Written:
    """The records of one leg, by topic."""

    def __init__(self, messages: list[Message]) -> None:
        self._messages = messages

    def first(self, *topics: str) -> Message:
        """The first record of the first of these topics that has one."""
        return next(one for topic in topics for one in self._messages if one.topic == topic)

    def effects(self) -> list[Message]:
        """What would be sent, kind by kind."""
        found = [one for one in self._messages if ".effects." in one.topic]
        return sorted(found, key=lambda one: one.topic)


def telling(action: DeployedAction) -> DeployedAction:
    """With the connections that it makes in its console: what a test run wants to see."""
    return replace(action, tells_connections=True)


async def rehearse(
    folder: Path | Folder, event: bytes, *, trigger: str, say: Say = say_nothing
) -> dict[str, Any]:
    """`{verdict, commands, runs, effects}` of one event, JSON-ready. Raises as `rehearse_legs`."""
    return (await rehearse_legs(folder, event, trigger=trigger, say=say))[0]


async def rehearse_legs(
    folder: Path | Folder,
    event: bytes,
    *,
    trigger: str,
    resumes: Sequence[Continuation] = (),
    say: Say = say_nothing,
) -> list[dict[str, Any]]:
    """`{verdict, commands, runs, effects}` of each leg, JSON-ready.

    Of one event there is one leg, and one more for each continuation, as long as the leg before is
    suspended. Raises ConfigurationError for a folder that cannot be loaded.
    """
    async with Rehearsal(folder, triggers=(trigger,), prepare=telling, say=say) as rehearsal:
        legs = [await rehearsal.run(event, trigger=trigger)]
        for continuation in resumes:
            state = legs[-1]["verdict"]["state"]
            if state is None:
                break
            legs.append(await rehearsal.resume(state, continuation, trigger=trigger))
    return legs


def _resume(state: str, continuation: Continuation) -> Resume:
    """As the gateway does it: the state is in the query of the request that brings it back."""
    members = dict(continuation)
    request: dict[str, Any] = {**members.pop("request", {})}
    request["query"] = {"state": state, **request.get("query", {})}
    return Resume(state=state, request=request, event=members)


def _command(command: Command) -> dict[str, Any]:
    return {
        "action": command.action,
        "name": command.name,
        "arguments": orjson.loads(command.arguments),
    }
