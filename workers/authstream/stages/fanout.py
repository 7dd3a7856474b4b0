"""fanout: answers the waiting caller and splits a verdict into patches and effects, once."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from authstream.contracts import headers as h
from authstream.contracts.avro import decode
from authstream.contracts.budgets import DECIDED_WINDOW, METADATA_HOPS
from authstream.contracts.effect import Effect, MetadataPatch
from authstream.contracts.topics import Topics
from authstream.contracts.verdict import EffectOrder, Verdict
from authstream.engine.first_wins import FirstWins
from authstream.engine.identity import patch_id
from authstream.engine.ports import Memory, Message, Output, Outputs, Stage
from authstream.engine.trigger import Trigger
from authstream.errors import RecordError
from authstream.stages.outputs import dead_letter, record_output

#: Where a caller waits.
_ADDRESS = (h.REPLY_PARTITION, h.CORRELATION_ID)


class Fanout(Stage):
    """Reads every `decided` topic.

    Only the first record of a leg has consequences; a repeat is only replied.
    """

    name = "fanout"

    def __init__(
        self,
        *,
        topics: Topics,
        triggers: dict[str, Trigger],
        kinds: frozenset[str],
        window: timedelta = DECIDED_WINDOW,
        own_writes: bool = False,
    ) -> None:
        self.topics = tuple(topics.decided(name) for name in triggers)
        self._names = topics
        self._kinds = kinds
        #: A caller is answered after its patch is in the log, so that its next login sees it.
        self._own_writes = own_writes
        self._first = FirstWins(window)
        self.memories = (
            Memory(
                self.topics, window, self._first.remember, self._first.forget, until_position=True
            ),
        )

    def handle(self, message: Message) -> Outputs:
        """The reply, the patch and the effects of a verdict.

        Raises RecordError when it is not one.
        """
        verdict = decode(Verdict, message.value)
        if not self._first.accepts(message, verdict.flow_id, verdict.leg):
            # A zombie's second verdict: nobody must hear of it. A repeat says the first one again.
            return (
                list(self._reply(message)) if h.first(message.headers, h.REPEAT) is not None else ()
            )
        if h.first(message.headers, h.EFFECTS) == h.EFFECTS_OFF:
            return list(self._reply(message))
        return [
            *self._answer_and_patch(message, verdict),
            *self._effects(message, verdict),
        ]

    def refuse(self, message: Message, error: RecordError) -> Outputs:
        """A dead letter; nobody can be answered by a verdict that cannot be read."""
        return [dead_letter(self._names.dead_letter, message, error, stage=self.name)]

    def _reply(self, message: Message) -> Iterator[Output]:
        partition = h.number(message.headers, h.REPLY_PARTITION)
        if partition is not None:
            yield Output(
                self._names.replies, message.key, message.value, message.headers, partition
            )

    def _answer_and_patch(self, message: Message, verdict: Verdict) -> list[Output]:
        reply = list(self._reply(message))
        metadata = verdict.metadata
        if not metadata.app_metadata and not metadata.user_metadata:
            return reply
        hops = (h.number(message.headers, h.HOPS) or 0) + 1
        if hops > METADATA_HOPS:
            error = MetadataLoopError(
                f"flow {verdict.flow_id} comes of {hops - 1} metadata writes in a row: one of its "
                "actions writes metadata whenever metadata was written"
            )
            letter = dead_letter(self._names.dead_letter, message, error, stage=self.name)
            return [*reply, letter]
        patch = self._patch(message, verdict, hops=hops)
        if verdict.outcome == "suspended":
            # The browser leaves when its metadata is there: the stage `metadata` answers.
            return [patch]
        if not self._own_writes:
            return [*reply, patch]

        def written(_offset: int) -> Outputs:
            return reply

        return [patch._replace(then=written)]

    def _patch(self, message: Message, verdict: Verdict, *, hops: int) -> Output:
        suspended = verdict.outcome == "suspended"
        patch = MetadataPatch(
            id=patch_id(verdict.flow_id, verdict.leg),
            flow_id=verdict.flow_id,
            leg=verdict.leg,
            tenant=verdict.tenant,
            subject=verdict.subject,
            app_metadata=verdict.metadata.app_metadata,
            user_metadata=verdict.metadata.user_metadata,
            decided_at=verdict.decided_at,
            reply=(message.value or b"") if suspended else b"",
        )
        output = record_output(
            self._names.user_metadata,
            patch,
            kind="metadata-patch",
            event_id=patch.id,
            key=message.key,
            source=message,
        )
        headers = (*h.without(output.headers, (h.HOPS,)), (h.HOPS, b"%d" % hops))
        if suspended:
            headers += tuple(pair for pair in message.headers if pair[0] in _ADDRESS)
        return output._replace(headers=headers)

    def _effects(self, message: Message, verdict: Verdict) -> Iterator[Output]:
        for order in verdict.effects:
            if order.on not in ("always", verdict.outcome):
                continue
            if order.kind in self._kinds:
                yield self._effect(message, verdict, order)
            else:
                error = UnknownKindError(
                    f"no effect kind {order.kind!r} is installed: action {order.action} ordered "
                    f"it, known are {sorted(self._kinds)}"
                )
                yield dead_letter(self._names.dead_letter, message, error, stage=self.name)

    def _effect(self, message: Message, verdict: Verdict, order: EffectOrder) -> Output:
        effect = Effect(
            id=order.id,
            kind=order.kind,
            flow_id=verdict.flow_id,
            leg=verdict.leg,
            tenant=verdict.tenant,
            trigger=verdict.trigger,
            action=order.action,
            payload=order.payload,
            ordered_at=verdict.decided_at,
            not_before=verdict.decided_at + order.delay_ms if order.delay_ms else 0,
        )
        key = order.key.encode() if order.key else message.key
        return record_output(
            self._names.effects(order.kind),
            effect,
            kind="effect",
            event_id=order.id,
            key=key,
            source=message,
        )


class MetadataLoopError(RecordError):
    """A metadata write would follow on too many others, each the cause of the next event."""

    code = "metadata_loop"


class UnknownKindError(RecordError):
    """A verdict orders an effect of a kind that is not installed."""

    code = "unknown_effect_kind"
