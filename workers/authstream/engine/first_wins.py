"""The first record of a leg in `decided` is the verdict: fanout and the SDK's reader share it."""

from __future__ import annotations

from datetime import timedelta

from authstream.contracts import headers as h
from authstream.engine.ports import Message
from authstream.engine.window import leg_key
from authstream.engine.windows import MemoryWindows, Windows


class FirstWins:
    """Accepts a record if it is the first of its leg in its partition, however often it is read."""

    def __init__(self, window: timedelta, *, windows: Windows | None = None) -> None:
        self._windows = windows or MemoryWindows("", window)

    def accepts(self, message: Message, flow_id: str, leg: int) -> bool:
        """Whether this record is the verdict of its leg.

        A record read again is judged as the first time.
        """
        if h.first(message.headers, h.REPEAT) is not None:
            return False
        window = self._windows.of(message.topic, message.partition)
        return (
            window.first(leg_key(flow_id, leg), message.offset, at=message.timestamp)
            == message.offset
        )

    def remember(self, message: Message) -> None:
        """Take note of a record read back at assignment."""
        flow_id, leg = h.text(message.headers, h.FLOW_ID), h.number(message.headers, h.LEG)
        if flow_id is not None and leg is not None:
            self.accepts(message, flow_id, leg)

    def forget(self, topic: str, partition: int) -> None:
        """Drop what is known of a partition that went to another process."""
        self._windows.forget(topic, partition)
