"""Puts together every stage of a folder: what worker, `authstream test` and tests share."""

from __future__ import annotations

import shlex
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatch
from functools import cache
from pathlib import Path

import structlog

import authstream.effects
import authstream.triggers
from authstream.apps import build, downstream
from authstream.apps.build import say_nothing
from authstream.contracts.budgets import DECIDED_WINDOW
from authstream.contracts.topics import Topics
from authstream.control.dependencies import Say
from authstream.control.files import VARIABLES_FILE, read_variables
from authstream.control.folder import DeployedAction, Folder, load
from authstream.engine.delivery import Delivery
from authstream.engine.effect_orders import CheckedOrders
from authstream.engine.guest_limits import MOST, GuestLimits
from authstream.engine.plan import Flows
from authstream.engine.ports import Clock, PointReader, Stage
from authstream.engine.program import Invocation, Outcome, Program
from authstream.engine.recording import Recorder
from authstream.engine.redaction import Redactor
from authstream.engine.registry import plugins
from authstream.engine.state import StateKeys, state_keys
from authstream.engine.trigger import Trigger
from authstream.engine.windows import MemoryWindows, WindowsOf
from authstream.engine.withheld import Withheld
from authstream.errors import ConfigurationError
from authstream.sandbox import runtimes
from authstream.sandbox.ending import GuestError, GuestLoadError
from authstream.sandbox.fresh import FreshGuests
from authstream.sandbox.launch import Level
from authstream.sandbox.levels import choose
from authstream.sandbox.pool import GuestPool
from authstream.settings import Settings
from authstream.stages.action import Action, Runtime
from authstream.stages.assemble import Assemble
from authstream.stages.entry import Entry
from authstream.stages.fanout import Fanout
from authstream.stages.redelivery import RedeliveryStage
from authstream.stages.resume import ResumeStage

#: Changes an action of a folder before it is built, e.g. gives it a test's secrets.
Prepare = Callable[[DeployedAction], DeployedAction]


def unchanged(action: DeployedAction) -> DeployedAction:
    """An action as its folder has it."""
    return action


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
        settings.sandbox,
        minimum=settings.sandbox_min_level,
        unsafe=settings.enable_unsafe_code,
        wrapper=wrapper(settings),
    )


def wrapper(settings: Settings) -> tuple[str, ...]:
    """The words of the operator's command that confines guests, at level `external`."""
    words = shlex.split(settings.sandbox_command) if settings.sandbox == "external" else []
    # Found where the worker finds it: a guest's own PATH is short.
    return (shutil.which(words[0]) or words[0], *words[1:]) if words else ()


def most(settings: Settings) -> GuestLimits:
    """What an operator lets an action ask for."""
    said = settings.limits
    return replace(
        MOST,
        memory=int(said.memory),
        threads=said.threads,
        descriptors=said.descriptors,
        temporary=int(said.temporary),
    )


Guests = FreshGuests | GuestPool


def guests_of(
    action: DeployedAction, program: Program, *, level: Level, wrapper: Sequence[str] = ()
) -> Guests:
    """What runs a version, not yet started."""
    if action.isolation == "execution":
        return FreshGuests(program, level=level, wrapper=wrapper)
    return GuestPool(program, level=level, size=action.guests, wrapper=wrapper)


@dataclass(frozen=True, slots=True)
class Examined:
    """Guests whose orders of effects are checked, and whose secrets nobody is shown."""

    guests: Guests
    redactor: Redactor

    @classmethod
    def of(cls, guests: Guests) -> Examined:
        """These guests, by what their program was given."""
        return cls(guests, Redactor(guests.program.secret_values))

    async def run(self, invocation: Invocation) -> Outcome:
        """The outcome of one run."""
        ran = await CheckedOrders(self.guests, deliveries()).run(invocation)
        return self.redactor.outcome(ran)

    def shown(self, error: GuestError) -> str:
        """Why they do not start: their code may have said a secret."""
        return self.redactor.text(str(error))

    async def stop(self) -> None:
        """End every process."""
        await self.guests.stop()


class GuestVersions:
    """The one version of an action that a folder holds, in its guest process."""

    def __init__(
        self,
        action: DeployedAction,
        program: Program,
        *,
        level: Level,
        wrapper: Sequence[str] = (),
    ) -> None:
        self._version = action.version
        self.guest = guests_of(action, program, level=level, wrapper=wrapper)
        self.examined = Examined.of(self.guest)

    async def runtime(self, version: int, control_offset: int) -> Runtime | None:  # noqa: ARG002 - a folder has no control log
        """The guest, or None for another version."""
        return self.examined if version == self._version else None


class GuestAction(Action):
    """An action stage that owns its guest: started with it, stopped with it."""

    def __init__(  # noqa: PLR0913 - what an action needs, by name
        self,
        action: DeployedAction,
        guests: GuestVersions,
        *,
        topics: Topics,
        triggers: dict[str, Trigger],
        clock: Clock,
        slip_key: bytes | None,
        state_keys: StateKeys | None = None,
    ) -> None:
        self._runtime = action.runtime
        self._guests = guests
        super().__init__(
            action.topic,
            name=action.name,
            tenant=action.tenant,
            versions=self._guests,
            topics=topics,
            triggers=triggers,
            clock=clock,
            slip_key=slip_key,
            state_keys=state_keys,
        )

    async def start(self) -> None:
        """Load the action now, so that the first login does not wait for it."""
        guest = self._guests.guest
        try:
            ready = await guest.start()
        except GuestError as error:
            # Its flows fail, each with this reason, or skip it; other actions are not hurt.
            log = structlog.get_logger("authstream.action")
            say = log.warning if isinstance(error, GuestLoadError) else log.error
            reason = self._guests.examined.shown(error)
            say("action_cannot_start", stage=self.name, reason=reason)
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


