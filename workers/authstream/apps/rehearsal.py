"""Runs whole flows on this machine: real actions, real stages, memory instead of a broker."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson

from authstream.apps.build import say_nothing
from authstream.apps.stages import assembly
from authstream.broker.memory import MemoryBroker, MemoryRunner
from authstream.contracts import headers as h
from authstream.contracts.avro import decode
from authstream.contracts.effect import Effect
from authstream.contracts.envelope import Command, Envelope
from authstream.contracts.execution import Execution
from authstream.contracts.verdict import Verdict
from authstream.control.dependencies import Say
from authstream.engine.ports import Output, SystemClock
from authstream.settings import MetadataSettings, Settings


async def rehearse(
    folder: Path, event: bytes, *, trigger: str, say: Say = say_nothing
) -> dict[str, Any]:
    """`{verdict, commands, runs, effects}` of one event, JSON-ready.

    Effects are listed, not delivered.

    Raises ConfigurationError for a folder that cannot be loaded.
    """
    clock = SystemClock()
    broker = MemoryBroker(clock)
    # Nothing is written anywhere, and nothing is read but the event.
    settings = Settings().model_copy(update={"metadata": MetadataSettings()})
    assembled = assembly(folder, settings, reader=broker, clock=clock, missing_secret="", say=say)
    runner = MemoryRunner(
        broker, [stage for stage in assembled.stages if not stage.name.startswith("effect.")]
    )
    await runner.start()
    try:
        broker.append(
            Output(
                assembled.topics.requested(trigger),
                None,
                event,
                h.make({h.CE_ID: "rehearsal", h.CE_SOURCE: "authstream-test"}),
            )
        )
        await runner.run_until_idle()
    finally:
        await runner.stop()
    verdict = decode(Verdict, broker.records(assembled.topics.decided(trigger))[0].value)
    execution = decode(Execution, broker.records(assembled.topics.executions)[0].value)
    decided_on = [
        decode(Envelope, message.value)
        for name in (assembled.topics.denied, assembled.topics.assemble)
        for message in broker.records(name)
    ]
    return {
        "verdict": verdict.public(),
        "commands": [_command(command) for command in decided_on[0].commands],
        "runs": [run.model_dump(mode="json") for run in execution.runs],
        "effects": [effect.model_dump(mode="json") for effect in _effects(broker)],
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
