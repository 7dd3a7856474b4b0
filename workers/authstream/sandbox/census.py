"""The guests that live in this process, and how they are confined: for health, metrics, people."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from dataclasses import dataclass
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

    def memory(_: CallbackOptions) -> Iterable[Observation]:
        for guest in census.guests():
            yield Observation(guest.memory, _labels(guest))

    def limit(_: CallbackOptions) -> Iterable[Observation]:
        for guest in census.guests():
            yield Observation(guest.memory_limit, _labels(guest))

    def in_flight(_: CallbackOptions) -> Iterable[Observation]:
        for guest in census.guests():
            yield Observation(guest.in_flight, _labels(guest))

    for name, callback, unit, about in (
        ("authstream.sandbox.level", level, "1", "How actions are confined; 0: not at all"),
        ("authstream.guest.memory", memory, "By", "Memory of a guest's own"),
        ("authstream.guest.memory.limit", limit, "By", "The most that a guest may have"),
        ("authstream.guest.in_flight", in_flight, "{event}", "Events under way in a guest"),
    ):
        meter.create_observable_gauge(name, [callback], unit, about)


def _labels(guest: GuestUse) -> dict[str, str | int]:
    return {"authstream.action": guest.action, "authstream.guest": guest.number}
