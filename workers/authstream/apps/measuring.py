"""What a worker shows of itself whenever its metrics are read: nothing of it costs a login."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from functools import partial

from authstream.broker.assignment import PartitionPlace
from authstream.broker.dispatcher import Dispatcher
from authstream.broker.faust import FaustRunner
from authstream.contracts.topics import Topics
from authstream.control.store import Store
from authstream.engine.plan import Flow
from authstream.engine.ports import Stage
from authstream.metrics.registry import REGISTRY, Reading, Registry


def measure_runner(runner: FaustRunner, registry: Registry = REGISTRY) -> None:
    """Stages, partitions and the clock."""
    registry.read("authstream.stage.in_flight", partial(_of_stages, runner, _in_flight))
    registry.read("authstream.stage.waiting", partial(_of_stages, runner, _waiting))
    registry.read("authstream.stage.halted", lambda: map(_halted, runner.stages))
    registry.read("authstream.partition.lag", partial(_of_places, runner, _lag))
    registry.read("authstream.partition.position", partial(_of_places, runner, _position))
    registry.read("authstream.partition.committed", partial(_of_places, runner, _committed))
    registry.read("authstream.partition.oldest", partial(_of_places, runner, _oldest))
    registry.read("authstream.clock.skew", lambda: _known(runner.skew))


def measure_control(store: Store, registry: Registry = REGISTRY) -> None:
    """How far the view of the control log is."""
    registry.read("authstream.control.position", lambda: _known(store.view.position))
    registry.read("authstream.control.unread", lambda: _known(time.monotonic() - store.read_at))


def measure_flows(
    flows: Callable[[], Iterable[Flow]], topics: Topics, registry: Registry = REGISTRY
) -> None:
    """Which actions logins should meet."""
    registry.read("authstream.action.bound", lambda: _bound(flows(), topics))


def measure_restarts(restarts: int, registry: Registry = REGISTRY) -> None:
    """How often the supervisor started this worker again."""
    registry.read("authstream.worker.restarts", lambda: _known(restarts))


def _known(value: float | None) -> Iterator[Reading]:
    if value is not None:
        yield (), value


def _of_stages(runner: FaustRunner, value: Callable[[Dispatcher], int]) -> Iterator[Reading]:
    for name, dispatcher in list(runner.dispatchers.items()):
        yield (name,), value(dispatcher)


def _in_flight(dispatcher: Dispatcher) -> int:
    return dispatcher.in_flight


def _waiting(dispatcher: Dispatcher) -> int:
    return dispatcher.waiting


def _halted(stage: Stage) -> Reading:
    return (stage.name,), float(stage.halted)


def _of_places(
    runner: FaustRunner, value: Callable[[PartitionPlace], float | None]
) -> Iterator[Reading]:
    for consumer in list(runner.consumers):
        for place in consumer.places():
            found = value(place)
            if found is not None:
                yield (consumer.stage, place.topic, f"{place.number}"), found


def _lag(place: PartitionPlace) -> float | None:
    return place.lag


def _position(place: PartitionPlace) -> float | None:
    return place.position


def _committed(place: PartitionPlace) -> float | None:
    # Nothing was done yet, or a commit failed and is made again: no news is no number.
    return place.committed


def _oldest(place: PartitionPlace) -> float:
    return 0 if place.oldest is None else max(0.0, time.time() - place.oldest / 1000)


def _bound(flows: Iterable[Flow], topics: Topics) -> Iterator[Reading]:
    bound = {binding.topic for flow in flows for binding in flow.bindings if binding.enabled}
    for topic in sorted(bound):
        yield (topics.action_of(topic),), 1
