"""Callers that ask for the verdict of a leg before there is one: a browser that came back twice."""

from __future__ import annotations

from datetime import timedelta

from authstream.engine.ports import Message

#: The leg's own time and a margin: a leg that is under way is decided by then.
ASKED_WITHIN = timedelta(seconds=30)
#: Askers of one leg; of more, the latest are answered: a browser shows only what it asked last.
ASKERS_PER_LEG = 8


class Askers:
    """Kept in memory: after a crash they ask again, which is what a browser's reload does."""

    def __init__(self) -> None:
        self._waiting: dict[int, dict[bytes, list[Message]]] = {}

    def wait(self, message: Message, leg: bytes) -> None:
        """Remember who asks for a leg."""
        legs = self._waiting.setdefault(message.partition, {})
        oldest = message.timestamp - ASKED_WITHIN / timedelta(milliseconds=1)
        for old in [key for key, asked in legs.items() if asked[-1].timestamp < oldest]:
            del legs[old]
        legs[leg] = [*legs.get(leg, []), message][-ASKERS_PER_LEG:]

    def served(self, partition: int, leg: bytes) -> list[Message]:
        """Who asked for a leg that is decided now."""
        return self._waiting.get(partition, {}).pop(leg, [])

    def forget(self, partition: int) -> None:
        """Drop those of a partition that went to another process."""
        self._waiting.pop(partition, None)
