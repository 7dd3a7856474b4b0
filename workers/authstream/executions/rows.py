"""Rows of the index from records of topics: executions, and notes on what followed."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import NamedTuple

from authstream.contracts import headers as h
from authstream.contracts.answer import Answered
from authstream.contracts.avro import decode
from authstream.contracts.effect import Effect, EffectDone, PatchDone
from authstream.contracts.execution import Execution
from authstream.contracts.model import Record
from authstream.contracts.topics import DELAYS, Topics
from authstream.engine.ports import Message
from authstream.errors import RecordError
from authstream.executions.port import Letter, Retry
from authstream.telemetry import remote_parent


class LegRow(NamedTuple):
    """One execution, for the tables that are searched."""

    execution: Execution
    body: bytes
    written_at: int
    trace_id: str | None

    @property
    def words(self) -> str:
        """What somebody may look for."""
        said = self.execution
        lines = [said.reason or ""]
        for run in said.runs:
            lines += [run.error or "", *(line.text for line in run.console)]
        return "\n".join(filter(None, lines))


class NoteRow(NamedTuple):
    """Something that followed: an answer, a delivery, a patch, a dead letter."""

    flow_id: str
    kind: str
    id: str
    at: int
    body: str
    #: Where it is one.
    answer: Answered | None = None


Row = LegRow | NoteRow
Reader = Callable[[Message], Row | None]


def readers(topics: Topics, kinds: Iterable[str]) -> dict[str, Reader]:
    """What reads the records of each topic that the index follows."""
    found: dict[str, Reader] = {
        topics.executions: _leg,
        topics.answers: _answer,
        topics.user_metadata_done: _patch,
        topics.dead_letter: _letter,
    }
    for kind in kinds:
        found[topics.effects_done(kind)] = _delivery
        found |= dict.fromkeys((topics.effects_retry(kind, delay) for delay in DELAYS), _retry)
    return found


def row(reader: Reader, message: Message) -> Row | None:
    """The row of a record; None for one that is about no flow, or that nobody can read."""
    try:
        return reader(message)
    except RecordError:
        return None


def _leg(message: Message) -> LegRow:
    execution = decode(Execution, message.value)
    return LegRow(execution, message.value or b"", message.timestamp, _trace(message))


def _trace(message: Message) -> str | None:
    """The id of a trace that is recorded."""
    parent = remote_parent(message.headers)
    return f"{parent.trace_id:032x}" if parent and parent.trace_flags.sampled else None


def _answer(message: Message) -> NoteRow:
    said = decode(Answered, message.value)
    place = f"{message.partition}/{message.offset}"
    note = _note(said.flow_id, "answer", place, said.answered_at, said)
    return note._replace(answer=said)


def _delivery(message: Message) -> NoteRow:
    done = decode(EffectDone, message.value)
    return _note(done.flow_id, "effect", done.id, done.done_at, done)


def _patch(message: Message) -> NoteRow:
    done = decode(PatchDone, message.value)
    return _note(done.flow_id, "patch", done.id, done.done_at, done)


def _retry(message: Message) -> NoteRow:
    effect = decode(Effect, message.value)
    retry = Retry(
        id=effect.id,
        kind=effect.kind,
        attempts=h.number(message.headers, h.ATTEMPT) or 0,
        reason=h.text(message.headers, h.LAST_ERROR) or "",
        waits_since=message.timestamp,
    )
    return _note(effect.flow_id, "retry", effect.id, message.timestamp, retry)


def _letter(message: Message) -> NoteRow | None:
    headers = message.headers
    flow_id, reason = h.text(headers, h.FLOW_ID), h.text(headers, h.DEAD_REASON)
    if flow_id is None or reason is None:
        return None
    letter = Letter(
        place=f"{message.partition}/{message.offset}",
        reason=reason,
        detail=h.text(headers, h.DEAD_DETAIL) or "",
        stage=h.text(headers, h.DEAD_STAGE) or "",
        topic=h.text(headers, h.DEAD_TOPIC) or "",
        at=message.timestamp,
        trace_id=_trace(message),
    )
    return _note(flow_id, "letter", letter.place, message.timestamp, letter)


def _note(flow_id: str, kind: str, note_id: str, at: int, said: Record) -> NoteRow:
    return NoteRow(flow_id, kind, note_id, at, said.model_dump_json())
