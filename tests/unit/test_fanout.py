"""fanout: the consequences of a verdict, once."""

from __future__ import annotations

from typing import Any

import pytest

from authstream.apps.stages import triggers
from authstream.contracts import headers as h
from authstream.contracts.avro import decode, encode
from authstream.contracts.budgets import METADATA_HOPS
from authstream.contracts.effect import Effect, MetadataPatch
from authstream.contracts.redelivery import Redelivery
from authstream.contracts.verdict import EffectOrder
from authstream.engine.identity import effect_id, patch_id, retry_id
from authstream.engine.ports import Message
from authstream.errors import UndecodableError
from authstream.stages.fanout import Fanout
from tests.samples import FLOW, KEY, NOW, TOPICS, TRIGGERS, message, verdict

ADDRESS = {h.REPLY_PARTITION: "3", h.CORRELATION_ID: "c1", "traceparent": "00-a-b-01"}


def fanout() -> Fanout:
    """With the kind `log` installed."""
    return Fanout(topics=TOPICS, triggers=TRIGGERS, kinds=frozenset({"log"}))


def order(**members: Any) -> EffectOrder:
    """A log effect."""
    said = {"id": effect_id(FLOW, 0, 0), "kind": "log", "action": "claims", "payload": {"m": 1}}
    return EffectOrder.model_validate({**said, **members})


def decided(offset: int = 0, *, repeat: bool = False, **members: Any) -> Message:
    """A verdict in the log, for a caller that waits."""
    headers = {**ADDRESS, **({h.REPEAT: "1"} if repeat else {})}
    value = encode(verdict(**members))
    return message(TOPICS.decided("post-login"), value, headers=headers, offset=offset)


def topics(stage: Fanout, record: Message) -> list[str]:
    """Where the outputs go."""
    return [output.topic for output in stage.handle(record)]


def test_the_waiting_caller_gets_the_verdict() -> None:
    """In the partition it reads, with its correlation id, byte for byte."""
    record = decided()
    (reply,) = fanout().handle(record)
    assert (reply.topic, reply.partition, reply.value) == (TOPICS.replies, 3, record.value)
    assert h.text(reply.headers, h.CORRELATION_ID) == "c1"


def test_nobody_waits_nobody_is_answered() -> None:
    """A provider that reads `decided` itself sends no address."""
    assert topics(fanout(), decided()._replace(headers=())) == []


def test_an_address_that_is_no_number_is_ignored() -> None:
    """A header can only choose a partition, never a topic."""
    record = decided()._replace(headers=((h.REPLY_PARTITION, b"-1"),))
    assert topics(fanout(), record) == []


def test_metadata_becomes_one_patch_of_the_user() -> None:
    """Under a stable id and the flow's key, without the caller's address."""
    patches = {"app_metadata": {"a": 1}, "user_metadata": {"b": None}}
    _, output = fanout().handle(decided(metadata=patches))
    patch = decode(MetadataPatch, output.value)
    assert (output.topic, output.key) == (TOPICS.user_metadata, KEY)
    assert (patch.id, patch.subject) == (patch_id(FLOW, 0), "user-1")
    assert (patch.app_metadata, patch.user_metadata) == ({"a": 1}, {"b": None})
    assert h.first(output.headers, h.REPLY_PARTITION) is None
    assert h.first(output.headers, "traceparent") == b"00-a-b-01"


def test_an_effect_goes_to_its_kind() -> None:
    """Under the id of its order; its own key if it has one."""
    orders = (order(), order(id="second", key="invoice-7"))
    _, first, second = fanout().handle(decided(effects=orders))
    effect = decode(Effect, first.value)
    assert (first.topic, first.key, second.key) == (TOPICS.effects("log"), KEY, b"invoice-7")
    assert (effect.id, effect.action, effect.payload) == (effect_id(FLOW, 0, 0), "claims", {"m": 1})
    assert effect.ordered_at == NOW + 10


@pytest.mark.parametrize(
    ("outcome", "sent"),
    [
        ("allowed", ["on-allowed", "on-always"]),
        ("denied", ["on-denied", "on-always"]),
        ("suspended", ["on-always"]),
    ],
)
def test_an_effect_is_sent_only_for_the_outcome_it_was_ordered_for(
    outcome: str, sent: list[str]
) -> None:
    """By default for an allowed login."""
    orders = tuple(order(id=f"on-{on}", on=on) for on in ("allowed", "denied", "always"))
    outputs = fanout().handle(decided(outcome=outcome, effects=orders))[1:]
    assert [decode(Effect, output.value).id for output in outputs] == sent


def test_an_effect_of_an_unknown_kind_is_set_aside() -> None:
    """The others are sent; the letter names the action and what there is."""
    stage, record = fanout(), decided(effects=(order(kind="fax"), order()))
    _, letter, output = stage.handle(record)
    assert (letter.topic, output.topic) == (TOPICS.dead_letter, TOPICS.effects("log"))
    detail = h.text(letter.headers, h.DEAD_DETAIL) or ""
    assert all(word in detail for word in ("fax", "claims", "log"))


def test_a_second_verdict_of_a_leg_has_no_consequences() -> None:
    """A zombie's: no reply, no patch, no effect."""
    stage = fanout()
    assert len(topics(stage, decided(effects=(order(),)))) == 2
    assert topics(stage, decided(1, outcome="denied", effects=(order(),))) == []


def test_a_verdict_read_again_has_the_same_consequences() -> None:
    """After a crash, under the same ids, so sinks drop what they have done."""
    stage, record = fanout(), decided(effects=(order(),))
    assert stage.handle(record) == stage.handle(record)


