"""The guests that live in this process, and how they are confined: for health, metrics, people."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from operator import attrgetter
from typing import Protocol

from opentelemetry.metrics import CallbackOptions, Meter, Observation

from authstream.sandbox.launch import Level

#: For `authstream.sandbox.level`: the stronger the higher; 0 is no confinement.
RANKS: dict[Level, int] = {"none": 0, "external": 1, "landlock": 2, "namespaces": 3}


class Living(Protocol):
    """A guest process."""

    @property
    def use(self) -> GuestUse:
        """What it uses now."""
        ...


@dataclass(frozen=True, slots=True)
class GuestUse:
    """What one guest uses."""

    action: str
    #: Counted from 0 among the action's guests; the lowest that is free.
    number: int
    pid: int
    #: Of its own, bytes, at the last look; and how much it may have.
    memory: int
    memory_limit: int
    in_flight: int


class Census:
    """Who is there. One for each process."""

    def __init__(self) -> None:
        #: What `levels.choose` proved; None: nothing was asked for yet.
        self.level: Level | None = None
        self._living: dict[tuple[str, int], Living] = {}

    def enter(self, action: str, guest: Living) -> int:
        """Count a guest that starts; its number."""
        free = (number for number in itertools.count() if (action, number) not in self._living)
        number = next(free)
        self._living[action, number] = guest
        return number

    def leave(self, action: str, number: int) -> None:
        """A guest has ended."""
        self._living.pop((action, number), None)

    def guests(self) -> list[GuestUse]:
        """What every living guest uses, by action and number."""
        return [guest.use for _, guest in sorted(self._living.items(), key=lambda one: one[0])]


#: Of this process.
CENSUS = Census()


def observe(meter: Meter, census: Census = CENSUS) -> None:
    """Report level and guests as OpenTelemetry gauges, read when metrics are exported."""

    def level(_: CallbackOptions) -> Iterable[Observation]:
        if census.level is not None:
            yield Observation(RANKS[census.level], {"authstream.sandbox.level": census.level})

    about = "How actions are confined; 0: not at all"
    meter.create_observable_gauge("authstream.sandbox.level", [level], "1", about)
    for name, value, unit, about in (
        ("memory", _memory, "By", "Memory of a guest's own"),
        ("memory.limit", _memory_limit, "By", "The most that a guest may have"),
        ("in_flight", _in_flight, "{event}", "Events under way in a guest"),
    ):
        callback = partial(_of_guests, census, value)
        meter.create_observable_gauge(f"authstream.guest.{name}", [callback], unit, about)


def _of_guests(
    census: Census, value: Callable[[GuestUse], int], _: CallbackOptions
) -> Iterable[Observation]:
    for guest in census.guests():
        labels: dict[str, str | int] = {
            "authstream.action": guest.action,
            "authstream.guest": guest.number,
        }
        yield Observation(value(guest), labels)


_memory, _memory_limit, _in_flight = map(attrgetter, ("memory", "memory_limit", "in_flight"))
