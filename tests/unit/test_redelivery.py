"""redelivery: an event is published again when its time has come, or given up."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import orjson
import pytest

from authstream.apps.stages import triggers
from authstream.contracts import headers as h
from authstream.contracts.avro import decode, encode
from authstream.contracts.login_event import LoginEvent
from authstream.contracts.redelivery import Redelivery
from authstream.engine.identity import retry_id
from authstream.engine.ports import ManualClock, Message
from authstream.stages.redelivery import EventGoneError, RedeliveryStage
from tests.samples import FLOW, NOW, TOPICS, message

EVENT = orjson.dumps({"notification": {"to": "ada@example.com", "text": "Your code is 123"}})
TRIGGER = "custom-email-provider"
PUBLISHED = {
    h.CE_ID: "mail-1",
    h.CE_SOURCE: "idp",
    h.DEDUP: "none",
    h.DEADLINE: f"{NOW}",
    h.REPLY_PARTITION: "3",
    h.CORRELATION_ID: "c1",
    "traceparent": "00-first-try-01",
}


class Requested:
    """The `requested` topic, with one record at partition 2, offset 7."""

    def __init__(self, value: bytes = EVENT, headers: dict[str, str] | None = None) -> None:
        self.record = message(
            TOPICS.requested(TRIGGER),
            value,
            headers={**PUBLISHED, **(headers or {})},
            partition=2,
            offset=7,
        )

    async def read(self, topic: str, partition: int, offset: int) -> Message | None:
        """The record, where it is."""
        there = self.record
        return there if (topic, partition, offset) == there[:3] else None


def order(**members: Any) -> Message:
    """An order of a second further try, due in two seconds."""
    said = {
        "id": retry_id(FLOW),
        "flow_id": FLOW,
        "tenant": "default",
        "trigger": TRIGGER,
        "partition": 2,
        "offset": 7,
        "attempt": 2,
        "due_at": NOW + 2_000,
    }
    value = encode(Redelivery.model_validate({**said, **members}))
    made = message(TOPICS.redelivery, value, headers={"traceparent": "00-verdict-01"}, partition=1)
    return made._replace(key=retry_id(FLOW).encode())


def stage(clock: ManualClock, reader: Requested | None = None) -> RedeliveryStage:
    """The stage over one record."""
    return RedeliveryStage(
        topics=TOPICS, triggers=triggers(), reader=reader or Requested(), clock=clock
    )


def due() -> ManualClock:
    """The time that the order names."""
    return ManualClock(NOW + 2_000)


async def test_an_event_is_published_again_as_it_was() -> None:
    """Under the id of its order, with what it is; nobody waits for it, and it may be repeated."""
    (output,) = await stage(due()).handle(order())
    there = Requested().record
    assert (output.topic, output.key, output.value) == (there.topic, there.key, there.value)
    assert output.partition is None
    assert dict(output.headers) == {
        h.CE_ID: retry_id(FLOW).encode(),
        h.CE_SOURCE: b"idp",
        h.TRIES: b"2",
        "traceparent": b"00-verdict-01",
    }


async def test_an_event_with_its_id_inside_has_the_new_one() -> None:
    """The Avro form names the event itself."""
    login = LoginEvent(id="mail-1", source="idp", dedup="none", data=EVENT)
    reader = Requested(encode(login), {h.CONTENT_TYPE: h.AVRO_TYPE.decode()})
    (output,) = await stage(due(), reader).handle(order())
    renamed = decode(LoginEvent, output.value)
    assert renamed == LoginEvent(id=retry_id(FLOW), source="idp", dedup="id", data=EVENT)


async def test_an_event_is_held_back_until_it_is_due() -> None:
    """For less than the shortest delay, here."""
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.05):
            await stage(ManualClock(NOW)).handle(order())


@pytest.mark.parametrize(("wait", "delay"), [(150, "1m"), (61, "1m"), (59, "5s"), (5, "5s")])
async def test_an_event_that_waits_longer_waits_in_a_delay_topic(wait: int, delay: str) -> None:
    """The longest that ends in time: nobody is held up by it meanwhile."""
    record = order(due_at=NOW + wait * 1_000)
    (output,) = await stage(ManualClock(NOW)).handle(record)
    assert (output.topic, output.partition) == (TOPICS.redelivery_retry(delay), 1)
    assert output[1:4] == (record.key, record.value, record.headers)


async def test_an_event_that_is_given_up_is_a_dead_letter() -> None:
    """With where it was published, so that it can be published once more; without secrets."""
    reader = Requested(headers={h.TRIES: "5"})
    given_up = order(given_up=True, reason="SMTP said no", attempt=6)
    (letter,) = await stage(due(), reader).handle(given_up)
    assert letter.topic == TOPICS.dead_letter
    said = dict(letter.headers)
    assert said[h.DEAD_REASON] == b"retries_exhausted"
    assert b"SMTP said no" in said[h.DEAD_DETAIL]
    assert h.TRIES not in said
    assert (said[h.DEAD_TOPIC], said[h.DEAD_OFFSET]) == (TOPICS.requested(TRIGGER).encode(), b"7")
    assert orjson.loads(letter.value or b"") == {"notification": {"to": "ada@example.com"}}


async def test_an_event_that_is_gone_is_said_to_be() -> None:
    """A dead letter of the order: somebody is waiting for that mail."""
    made = stage(due())
    with pytest.raises(EventGoneError, match="offset 8") as gone:
        await made.handle(order(offset=8))
    (letter,) = made.refuse(order(offset=8), gone.value)
    assert letter.topic == TOPICS.dead_letter


async def test_no_order_waits_longer_than_the_stage_allows() -> None:
    """Its handler's limit is over the shortest delay."""
    assert RedeliveryStage.timeout > timedelta(seconds=5)