def test_a_repeat_is_only_replied() -> None:
    """The effects were sent the first time."""
    stage = fanout()
    stage.handle(decided(effects=(order(),)))
    assert topics(stage, decided(1, repeat=True, effects=(order(),))) == [TOPICS.replies]


def test_the_window_is_read_back_up_to_the_own_position() -> None:
    """What lies behind it must still have its consequences."""
    stage = fanout()
    (memory,) = stage.memories
    assert memory.until_position
    headers = {h.FLOW_ID: FLOW, h.LEG: "0"}
    memory.remember(message(TOPICS.decided("post-login"), b"", headers=headers, offset=0))
    assert topics(stage, decided(1, effects=(order(),))) == []


def test_a_record_that_is_no_verdict_is_set_aside() -> None:
    """There is nobody to tell."""
    stage, record = fanout(), decided()._replace(value=b"garbage")
    with pytest.raises(UndecodableError) as caught:
        stage.handle(record)
    (letter,) = stage.refuse(record, caught.value)
    assert (letter.topic, letter.value) == (TOPICS.dead_letter, b"garbage")


def test_metadata_of_a_user_who_is_not_there_yet_is_not_patched() -> None:
    """The provider creates the user with what the verdict says; the same without any user."""
    known = triggers()
    stage = Fanout(topics=TOPICS, triggers=known, kinds=frozenset())
    patch = {"app_metadata": {"a": 1}}
    for trigger, subject in (("pre-user-registration", None), ("custom-token-exchange", None)):
        value = encode(verdict(trigger=trigger, subject=subject, metadata=patch))
        assert stage.handle(message(TOPICS.decided(trigger), value)) == []


def test_a_user_whom_an_action_chose_has_their_own_key() -> None:
    """So that their metadata stays in order with that of their logins."""
    stage = Fanout(topics=TOPICS, triggers=triggers(), kinds=frozenset())
    chosen = verdict(
        trigger="custom-token-exchange", subject="user-1", metadata={"app_metadata": {"a": 1}}
    )
    record = message(TOPICS.decided("custom-token-exchange"), encode(chosen))
    (patch,) = stage.handle(record._replace(key=b"default/some-flow"))
    assert patch.key == KEY


def test_an_effect_ordered_for_later_says_when() -> None:
    """So long after the verdict as the order says."""
    _, output = fanout().handle(decided(effects=(order(delay_ms=5_000),)))
    assert decode(Effect, output.value).not_before == NOW + 10 + 5_000


PATCHED: dict[str, Any] = {"metadata": {"app_metadata": {"a": 1}}}


def test_a_caller_that_reads_its_own_writes_is_answered_after_its_patch_is_written() -> None:
    """Its next login then finds the patch in the log."""
    stage = Fanout(topics=TOPICS, triggers=TRIGGERS, kinds=frozenset({"log"}), own_writes=True)
    (output,) = stage.handle(decided(**PATCHED))
    assert output.topic == TOPICS.user_metadata
    assert output.then is not None
    assert [reply.topic for reply in output.then(0)] == [TOPICS.replies]


def test_metadata_writes_that_cause_each_other_end() -> None:
    """Each patch counts one more than the event it comes of; at the limit none is written."""
    record = decided(**PATCHED)
    last = record._replace(headers=(*record.headers, (h.HOPS, b"%d" % (METADATA_HOPS - 1))))
    _, output = fanout().handle(last)
    assert h.number(output.headers, h.HOPS) == METADATA_HOPS
    over = record._replace(headers=(*record.headers, (h.HOPS, b"%d" % METADATA_HOPS)))
    reply, letter = fanout().handle(over)
    assert (reply.topic, letter.topic) == (TOPICS.replies, TOPICS.dead_letter)
    assert h.text(letter.headers, h.DEAD_REASON) == "metadata_loop"


def test_a_replayed_login_is_answered_and_nothing_else() -> None:
    """Unless its effects were asked for, which leaves the header out."""
    record = decided(effects=(order(),), **PATCHED)
    record = record._replace(headers=(*record.headers, (h.EFFECTS, h.EFFECTS_OFF)))
    assert topics(fanout(), record) == [TOPICS.replies]


RETRY = {"waits_ms": (2_000, 4_000), "attempt": 1, "partition": 3, "offset": 9}


def test_a_retry_orders_the_event_again() -> None:
    """Under an id made of the flow's, when the first of its waits is over; of a repeat nothing."""
    stage = fanout()
    failed: dict[str, Any] = {
        "outcome": "failed",
        "code": "action_error",
        "reason": "it broke",
        "retry": RETRY,
    }
    record = decided(**failed)
    _, output = stage.handle(record)
    order = decode(Redelivery, output.value)
    assert (output.topic, output.key) == (TOPICS.redelivery, order.id.encode())
    assert order == Redelivery(
        id=retry_id(FLOW),
        flow_id=FLOW,
        tenant="default",
        trigger="post-login",
        partition=3,
        offset=9,
        attempt=2,
        due_at=NOW + 10 + 2_000,
        reason="it broke",
    )
    assert h.first(output.headers, h.REPLY_PARTITION) is None
    assert topics(stage, decided(offset=1, repeat=True, **failed)) == [TOPICS.replies]


def test_a_retry_without_a_wait_gives_the_event_up() -> None:
    """At once: there is nothing to wait for."""
    _, output = fanout().handle(decided(outcome="failed", retry={**RETRY, "waits_ms": ()}))
    order = decode(Redelivery, output.value)
    assert (order.given_up, order.due_at) == (True, NOW + 10)


def test_an_event_that_nobody_can_find_is_not_ordered() -> None:
    """Of a verdict by an older version, or of a flow that only its headers told of."""
    assert topics(fanout(), decided(outcome="failed", retry={"waits_ms": (1,)})) == [TOPICS.replies]
