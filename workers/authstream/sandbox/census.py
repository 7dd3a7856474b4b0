"""The guests that live in this process, and how they are confined: for health, metrics, people."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from operator import attrgetter
from typing import Protocol
from weakref import WeakKeyDictionary

from authstream.metrics.registry import REGISTRY, Reading, Registry
from authstream.sandbox.circuit import Circuit
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
        self._circuits: WeakKeyDictionary[Circuit, str] = WeakKeyDictionary()

    def watch(self, action: str, circuit: Circuit) -> None:
        """Report a circuit for as long as somebody uses it, and count its failures."""
        self._circuits[circuit] = action
        circuit.failures = REGISTRY.counter("authstream.guest.restarts", action)

    def circuits(self) -> list[Reading]:
        """The state of each action's circuit: of several versions, the worst."""
        states: dict[tuple[str, ...], float] = {}
        for circuit, action in list(self._circuits.items()):
            states[action,] = max(states.get((action,), 0), circuit.state)
        return list(states.items())

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


def observe(registry: Registry = REGISTRY, census: Census = CENSUS) -> None:
    """Report level, guests and circuits whenever metrics are read."""
    registry.read("authstream.sandbox.level", lambda: _level(census))
    registry.read("authstream.action.circuit", census.circuits)
    registry.read("authstream.guest.memory", lambda: _of_guests(census, _memory))
    registry.read("authstream.guest.memory.limit", lambda: _of_guests(census, _memory_limit))
    registry.read("authstream.guest.in_flight", lambda: _of_guests(census, _in_flight))


def _level(census: Census) -> Iterator[Reading]:
    if census.level is not None:
        yield (census.level,), RANKS[census.level]


def _of_guests(census: Census, value: Callable[[GuestUse], int]) -> Iterator[Reading]:
    for guest in census.guests():
        yield (guest.action, f"{guest.number}"), value(guest)


_memory, _memory_limit, _in_flight = map(attrgetter, ("memory", "memory_limit", "in_flight"))
