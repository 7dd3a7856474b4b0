"""Answers the questions of a guest's runs; a guest is not trusted, so every part is checked."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, cast

import orjson
import structlog

from authstream.engine.program import Program
from authstream.engine.queries import answer
from authstream.errors import AuthstreamError
from authstream.sandbox.job import Job
from authstream.sandbox.protocol import FrameError, FrameType, encode

#: Questions of one run; one more is refused, as each costs the worker's time.
QUESTIONS_PER_RUN = 100


class TooManyQuestionsError(AuthstreamError):
    """A run asks without end."""

    code = "too_many_questions"


class Questions:
    """The questions under way of one guest."""

    def __init__(self, program: Program, write: Callable[[bytes], None]) -> None:
        self._program = program
        self._write = write
        self._tasks: set[asyncio.Task[None]] = set()

    def ask(self, job: Job, number: int, payload: bytes) -> None:
        """Answer a CALL frame of a run, in its own time."""
        task = asyncio.get_running_loop().create_task(self._reply(job, number, payload))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def close(self) -> None:
        """The guest is gone: nobody waits for answers."""
        for task in self._tasks:
            task.cancel()

    async def _reply(self, job: Job, number: int, payload: bytes) -> None:
        said = _question(payload)
        if said is None:
            return
        reply: dict[str, Any] = {"call": said["call"]}
        try:
            reply["result"] = await self._answer(job, said)
            frame = encode(FrameType.REPLY, number, orjson.dumps(reply))
        except (AuthstreamError, FrameError) as error:
            refusal = {"call": said["call"], "error": str(error)}
            frame = encode(FrameType.REPLY, number, orjson.dumps(refusal))
        except Exception:  # noqa: BLE001 - a source may be anybody's; the action must not wait for it
            structlog.get_logger("authstream.sandbox").exception(
                "lookup_failed", action=self._program.action, name=said["name"]
            )
            refusal = {"call": said["call"], "error": "the source failed: see the worker's log"}
            frame = encode(FrameType.REPLY, number, orjson.dumps(refusal))
        self._write(frame)

    async def _answer(self, job: Job, said: dict[str, Any]) -> dict[str, Any]:
        job.questions += 1
        if job.questions > QUESTIONS_PER_RUN:
            raise TooManyQuestionsError(f"more than {QUESTIONS_PER_RUN} questions in one run")
        return await answer(
            said["name"],
            said["arguments"],
            trigger=self._program.trigger,
            event=job.invocation.event,
            lookups=self._program.lookups,
        )


def _question(payload: bytes) -> dict[str, Any] | None:
    try:
        said = orjson.loads(payload)
    except orjson.JSONDecodeError:
        return None
    match said:
        case {"call": int(), "name": str(), "arguments": list()}:
            return cast("dict[str, Any]", said)
        case _:
            return None
