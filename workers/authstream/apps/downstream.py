"""Puts together what follows a verdict: delivery of effects, metadata, and what reads it back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta
from functools import cache

import authstream.sinks
from authstream.broker.topic_tail import TopicTail
from authstream.contracts.budgets import DECIDED_WINDOW
from authstream.contracts.topics import DELAYS, Topics
from authstream.engine.delivery import Delivery
from authstream.engine.lane import Limits
from authstream.engine.pending_patches import PendingPatches
from authstream.engine.plan import Flows
from authstream.engine.ports import Clock, PointReader, Stage
from authstream.engine.registry import plugins
from authstream.engine.sink import ProfileStore, Sink
from authstream.engine.windows import WindowsOf
from authstream.errors import ConfigurationError
from authstream.publisher import AsyncPublisher
from authstream.settings import Settings
from authstream.stages.delay import Delay
from authstream.stages.effect import EffectStage
from authstream.stages.hydration import Hydration
from authstream.stages.metadata import Metadata
from authstream.stages.own_provider import OwnProvider


@cache
def sinks() -> dict[str, Sink]:
    """Every installed metadata sink by name."""
    kind: type[Sink] = Sink  # type: ignore[type-abstract]  # only for isinstance
    return plugins(authstream.sinks, kind, group="authstream.sinks")


def chosen_sink(settings: Settings) -> Sink:
    """Where metadata is written. Raises ConfigurationError."""
    sink = sinks().get(settings.metadata.sink)
    if sink is None:
        raise ConfigurationError(
            f"AUTHSTREAM_METADATA__SINK is {settings.metadata.sink!r}, which is not installed: "
            f"there are {', '.join(sorted(sinks()))}"
        )
    return sink


def hydration(settings: Settings, *, topics: Topics) -> Hydration | None:
    """What fills in metadata that events lack, if that is wanted. Raises ConfigurationError."""
    said = settings.metadata
    if said.hydrate == "no":
        return None
    store = chosen_sink(settings)
    if not isinstance(store, ProfileStore):
        raise ConfigurationError(
            f"AUTHSTREAM_METADATA__HYDRATE needs a profile store, and {said.sink} is none: "
            "use postgres or sqlite"
        )
    pending = PendingPatches()
    return Hydration(
        store,
        pending=pending,
        tail=TopicTail(
            settings,
            {topics.user_metadata: pending.add, topics.user_metadata_done: pending.settle},
        ),
        topics=topics,
        timeout=timedelta(milliseconds=said.hydrate_timeout_ms),
        fails=said.hydrate == "fail",
    )


def through_actions(
    kinds: Mapping[str, Delivery], flows: Flows, settings: Settings
) -> dict[str, Delivery]:
    """The kinds, those that a tenant's own action may deliver asking whether there is one."""
    exempt = frozenset(trigger for kind in kinds.values() for trigger in kind.providers)
    return {
        name: OwnProvider(kind, flows, connect=lambda: AsyncPublisher(settings), exempt=exempt)
        if kind.providers
        else kind
        for name, kind in kinds.items()
    }


def stages(  # noqa: PLR0913 - what they are made of, by name
    kinds: Mapping[str, Delivery],
    settings: Settings,
    *,
    flows: Flows,
    topics: Topics,
    reader: PointReader,
    clock: Clock,
    windows: WindowsOf,
) -> Iterator[Stage]:
    """Those that write metadata, deliver effects, and hold back what has to wait."""
    said = settings.effects
    yield Metadata(
        chosen_sink(settings),
        topics=topics,
        reader=reader,
        clock=clock,
        concurrency=said.concurrency,
    )
    for delivery in through_actions(kinds, flows, settings).values():
        yield EffectStage(
            delivery,
            topics=topics,
            clock=clock,
            limits=Limits(said.concurrency, said.rates.get(delivery.name)),
            dead_ratio=said.dead_ratio,
            windows=windows(f"effect.{delivery.name}", DECIDED_WINDOW),
        )
    for delay in DELAYS:
        again = [topics.redelivery_retry(delay)]
        yield Delay(delay, topics=topics, kinds=kinds, clock=clock, redeliveries=again)
