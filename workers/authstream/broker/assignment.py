"""Bookkeeping of one assigned partition: what is in work, and up to where everything is done.

A partition that is revoked and assigned again is a new object, so late acknowledgements of the old
assignment change nothing.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import Self

from authstream.engine.ports import Message


@dataclass(slots=True, eq=False)
class Assigned:
    """One assigned partition. The consumer thread appends; the event loop starts and settles."""

    topic: str
    number: int
    #: In offset order; the head leaves when it is done.
    pending: deque[Cell] = field(default_factory=deque["Cell"])
    #: Everything before this offset is done; None when nothing is yet.
    safe: int | None = None
    committed: int | None = None
    #: One past the newest message read.
    next_offset: int | None = None
    #: Handlers begun whose outputs are not all acknowledged.
    started: int = 0
    revoked: bool = False
    #: The stage's memory for it is rebuilt; before that nothing is handled.
    ready: bool = False
    paused: bool = False
    #: The end of the log as of the last look, and of the first; None: nobody has looked.
    end: int | None = None
    first_end: int | None = None

    def add(self, message: Message) -> Cell:
        """Take in a message, in offset order."""
        cell = Cell(message, self)
        self.pending.append(cell)
        self.next_offset = message.offset + 1
        return cell

    def saw(self, end: int) -> None:
        """The end of the log; below 0: not known."""
        if end >= 0:
            self.end = end
            self.first_end = end if self.first_end is None else self.first_end

    def advance(self) -> None:
        """Move `safe` over the contiguous prefix that is done."""
        pending = self.pending
        while pending and pending[0].done:
            self.safe = pending.popleft().message.offset + 1

    @property
    def behind(self) -> int:
        """Messages read since the oldest that is not done: what a crash would repeat."""
        try:
            oldest = self.pending[0].message.offset
        except IndexError:
            # The loop may take the last one out at any moment.
            return 0
        return 0 if self.next_offset is None else self.next_offset - oldest


@dataclass(slots=True, eq=False)
class Cell:
    """One message in work."""

    message: Message
    partition: Assigned
    #: Outputs not yet acknowledged.
    waiting: int = 0
    done: bool = False
    #: When its handler began, by `time.perf_counter`.
    began: float = 0.0


@dataclass(frozen=True, slots=True)
class PartitionPlace:
    """How far one assigned partition is."""

    topic: str
    number: int
    #: Read next; None: not known yet.
    position: int | None
    #: In the log and not read.
    lag: int | None
    committed: int | None
    #: When the oldest message that is not done was written, milliseconds since the epoch.
    oldest: int | None

    @classmethod
    def of(cls, partition: Assigned) -> Self:
        """Of a partition that the loop may work on meanwhile.

        Until a message is read, its position is where its log ended at the first look.
        """
        position, end = partition.next_offset, partition.end
        if position is None:
            position = partition.first_end
        try:
            oldest = partition.pending[0].message.timestamp
        except IndexError:
            oldest = None
        lag = None if position is None or end is None else max(0, end - position)
        return cls(partition.topic, partition.number, position, lag, partition.committed, oldest)
