"""Replies to callers that wait: at once, or when a metadata patch is applied."""

from __future__ import annotations

from authstream.contracts import headers as h
from authstream.contracts.topics import Topics
from authstream.engine.ports import Message, Output, PointReader

_ADDRESS = (h.REPLY_PARTITION, h.CORRELATION_ID)


def reply(topics: Topics, verdict: Message) -> Output | None:
    """A verdict to the caller that its headers name, if there is one."""
    partition = h.number(verdict.headers, h.REPLY_PARTITION)
    if partition is None:
        return None
    return Output(topics.replies, verdict.key, verdict.value, verdict.headers, partition)


def put_off(patch: Output, verdict: Message) -> Output:
    """A metadata patch that carries the reply: who waits, and where the verdict is."""
    place = f"{verdict.topic} {verdict.partition} {verdict.offset}"
    address = tuple(item for item in verdict.headers if item[0] in _ADDRESS)
    return patch._replace(headers=(*patch.headers, *address, (h.REPLY_WITH, place.encode())))


async def due(patch: Message, *, topics: Topics, reader: PointReader) -> Output | None:
    """The reply that a patch carries, to write once it is applied or given up; None: none.

    The verdict is read from the log, and only from one of our `decided` topics.
    """
    topic, _, place = (h.text(patch.headers, h.REPLY_WITH) or "").partition(" ")
    partition, _, offset = place.partition(" ")
    if not topics.is_decided(topic) or not (partition.isdigit() and offset.isdigit()):
        return None
    verdict = await reader.read(topic, int(partition), int(offset))
    return None if verdict is None else reply(topics, verdict)
