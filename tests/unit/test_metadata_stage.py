"""metadata: patches applied in order for each user, once, recorded, given up in the open."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from authstream.contracts import headers as h
from authstream.contracts.avro import decode, encode
from authstream.contracts.budgets import METADATA_BYTES
from authstream.contracts.effect import MetadataPatch, PatchDone
from authstream.engine.ports import ManualClock, Message, Output, Outputs
from authstream.engine.sink import Sink
from authstream.errors import DeliveryError, RecordError
from authstream.stages import metadata as metadata_module
from authstream.stages.metadata import GIVE_UP_AFTER, Metadata
from tests.samples import FLOW, NOW, TOPICS, message, read_back

AGAIN = DeliveryError("busy", permanent=False)
NEVER = DeliveryError("no such user", permanent=True)


class FakeSink(Sink):
    """Fails with each of the given errors in turn, then applies."""

    name = "fake"

    def __init__(self, *errors: Exception) -> None:
        self.errors = list(errors)
        self.applied: list[str] = []
        self.tries = 0
        self.hops: list[int] = []

    async def apply(self, patch: MetadataPatch, *, hops: int) -> None:
        """The next error, or success."""
        self.tries += 1
        self.hops.append(hops)
        if self.errors:
            raise self.errors.pop(0)
        self.applied.append(patch.id)


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tries follow at once."""
    monkeypatch.setattr(metadata_module, "BACKOFF", timedelta(0))


def patch(patch_id: str = "p1", *, offset: int = 0, **members: Any) -> Message:
    """A patch that waits to be applied."""
    said: dict[str, Any] = {
        "id": patch_id,
        "flow_id": FLOW,
        "leg": 0,
        "tenant": "default",
        "subject": "user-1",
        "app_metadata": {"tier": "gold"},
        "user_metadata": {},
        "decided_at": NOW,
    }
    record = MetadataPatch.model_validate({**said, **members})
    headers = {h.CE_ID: patch_id, h.HOPS: "2"}
    value = encode(record)
    return message(TOPICS.user_metadata, value, headers=headers, partition=2, offset=offset)


def again(record: Message, *, offset: int) -> Message:
    """As `dead-letters replay` writes a patch that was given up."""
    said = ((h.REPLAY, b"1"), (h.SEQUENCE, b"%d" % record.offset))
    return record._replace(offset=offset, headers=(*record.headers, *said))


class Decided:
    """The one verdict that can be read again, with its caller's address."""

    async def read(self, topic: str, partition: int, offset: int) -> Message | None:
        """It is at offset 9."""
        assert (topic, partition, offset) == (TOPICS.decided("post-login"), 2, 9)
        address = {h.REPLY_PARTITION: "3", h.CORRELATION_ID: "c1"}
        return message(topic, b"verdict", headers=address, partition=2, offset=9)


def stage_of(sink: Sink, clock: ManualClock | None = None, *, concurrency: int = 16) -> Metadata:
    """The stage of a sink."""
    return Metadata(
        sink,
        topics=TOPICS,
        reader=Decided(),
        clock=clock or ManualClock(NOW + 5),
        concurrency=concurrency,
    )


async def handled(stage: Metadata, record: Message) -> Outputs:
    """What a record gives, acknowledged."""
    outputs = await stage.handle(record)
    for output in outputs:
        if output.then is not None:
            assert output.then(7) == ()
    return outputs


async def refused(stage: Metadata, record: Message) -> tuple[str, list[Output]]:
    """Why a patch is given up, and what is written for it."""
    letter, *others = await handled(stage, record)
    assert letter.topic == TOPICS.dead_letter
    return h.text(letter.headers, h.DEAD_REASON) or "", [letter, *others]


async def test_an_applied_patch_is_recorded() -> None:
    """In the same partition and under the same key, with its place in the order."""
    sink = FakeSink()
    (output,) = await handled(stage_of(sink), patch(offset=4))
    done = decode(PatchDone, output.value)
    assert (output.topic, output.partition) == (TOPICS.user_metadata_done, 2)
    assert (done.id, done.status, done.sink, done.sequence) == ("p1", "applied", "fake", 4)
    assert (sink.applied, sink.hops) == (["p1"], [2])


async def test_a_passing_problem_is_tried_again_at_once() -> None:
    """The user's next patch waits meanwhile, as the key is held: no delay topic, no other order."""
    (output,) = await handled(stage_of(FakeSink(AGAIN, TimeoutError())), patch())
    assert decode(PatchDone, output.value).attempts == 3


