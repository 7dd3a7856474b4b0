"""Level, guests and circuits as metrics."""

from __future__ import annotations

from dataclasses import dataclass

from authstream.metrics.registry import Registry
from authstream.sandbox.census import Census, GuestUse, observe
from authstream.sandbox.circuit import RESTARTS, Circuit


@dataclass(frozen=True, slots=True)
class _Guest:
    use: GuestUse


def test_level_and_memory_are_gauges() -> None:
    """One value for each guest, under labels that do not grow with restarts."""
    census, registry = Census(), Registry()
    observe(registry, census)
    assert _read(registry) == {}
    census.level = "landlock"
    for memory in (10, 20):
        number = census.enter("crm", _Guest(GuestUse("crm", memory // 10 - 1, 7, memory, 99, 1)))
        assert number == memory // 10 - 1
    census.leave("crm", 0)
    assert _read(registry) == {
        ("authstream.sandbox.level", "landlock"): 2,
        ("authstream.guest.memory", "crm", "1"): 20,
        ("authstream.guest.memory.limit", "crm", "1"): 99,
        ("authstream.guest.in_flight", "crm", "1"): 1,
    }
    assert census.enter("crm", _Guest(GuestUse("crm", 0, 8, 1, 99, 0))) == 0


def test_the_worst_circuit_of_an_action_is_shown() -> None:
    """Two versions of an action have one each; one that nobody uses any more is not shown."""
    census, registry = Census(), Registry()
    observe(registry, census)
    closed, broken = Circuit(), Circuit()
    for circuit in (closed, broken):
        census.watch("a-circuit", circuit)
    for _ in range(RESTARTS + 1):
        broken.failed("ended")
    assert _read(registry) == {("authstream.action.circuit", "a-circuit"): 2}
    assert broken.failures.value == RESTARTS + 1
    del circuit, broken
    assert _read(registry) == {("authstream.action.circuit", "a-circuit"): 0}


def _read(registry: Registry) -> dict[tuple[str, ...], float]:
    return {
        (family.instrument.name, *values): number
        for family in registry.collect()
        for values, number in family.numbers.items()
    }
