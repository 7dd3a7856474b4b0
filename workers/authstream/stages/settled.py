"""What became of the effects or patches of a stage, by id: read back from their `done` topic."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from authstream.contracts import headers as h
from authstream.contracts.effect import EffectDone, PatchDone
from authstream.engine.ports import Message, Output, Outputs
from authstream.engine.windows import Window, Windows
from authstream.stages.outputs import record_output

_DEAD, _DONE = 0, 1
#: Of the order's way here, not of what was done.
_LEFT_OUT = (*h.TRIP, h.REPLAY, h.REPLY_WITH)


class Settled:
    """An id that is done is not worked on again; one that was given up is, if somebody asks."""

    def __init__(self, topic: str, *, kind: str, windows: Windows) -> None:
        """`kind` of the records in the `done` topic, e.g. `effect-done`."""
        self._topic = topic
        self._kind = kind
        self._windows = windows
        #: Done, but the record of it is not acknowledged: it may yet be lost.
        self._unrecorded: dict[str, Output] = {}

    def known(self, message: Message, name: str) -> Outputs | None:
        """What is left to write for an order that was met before; None: it is still to be done."""
        if name in self._unrecorded:
            # Read again after a rebalance: this message must not be done before the record is.
            return [self._unrecorded[name]]
        return () if self.finished(message, name) else None

    def finished(self, message: Message, name: str) -> bool:
        """There is a record of it."""
        known = self._of(message.partition).get(name.encode())
        asked = h.first(message.headers, h.REPLAY) is not None
        return known == _DONE or (known == _DEAD and not asked)

    def record(
        self,
        message: Message,
        done: EffectDone | PatchDone,
        headers: Mapping[str, str] = MappingProxyType({}),
    ) -> Output:
        """The record of what became of an order: where its next owner looks for it."""
        written = record_output(
            self._topic,
            done,
            kind=self._kind,
            event_id=done.id,
            key=message.key,
            source=message._replace(headers=h.without(message.headers, _LEFT_OUT)),
            partition=message.partition,
        )
        said = h.make({h.STATUS: done.status, **headers})
        output = written._replace(headers=written.headers + said)
        dead = done.status == "dead"
        if not dead:
            self._unrecorded[done.id] = output
        return output._replace(then=self._on_recorded(message, done.id, _DEAD if dead else _DONE))

    def remember(self, message: Message) -> str | None:
        """Take in a record of the `done` topic; the id it is about."""
        name = h.first(message.headers, h.CE_ID)
        if name is None:
            return None
        status = _DONE if was_done(message) else _DEAD
        self._of(message.partition).replace(name, status, at=message.timestamp)
        return name.decode(errors="replace")

    def forget(self, partition: int) -> None:
        """Another process owns the partition."""
        self._windows.forget("", partition)

    def _on_recorded(self, message: Message, name: str, status: int) -> Callable[[int], Outputs]:
        def recorded(_offset: int) -> Outputs:
            window = self._of(message.partition)
            window.replace(name.encode(), status, at=message.timestamp)
            self._unrecorded.pop(name, None)
            return ()

        return recorded

    def _of(self, partition: int) -> Window:
        return self._windows.of("", partition)


def was_done(message: Message) -> bool:
    """Whether a record of a `done` topic says that it was, not that it was given up."""
    return h.first(message.headers, h.STATUS) != b"dead"