async def test_a_patch_is_applied_once() -> None:
    """Written twice by a crash of fanout, or read again after one of ours."""
    sink = FakeSink()
    stage = stage_of(sink)
    (done,) = await handled(stage, patch())
    assert await handled(stage, patch(offset=1)) == []
    moved = stage_of(sink)
    moved.memories[0].remember(read_back(done))
    assert await handled(moved, patch()) == []
    assert sink.applied == ["p1"]


async def test_a_patch_is_not_done_before_its_record_is() -> None:
    """Read again while the record is on its way: the record is written again."""
    sink = FakeSink()
    stage = stage_of(sink)
    (first,) = await stage.handle(patch())
    stage.memories[0].forget(TOPICS.user_metadata, 2)
    (second,) = await handled(stage, patch())
    assert (second.value, sink.applied) == (first.value, ["p1"])


@pytest.mark.parametrize("late", [False, True])
async def test_a_patch_that_cannot_be_applied_is_given_up(*, late: bool) -> None:
    """At once where no try can help, or when it was tried for a day."""
    clock = ManualClock(NOW)
    if late:
        clock.advance(GIVE_UP_AFTER + timedelta(seconds=1))
    reason, (_, output) = await refused(
        stage_of(FakeSink(AGAIN if late else NEVER), clock), patch()
    )
    done = decode(PatchDone, output.value)
    assert reason == "patch_given_up"
    assert (done.status, done.attempts) == ("dead", 1)


async def test_a_patch_asked_for_again_is_applied_under_its_id() -> None:
    """Once, however often it is asked for."""
    sink = FakeSink(NEVER)
    stage = stage_of(sink)
    await refused(stage, patch())
    assert len(await handled(stage, again(patch(), offset=5))) == 1
    assert await handled(stage, again(patch(), offset=6)) == []
    assert sink.applied == ["p1"]


async def test_a_patch_older_than_one_applied_since_is_refused() -> None:
    """Else a replay would bring back what a later login replaced; also after a move."""
    stage = stage_of(FakeSink(NEVER))
    await refused(stage, patch("p1", offset=0))
    (done,) = await handled(stage, patch("p2", offset=1))
    moved = stage_of(FakeSink())
    moved.memories[0].remember(read_back(done))
    for one in (stage, moved):
        reason, _ = await refused(one, again(patch("p1", offset=0), offset=2))
        assert reason == "stale_patch"
        other = again(patch("p3", offset=0), offset=3)._replace(key=b"default/user-2")
        assert len(await handled(one, other)) == 1


@pytest.mark.parametrize(
    ("members", "code"),
    [
        ({"subject": None}, "patch_refused"),
        ({"app_metadata": {"blocked": True}}, "patch_refused"),
        ({"user_metadata": {"a": "x" * METADATA_BYTES}}, "too_large"),
    ],
)
async def test_a_patch_over_auth0s_limits_is_refused(members: dict[str, Any], code: str) -> None:
    """The sink does not see it."""
    sink = FakeSink()
    reason, _ = await refused(stage_of(sink), patch(**members))
    assert (reason, sink.tries) == (code, 0)


async def test_the_reply_of_a_suspended_leg_follows_its_metadata() -> None:
    """Applied, done before or given up: whoever waits is answered with the verdict."""
    record = patch()
    place = f"{TOPICS.decided('post-login')} 2 9".encode()
    record = record._replace(headers=(*record.headers, (h.REPLY_WITH, place)))
    stage = stage_of(FakeSink())
    for outputs in (
        await handled(stage, record),
        await handled(stage, record),
        (await refused(stage_of(FakeSink(NEVER)), record))[1],
    ):
        reply = outputs[-1]
        assert (reply.topic, reply.partition, reply.value) == (TOPICS.replies, 3, b"verdict")
        assert h.text(reply.headers, h.CORRELATION_ID) == "c1"


async def test_bytes_that_are_no_patch_are_set_aside() -> None:
    """There is nothing to record as done."""
    stage, record = stage_of(FakeSink()), patch()._replace(value=b"garbage")
    with pytest.raises(RecordError) as caught:
        await stage.handle(record)
    (letter,) = stage.refuse(record, caught.value)
    assert h.text(letter.headers, h.DEAD_REASON) == "undecodable"


async def test_no_more_patches_than_allowed_are_under_way() -> None:
    """The sink is one destination."""
    inside, most = 0, 0

    class Slow(FakeSink):
        async def apply(self, patch: MetadataPatch, *, hops: int) -> None:  # noqa: ARG002 - counts
            nonlocal inside, most
            inside += 1
            most = max(most, inside)
            await asyncio.sleep(0.01)
            inside -= 1

    stage = stage_of(Slow(), concurrency=2)
    records = [
        patch(f"p{number}", offset=number)._replace(key=f"u{number}".encode())
        for number in range(6)
    ]
    await asyncio.gather(*(handled(stage, record) for record in records))
    assert most == 2
