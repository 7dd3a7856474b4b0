"""Runs whole flows on this machine: real actions, real stages, memory instead of a broker."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypeAlias

import orjson
from pydantic import SecretStr

from authstream.apps.build import say_nothing
from authstream.apps.stages import assembly
from authstream.broker.memory import MemoryBroker, MemoryRunner
from authstream.contracts import headers as h
from authstream.contracts.avro import decode
from authstream.contracts.effect import Effect
from authstream.contracts.envelope import Command, Envelope
from authstream.contracts.execution import Execution
from authstream.contracts.resume import Resume
from authstream.contracts.topics import Topics
from authstream.contracts.verdict import Verdict
from authstream.control.dependencies import Say
from authstream.engine.ports import Output, SystemClock
from authstream.engine.resume_record import resume_record
from authstream.settings import MetadataSettings, Settings

#: Members of the event that are new when the browser is back: `request`, `prompt`, …
Continuation: TypeAlias = Mapping[str, Any]


async def rehearse(
    folder: Path, event: bytes, *, trigger: str, say: Say = say_nothing
) -> dict[str, Any]:
    """`{verdict, commands, runs, effects}` of one event, JSON-ready. Raises as `rehearse_legs`."""
    return (await rehearse_legs(folder, event, trigger=trigger, say=say))[0]


async def rehearse_legs(
    folder: Path,
    event: bytes,
    *,
    trigger: str,
    resumes: Sequence[Continuation] = (),
    say: Say = say_nothing,
) -> list[dict[str, Any]]:
    """`{verdict, commands, runs, effects}` of each leg, JSON-ready.

    Of one event there is one leg, and one more for each continuation, as long as the leg before is
    suspended. Effects are listed, not delivered. Raises ConfigurationError for a folder that cannot
    be loaded.
    """
    clock = SystemClock()
    broker = MemoryBroker(clock)
    # Nothing is written anywhere, and nothing is read but the event.
    settings = Settings(state_key=SecretStr(secrets.token_hex()), metadata=MetadataSettings())
    assembled = assembly(folder, settings, reader=broker, clock=clock, missing_secret="", say=say)
    runner = MemoryRunner(
        broker, [stage for stage in assembled.stages if not stage.name.startswith("effect.")]
    )
    await runner.start()
    try:
        broker.append(_published(assembled.topics.requested(trigger), event))
        await runner.run_until_idle()
        for continuation in resumes:
            state = _verdicts(broker, assembled.topics, trigger)[-1].state
            if state is None:
                break
            broker.append(resume_record(assembled.topics, _resume(state, continuation), ()))
            await runner.run_until_idle()
    finally:
        await runner.stop()
    return [
        _leg(verdict, broker, assembled.topics)
        for verdict in _verdicts(broker, assembled.topics, trigger)
    ]


def _published(topic: str, event: bytes) -> Output:
    said = h.make({h.CE_ID: "rehearsal", h.CE_SOURCE: "authstream-test"})
    return Output(topic, None, event, said)


def _resume(state: str, continuation: Continuation) -> Resume:
    """As the gateway does it: the state is in the query of the request that brings it back."""
    members = dict(continuation)
    request: dict[str, Any] = {**members.pop("request", {})}
    request["query"] = {"state": state, **request.get("query", {})}
    return Resume(state=state, request=request, event=members)


def _verdicts(broker: MemoryBroker, topics: Topics, trigger: str) -> list[Verdict]:
    return [decode(Verdict, one.value) for one in broker.records(topics.decided(trigger))]


def _leg(verdict: Verdict, broker: MemoryBroker, topics: Topics) -> dict[str, Any]:
    executions = [decode(Execution, one.value) for one in broker.records(topics.executions)]
    decided_on = [
        decode(Envelope, message.value)
        for name in (topics.denied, topics.assemble)
        for message in broker.records(name)
    ]
    leg = verdict.leg
    (envelope,) = [one for one in decided_on if one.leg == leg]
    (execution,) = [one for one in executions if one.leg == leg]
    return {
        "verdict": verdict.public(),
        "commands": [_command(command) for command in envelope.commands if command.leg == leg],
        "runs": [run.model_dump(mode="json") for run in execution.runs],
        "effects": [one.model_dump(mode="json") for one in _effects(broker) if one.leg == leg],
    }


def _command(command: Command) -> dict[str, Any]:
    return {
        "action": command.action,
        "name": command.name,
        "arguments": orjson.loads(command.arguments),
    }


def _effects(broker: MemoryBroker) -> list[Effect]:
    topics = sorted({topic for topic, _ in broker.logs if ".effects." in topic})
    return [decode(Effect, message.value) for topic in topics for message in broker.records(topic)]
