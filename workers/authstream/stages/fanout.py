"""fanout: answers the waiting caller and splits a verdict into patches and effects, once."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import timedelta

from authstream.contracts import headers as h
from authstream.contracts.avro import decode
from authstream.contracts.budgets import DECIDED_WINDOW, METADATA_HOPS
from authstream.contracts.effect import Effect, MetadataPatch
from authstream.contracts.topics import Topics
from authstream.contracts.verdict import EffectOrder, Verdict
from authstream.engine import retries
from authstream.engine.first_wins import FirstWins
from authstream.engine.identity import patch_id
from authstream.engine.ports import Memory, Message, Output, Outputs, Stage
from authstream.engine.trigger import Trigger
from authstream.engine.windows import Windows
from authstream.errors import RecordError
from authstream.metrics.registry import REGISTRY
from authstream.stages.outputs import dead_letter, record_output
from authstream.stages.replies import put_off, reply


class Fanout(Stage):
    """Reads every `decided` topic.

    Only the first record of a leg has consequences; a repeat is only replied.
    """

    name = "fanout"

    def __init__(  # noqa: PLR0913 - what it is made of, by name
        self,
        *,
        topics: Topics,
        triggers: dict[str, Trigger],
        kinds: frozenset[str],
        metadata_replies: bool = False,
        own_writes: bool = False,
        window: timedelta = DECIDED_WINDOW,
        windows: Windows | None = None,
    ) -> None:
        """Who replies to a leg with a patch.

        `metadata_replies`: if it is suspended, the metadata stage. `own_writes`: its caller is
        answered after the patch is in the log, so that the user's next login sees it.
        """
        self.topics = tuple(topics.decided(name) for name in triggers)
        self.frequent = tuple(topics.decided(n) for n, one in triggers.items() if one.frequent)
        self._names = topics
        self._kinds = kinds
        self._awaited = {name for name, trigger in triggers.items() if trigger.blocking}
        self._patched = {name for name, trigger in triggers.items() if trigger.patches_metadata}
        self._metadata_replies = metadata_replies
        self._own_writes = own_writes
        self._first = FirstWins(window, windows=windows)
        self.memories = (
            Memory(
                self.topics,
                window,
                self._first.remember,
                self._first.forget,
                until_position=True,
                windows=windows,
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
        if verdict.trigger in self._awaited:
            REGISTRY.histogram("authstream.verdict.duration", verdict.trigger).observe(
                time.time() - verdict.requested_at / 1000
            )
        outputs = [*self._answer_and_patch(message, verdict), *self._effects(message, verdict)]
        if verdict.retry is not None:
            outputs += self._redelivery(message, verdict)
        return outputs

    def _answer_and_patch(self, message: Message, verdict: Verdict) -> list[Output]:
        replies = list(self._reply(message))
        patch = self._patch(message, verdict)
        if patch is None:
            return replies
        if patch.topic == self._names.user_metadata:
            if self._metadata_replies and verdict.outcome == "suspended":
                # Nothing is pending when the browser leaves.
                return [put_off(patch, message)]
            if self._own_writes:

                def written(_offset: int) -> Outputs:
                    return replies

                return [patch._replace(then=written)]
        return [*replies, patch]

    def refuse(self, message: Message, error: RecordError) -> Outputs:
        """A dead letter; nobody can be answered by a verdict that cannot be read."""
        return [dead_letter(self._names.dead_letter, message, error, stage=self.name)]

    def _reply(self, message: Message) -> Iterator[Output]:
        answer = reply(self._names, message)
        if answer is not None:
            yield answer

    def _patch(self, message: Message, verdict: Verdict) -> Output | None:
        """The patch, or a dead letter in its place."""
        metadata = verdict.metadata
        if not metadata.app_metadata and not metadata.user_metadata:
            return None
        if verdict.trigger not in self._patched or verdict.subject is None:
            # There is no such user yet: who creates them takes the metadata from the verdict.
            return None
        hops = (h.number(message.headers, h.HOPS) or 0) + 1
        if hops > METADATA_HOPS:
            error = MetadataLoopError(
                f"flow {verdict.flow_id} comes of {hops - 1} metadata writes in a row: one of its "
                "actions writes metadata whenever metadata was written"
            )
            return dead_letter(self._names.dead_letter, message, error, stage=self.name)
        patch = MetadataPatch(
            id=patch_id(verdict.flow_id, verdict.leg),
            flow_id=verdict.flow_id,
            leg=verdict.leg,
            tenant=verdict.tenant,
            subject=verdict.subject,
            app_metadata=metadata.app_metadata,
            user_metadata=metadata.user_metadata,
            decided_at=verdict.decided_at,
        )
        output = record_output(
            self._names.user_metadata,
            patch,
            kind="metadata-patch",
            event_id=patch.id,
            # The flow's own key, unless an action chose the user: then that user's.
            key=f"{verdict.tenant}/{verdict.subject}".encode(),
            source=message,
        )
        headers = (*h.without(output.headers, (h.HOPS,)), (h.HOPS, b"%d" % hops))
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

    def _redelivery(self, message: Message, verdict: Verdict) -> Iterator[Output]:
        again = retries.order(verdict)
        if again is not None:
            yield record_output(
                self._names.redelivery,
                again,
                kind="redelivery",
                event_id=again.id,
                key=again.id.encode(),
                source=message,
            )

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
            subject=verdict.subject,
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