def matches(name: str, patterns: Sequence[str]) -> bool:
    """Whether a stage is among those to host; no pattern: all are."""
    return not patterns or any(fnmatch(name, pattern) for pattern in patterns)


@dataclass(frozen=True, slots=True)
class Assembly:
    """All stages of a folder, and the folder."""

    folder: Folder
    #: How its actions are confined.
    level: Level
    topics: Topics
    stages: tuple[Stage, ...]

    @property
    def action_topics(self) -> list[str]:
        """Where its actions take their envelopes from."""
        return [action.topic for action in self.folder.actions.values()]

    def selected(self, patterns: Sequence[str]) -> tuple[Stage, ...]:
        """The stages named, by name or glob; none named: all.

        Raises ConfigurationError when one matches nothing.
        """
        for pattern in patterns:
            if not any(fnmatch(stage.name, pattern) for stage in self.stages):
                names = ", ".join(stage.name for stage in self.stages)
                raise ConfigurationError(f"no stage matches {pattern!r}; there are {names}")
        return tuple(stage for stage in self.stages if matches(stage.name, patterns))


def loaded(path: Path, settings: Settings, *, missing_secret: str | None = None) -> Folder:
    """What a folder has; `missing_secret` stands in for secrets without a value.

    Its variables are in the configuration of every action, as they are once it is applied.
    Raises ConfigurationError for a folder that cannot be loaded.
    """
    found = load(
        path,
        triggers=triggers(),
        topics=Topics(settings.prefix),
        missing_secret=missing_secret,
        most=most(settings),
        allowed=settings.quotas,
    )
    variables = read_variables(path / VARIABLES_FILE)
    actions = {
        name: replace(one, configuration={**variables, **one.configuration})
        for name, one in found.actions.items()
    }
    return replace(found, actions=actions)


def assembly(  # noqa: PLR0913 - what an assembly is made of, by name
    source: Path | Folder,
    settings: Settings,
    *,
    reader: PointReader,
    clock: Clock,
    missing_secret: str | None = None,
    prepare: Prepare = unchanged,
    say: Say = say_nothing,
    windows: WindowsOf = MemoryWindows,
) -> Assembly:
    """Every stage that a folder needs, its code built and its confinement tested.

    A folder is loaded unless it is already. Blocks while packages are installed, which `say` is
    told of. Raises ConfigurationError.
    """
    topics, known = Topics(settings.prefix), triggers()
    found = (
        source
        if isinstance(source, Folder)
        else loaded(source, settings, missing_secret=missing_secret)
    )
    folder = replace(found, actions={n: prepare(action) for n, action in found.actions.items()})
    slip_key = slip_key_of(settings)
    level, states = chosen(settings), state_keys(settings)
    actions = [
        GuestAction(
            action,
            GuestVersions(
                action, build.program(action, say), level=level, wrapper=wrapper(settings)
            ),
            topics=topics,
            triggers=known,
            clock=clock,
            slip_key=slip_key,
            state_keys=states,
        )
        for action in folder.actions.values()
    ]
    stages = (
        Entry(
            topics=topics,
            triggers=known,
            flows=folder,
            slip_key=slip_key,
            hydration=downstream.hydration(settings, topics=topics),
        ),
        *actions,
        *after_actions(topics, settings, flows=folder, reader=reader, clock=clock, windows=windows),
    )
    return Assembly(folder, level, topics, stages)


def slip_key_of(settings: Settings) -> bytes | None:
    """The key that signs routing slips, if there is one."""
    return settings.slip_key.get_secret_value().encode() if settings.slip_key else None


def withheld(settings: Settings) -> Withheld:
    """What records of executions must not hold. Raises ConfigurationError."""
    said = settings.executions
    return Withheld(said.redact, said.hash_key.get_secret_value() if said.hash_key else None)


def after_actions(
    topics: Topics,
    settings: Settings,
    *,
    flows: Flows,
    reader: PointReader,
    clock: Clock,
    windows: WindowsOf = MemoryWindows,
) -> tuple[Stage, ...]:
    """The stages after the last action: the same whatever the actions are."""
    known, kinds = triggers(), deliveries()
    slip_key, states = slip_key_of(settings), state_keys(settings)
    return (
        Assemble(
            topics=topics,
            triggers=known,
            reader=reader,
            slip_key=slip_key,
            recorder=Recorder(known, withheld(settings)),
            windows=windows(Assemble.name, DECIDED_WINDOW),
        ),
        Fanout(
            topics=topics,
            triggers=known,
            kinds=frozenset(kinds),
            metadata_replies=True,
            own_writes=settings.metadata.hydrate != "no",
            windows=windows(Fanout.name, DECIDED_WINDOW),
        ),
        ResumeStage(
            topics=topics, triggers=known, reader=reader, slip_key=slip_key, state_keys=states
        ),
        *downstream.stages(
            kinds,
            settings,
            flows=flows,
            topics=topics,
            reader=reader,
            clock=clock,
            windows=windows,
        ),
        RedeliveryStage(topics=topics, triggers=known, reader=reader, clock=clock),
    )
