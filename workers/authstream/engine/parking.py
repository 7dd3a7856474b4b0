"""Effects of one partition that wait in delay topics: what came after one of them waits behind it.

A line is what must stay in order: one key at one destination. The effect at its head may be tried,
those behind it may not. Rebuilt from the delay topics, less what is done.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

#: What stays in order: the record's key, and where it goes.
Line = tuple[bytes | None, str]


class Place(NamedTuple):
    """One effect's place in its line."""

    #: Offset at which it first came: the order of the line.
    sequence: int
    #: How often it has waited; an older copy of it is void.
    hop: int
    #: When it comes back, milliseconds since the epoch.
    due: int


@dataclass(frozen=True, slots=True)
class Turn:
    """Whether an effect may be tried now."""

    #: A newer copy of it is on its way: this one is void.
    void: bool = False
    #: When the one ahead of it comes back, milliseconds since the epoch; None: nobody is ahead.
    behind: int | None = None


class Parking:
    """The lines of one partition."""

    def __init__(self) -> None:
        self._lines: dict[Line, dict[str, Place]] = {}
        self._line_of: dict[str, Line] = {}

    def turn(self, line: Line, effect_id: str, *, sequence: int, hop: int) -> Turn:
        """What to do with an effect that has come, or come back."""
        places = self._lines.get(line)
        if not places:
            return Turn()
        own = places.get(effect_id)
        if own is not None and hop < own.hop:
            return Turn(void=True)
        ahead = [place.due for place in places.values() if place.sequence < sequence]
        return Turn(behind=max(ahead)) if ahead else Turn()

    def park(self, line: Line, effect_id: str, place: Place) -> None:
        """An effect waits from now on, or waits again."""
        places = self._lines.setdefault(line, {})
        known = places.get(effect_id)
        if known is None or place.hop >= known.hop:
            places[effect_id] = place
        self._line_of[effect_id] = line

    def leave(self, effect_id: str) -> None:
        """An effect is done, one way or the other."""
        line = self._line_of.pop(effect_id, None)
        places = self._lines.get(line) if line is not None else None
        if line is not None and places is not None:
            places.pop(effect_id, None)
            if not places:
                del self._lines[line]

    def __len__(self) -> int:
        return len(self._line_of)
