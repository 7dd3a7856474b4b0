"""What is read of a worker when metrics are asked for: control log, restarts, bound actions."""

from __future__ import annotations

import time

from authstream.apps.measuring import measure_control, measure_flows, measure_restarts
from authstream.broker.assignment import Assigned, PartitionPlace
from authstream.contracts.topics import Topics
from authstream.control.actions import Actions
from authstream.engine.plan import Binding, Flow
from authstream.engine.ports import Message
from authstream.metrics.registry import Registry
from tests.control_plane import door, draft, memory_store

TOPICS = Topics()


def read(registry: Registry) -> dict[tuple[str, ...], float]:
    """Every number."""
    return {
        (family.instrument.name, *values): number
        for family in registry.collect()
        for values, number in family.numbers.items()
    }


def test_the_control_views_place_and_age_are_read() -> None:
    """It moves with what is written, and its age begins anew with every look at the log."""
    registry = Registry()
    with memory_store() as store:
        measure_control(store, registry)
        began = read(registry)["authstream.control.position",]
        Actions(door(store), "default").create("crm", draft())
        assert read(registry)["authstream.control.position",] > began
        assert 0 <= read(registry)["authstream.control.unread",] < 5
        store.read_at = time.monotonic() - 60
        assert read(registry)["authstream.control.unread",] < 61


def test_only_what_flows_name_and_is_not_off_is_bound() -> None:
    """Once, however many flows have it; a tenant's own under its tenant."""
    registry = Registry()
    crm, off = (Binding(name, 1, TOPICS.action("default", name)) for name in ("crm", "off"))
    own = Binding("crm", 1, TOPICS.action("acme", "crm"))
    flows = [
        Flow("default", "post-login", (crm, Binding(off.action, 1, off.topic, enabled=False))),
        Flow("acme", "post-login", (crm, own)),
    ]
    measure_flows(lambda: flows, TOPICS, registry)
    measure_restarts(3, registry)
    assert read(registry) == {
        ("authstream.action.bound", "crm"): 1,
        ("authstream.action.bound", "crm.at.acme"): 1,
        ("authstream.worker.restarts",): 3,
    }


def test_a_partition_that_nothing_was_read_of_yet_lags_by_what_came() -> None:
    """Where it stood when somebody first looked counts as its position."""
    partition = Assigned("t", 0)
    assert PartitionPlace.of(partition).lag is None
    for end in (-1001, 10, 13):  # not known, at first, later
        partition.saw(end)
    place = PartitionPlace.of(partition)
    assert (place.position, place.lag, place.oldest, place.committed) == (10, 3, None, None)


def test_the_oldest_message_that_is_not_done_is_known() -> None:
    """By the time of its writing."""
    partition = Assigned("t", 0)
    for offset in (5, 6):
        cell = partition.add(Message("t", 0, offset, None, None, (), 1_000 + offset))
        cell.done = offset == 5
    partition.advance()
    assert PartitionPlace.of(partition).oldest == 1_006
