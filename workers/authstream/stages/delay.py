"""delay: holds records back for the time that their delay topic names, then sends them on."""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import Iterable
from datetime import timedelta

from authstream.contracts import headers as h
from authstream.contracts.topics import DELAYS, Topics
from authstream.engine.ports import Clock, Message, Output, Outputs, Stage
from authstream.errors import RecordError
from authstream.stages.outputs import dead_letter

#: Each waits up to so much longer, so that what failed together does not come back together.
JITTER = 0.5
_MILLISECOND = timedelta(milliseconds=1)
_MARGIN = timedelta(minutes=1)


class Delay(Stage):
    """Reads the topics of one delay; writes to where their records came from, same partition.

    All records of such a topic wait equally long, so the oldest is always the next: a partition is
    never blocked by one that waits longer.
    """

    relaxed = True
    drains = False
    waits = True

    def __init__(
        self,
        delay: str,
        *,
        topics: Topics,
        kinds: Iterable[str],
        clock: Clock,
        redeliveries: Iterable[str] = (),
    ) -> None:
        """`redeliveries`: topics of this delay whose records are events to publish again."""
        self.name = f"effect.retry-{delay}"
        self._delay = DELAYS[delay]
        self._to = {topics.effects_retry(kind, delay): topics.effects(kind) for kind in kinds}
        self._to |= dict.fromkeys(redeliveries, topics.redelivery)
        self.topics = tuple(self._to)
        self.timeout = self._delay * (1 + JITTER) + _MARGIN
        self._names = topics
        self._clock = clock

    async def handle(self, message: Message) -> Outputs:
        """The record, when its time has come; by the broker's time of its writing."""
        wait = self._delay * (1 + JITTER * _share(message))
        left = (message.timestamp - self._clock.now()) * _MILLISECOND + wait
        # Never longer, whatever the broker's clock says.
        await asyncio.sleep(max(0.0, min(left, wait).total_seconds()))
        return [
            Output(
                self._to[message.topic],
                message.key,
                message.value,
                message.headers,
                message.partition,
            )
        ]

    def refuse(self, message: Message, error: RecordError) -> Outputs:
        """A dead letter."""
        return [dead_letter(self._names.dead_letter, message, error, stage=self.name)]


def _share(message: Message) -> float:
    """Between 0 and 1, the same whenever this record is read."""
    return (zlib.crc32(h.first(message.headers, h.CE_ID) or b"") & 0xFFFF) / 0xFFFF
