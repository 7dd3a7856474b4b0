"""Replies: at once, or carried by a metadata patch until that is applied."""

from __future__ import annotations

import pytest

from authstream.broker.memory import MemoryBroker
from authstream.contracts import headers as h
from authstream.contracts.avro import decode, encode
from authstream.contracts.verdict import Metadata, Verdict
from authstream.engine.ports import ManualClock, Message, Output
from authstream.stages.fanout import Fanout
from authstream.stages.replies import due
from tests.samples import KEY, NOW, TOPICS, TRIGGERS, message, read_back, verdict

DECIDED = TOPICS.decided("post-login")
PATCH = Metadata(app_metadata={"a": 1})


def said(broker: MemoryBroker, outcome: str, metadata: Metadata = PATCH) -> Message:
    """A verdict in the log, whose caller waits on partition 3."""
    value = encode(verdict(outcome=outcome, metadata=metadata))
    headers = h.make({h.REPLY_PARTITION: "3", h.CORRELATION_ID: "abc", h.LEG: "0"})
    return broker.append(Output(DECIDED, KEY, value, headers, 2))


def fanout(*, metadata_replies: bool) -> Fanout:
    """The stage."""
    return Fanout(
        topics=TOPICS, triggers=TRIGGERS, kinds=frozenset(), metadata_replies=metadata_replies
    )


async def test_a_suspended_leg_is_answered_when_its_patch_is_applied() -> None:
    """Where a metadata stage does that, fanout does not reply; the patch says to whom and what."""
    broker = MemoryBroker(ManualClock(NOW))
    leg = said(broker, "suspended")
    (patch,) = fanout(metadata_replies=True).handle(leg)
    assert patch.topic == TOPICS.user_metadata
    answer = await due(read_back(patch), topics=TOPICS, reader=broker)
    assert answer is not None
    assert (answer.topic, answer.partition) == (TOPICS.replies, 3)
    assert decode(Verdict, answer.value).outcome == "suspended"
    assert h.text(answer.headers, h.CORRELATION_ID) == "abc"


@pytest.mark.parametrize(
    ("outcome", "metadata", "metadata_replies"),
    [
        ("suspended", PATCH, False),
        ("suspended", Metadata(), True),
        ("allowed", PATCH, True),
        ("denied", PATCH, True),
    ],
)
async def test_all_others_are_answered_at_once(
    outcome: str, metadata: Metadata, *, metadata_replies: bool
) -> None:
    """Nothing is pending, or the browser does not leave; a patch then carries no reply."""
    broker = MemoryBroker(ManualClock(NOW))
    leg = said(broker, outcome, metadata)
    reply, *patches = fanout(metadata_replies=metadata_replies).handle(leg)
    assert reply.topic == TOPICS.replies
    for patch in patches:
        assert await due(read_back(patch), topics=TOPICS, reader=broker) is None


@pytest.mark.parametrize(
    "place",
    [
        "",
        f"{DECIDED}",
        f"{DECIDED} 2",
        f"{DECIDED} 2 x",
        f"{DECIDED} 2 9",
        f"{TOPICS.suspended} 2 0",
        "other.post-login.decided.v1 2 0",
    ],
)
async def test_a_reply_comes_from_a_topic_of_verdicts(place: str) -> None:
    """Whatever a header says."""
    broker = MemoryBroker(ManualClock(NOW))
    said(broker, "suspended")
    patch = message(TOPICS.user_metadata, b"", headers={h.REPLY_WITH: place})
    assert await due(patch, topics=TOPICS, reader=broker) is None
