"""Puts together every stage of a folder: what worker, `authstream test` and tests share."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from fnmatch import fnmatch
from functools import cache
from pathlib import Path

import structlog

import authstream.effects
import authstream.sinks
import authstream.triggers
from authstream.apps import build
from authstream.apps.build import say_nothing
from authstream.broker.topic_tail import TopicTail
from authstream.contracts.topics import DELAYS, Topics
from authstream.control.dependencies import Say
from authstream.control.folder import DeployedAction, Folder, load
from authstream.engine.delivery import Delivery
from authstream.engine.effect_orders import CheckedOrders
from authstream.engine.lane import Limits
from authstream.engine.pending_patches import PendingPatches
from authstream.engine.ports import Clock, PointReader, Stage
from authstream.engine.program import Program
from authstream.engine.registry import plugins
from authstream.engine.sink import ProfileStore, Sink
from authstream.engine.trigger import Trigger
from authstream.errors import ConfigurationError
from authstream.sandbox import runtimes
from authstream.sandbox.fresh import FreshGuests
from authstream.sandbox.launch import Level
from authstream.sandbox.levels import choose
from authstream.sandbox.pool import GuestPool
from authstream.sandbox.process import GuestError
from authstream.settings import Settings
from authstream.stages.action import Action, Runtime
from authstream.stages.assemble import Assemble
from authstream.stages.delay import Delay
from authstream.stages.effect import EffectStage
from authstream.stages.entry import Entry
from authstream.stages.fanout import Fanout
from authstream.stages.hydration import Hydration
from authstream.stages.metadata import Metadata


@cache
def triggers() -> dict[str, Trigger]:
    """Every installed trigger by name."""
    return plugins(authstream.triggers, Trigger, group="authstream.triggers")


@cache
def deliveries() -> dict[str, Delivery]:
    """Every installed effect kind by name."""
    kind: type[Delivery] = Delivery  # type: ignore[type-abstract]  # only for isinstance
    return plugins(authstream.effects, kind, group="authstream.effects")


def chosen(settings: Settings) -> Level:
    """How actions are confined here, proven by attacks. Raises ConfigurationError."""
    return choose(
        settings.sandbox, minimum=settings.sandbox_min_level, unsafe=settings.enable_unsafe_code
    )


class GuestVersions:
    """The one version of an action that a folder holds, in its guest process."""

    def __init__(self, action: DeployedAction, program: Program, *, level: Level) -> None:
        self._version = action.version
        self.guest: FreshGuests | GuestPool = (
            FreshGuests(program, level=level)
            if action.isolation == "execution"
            else GuestPool(program, level=level, size=action.guests)
        )

    async def runtime(self, version: int, control_offset: int) -> Runtime | None:  # noqa: ARG002 - a folder has no control log
        """The guest, or None for another version."""
        return CheckedOrders(self.guest, deliveries()) if version == self._version else None


class GuestAction(Action):
    """An action stage that owns its guest: started with it, stopped with it."""

    def __init__(
        self,
        action: DeployedAction,
        guests: GuestVersions,
        *,
        topics: Topics,
        triggers: dict[str, Trigger],
        clock: Clock,
        slip_key: bytes | None,
    ) -> None:
        self._runtime = action.runtime
        self._guests = guests
        super().__init__(
            action.topic,
            name=action.name,
            versions=self._guests,
            topics=topics,
            triggers=triggers,
            clock=clock,
            slip_key=slip_key,
        )

    async def start(self) -> None:
        """Load the action now, so that the first login does not wait for it."""
        guest = self._guests.guest
        try:
            ready = await guest.start()
        except GuestError as error:
            # Its flows get `action_error` or are skipped; other actions are not hurt.
            structlog.get_logger("authstream.action").error(
                "action_cannot_start", stage=self.name, reason=str(error)
            )
        else:
            structlog.get_logger("authstream.action").info(
                "action_started",
                stage=self.name,
                asked=self._runtime,
                runs=ready.runtime,
                binary=runtimes.binary(guest.program),
                load_ms=ready.load_ms,
            )

    async def stop(self) -> None:
        """End the guest process."""
        await self._guests.guest.stop()


@dataclass(frozen=True, slots=True)
class Assembly:
    """All stages of a folder, and the folder."""

    folder: Folder
    #: How its actions are confined.
    level: Level
    topics: Topics
    stages: tuple[Stage, ...]

    def selected(self, patterns: Sequence[str]) -> tuple[Stage, ...]:
        """The stages named, by name or glob; none named: all.

        Raises ConfigurationError when one matches nothing.
        """
        for pattern in patterns:
            if not any(fnmatch(stage.name, pattern) for stage in self.stages):
                names = ", ".join(stage.name for stage in self.stages)
                raise ConfigurationError(f"no stage matches {pattern!r}; there are {names}")
        return tuple(
            stage
            for stage in self.stages
            if not patterns or any(fnmatch(stage.name, pattern) for pattern in patterns)
        )


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


def effect_stages(
    kinds: Mapping[str, Delivery], settings: Settings, *, topics: Topics, clock: Clock
) -> Iterator[Stage]:
    """Those that deliver, and those that hold back what has to wait."""
    said = settings.effects
    for delivery in kinds.values():
        yield EffectStage(
            delivery,
            topics=topics,
            clock=clock,
            limits=Limits(said.concurrency, said.rates.get(delivery.name)),
            dead_ratio=said.dead_ratio,
        )
    for delay in DELAYS:
        yield Delay(delay, topics=topics, kinds=kinds, clock=clock)


def assembly(
    path: Path,
    settings: Settings,
    *,
    reader: PointReader,
    clock: Clock,
    missing_secret: str | None = None,
    say: Say = say_nothing,
) -> Assembly:
    """Every stage that a folder needs, its code built and its confinement tested.

    Blocks while packages are installed, which `say` is told of. Raises ConfigurationError.
    """
    topics, known, kinds = Topics(settings.prefix), triggers(), deliveries()
    folder = load(path, triggers=known, topics=topics, missing_secret=missing_secret)
    slip_key = settings.slip_key.get_secret_value().encode() if settings.slip_key else None
    level = chosen(settings)
    actions = [
        GuestAction(
            action,
            GuestVersions(action, build.program(action, say), level=level),
            topics=topics,
            triggers=known,
            clock=clock,
            slip_key=slip_key,
        )
        for action in folder.actions.values()
    ]
    stages: list[Stage] = [
        Entry(
            topics=topics,
            triggers=known,
            flows=folder,
            slip_key=slip_key,
            hydration=hydration(settings, topics=topics),
        ),
        *actions,
        Assemble(topics=topics, triggers=known, reader=reader, slip_key=slip_key),
        Fanout(
            topics=topics,
            triggers=known,
            kinds=frozenset(kinds),
            own_writes=settings.metadata.hydrate != "no",
        ),
        Metadata(
            chosen_sink(settings),
            topics=topics,
            clock=clock,
            concurrency=settings.effects.concurrency,
        ),
        *effect_stages(kinds, settings, topics=topics, clock=clock),
    ]
    return Assembly(folder, level, topics, tuple(stages))
