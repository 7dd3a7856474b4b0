"""The versions of one action in a worker: loaded when wanted, stopped when nothing needs them."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import structlog

from authstream.apps.build import program
from authstream.apps.stages import Examined, Guests, guests_of
from authstream.contracts.control import ObjectKey
from authstream.contracts.topics import Topics
from authstream.control.objects import VERSION, VersionObject, version_name
from authstream.control.seal import Keyring
from authstream.control.store import Store
from authstream.control.stored_action import opened_secrets, stored_action
from authstream.engine.program import Invocation, Outcome
from authstream.errors import AuthstreamError
from authstream.sandbox import runtimes
from authstream.sandbox.ending import GuestError, GuestLoadError
from authstream.sandbox.launch import Level
from authstream.stages.action import Runtime

#: How long a step waits for the view to reach what its slip was planned at.
VIEW_WITHIN = timedelta(seconds=1)
#: A version that cannot be loaded is tried again after so long.
RETRY_AFTER = timedelta(seconds=10)
#: A version that nothing names is stopped after so long without a run: no login is that old.
IDLE_AFTER = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class Loading:
    """What versions are made of, the same for all actions of a worker."""

    store: Store
    keyring: Keyring
    topics: Topics
    level: Level
    #: The operator's command that confines guests, if there is one.
    wrapper: Sequence[str]
    say: Callable[[str], None]
    #: Waits, for a bounded time, until the view has the record at an offset.
    reached: Callable[[int], Awaitable[bool]]


@dataclass(frozen=True, slots=True)
class Unloadable:
    """Stands in for a version that cannot be loaded: its runs say why, and the policy decides."""

    reason: str

    async def run(self, invocation: Invocation) -> Outcome:  # noqa: ARG002 - no run of it differs
        """Not run."""
        return Outcome("unavailable", (), (), self.reason, datetime.now(UTC), timedelta(0))

    async def stop(self) -> None:
        """Nothing to stop."""


@dataclass(eq=False, slots=True)
class _Version:
    """One loaded version. Counts what is under way, so that it is not stopped beneath a run."""

    what: Examined | Unloadable
    in_flight: int = 0
    used: float = field(default_factory=time.monotonic)
    retired: bool = False

    async def run(self, invocation: Invocation) -> Outcome:
        self.in_flight += 1
        try:
            return await self.what.run(invocation)
        finally:
            self.in_flight -= 1
            self.used = time.monotonic()
            if self.retired and not self.in_flight:
                await self.what.stop()

    async def retire(self) -> None:
        """Stop once the last run is done."""
        self.retired = True
        if not self.in_flight:
            await self.what.stop()

    @property
    def idle(self) -> float:
        """Seconds without a run."""
        return 0.0 if self.in_flight else time.monotonic() - self.used

    @property
    def stale(self) -> bool:
        """It could not be loaded and may be tried again."""
        return isinstance(self.what, Unloadable) and self.idle > RETRY_AFTER.total_seconds()


class LiveVersions:
    """The versions of an action (tenant and name) that were asked for, each with its guests."""

    def __init__(self, tenant: str, name: str, loading: Loading) -> None:
        self.tenant = tenant
        self.name = name
        self._loading = loading
        #: As read once: a version that is pruned still ends the logins it was planned for.
        self._known: dict[int, VersionObject] = {}
        self._loaded: dict[int, _Version] = {}
        self._tasks: dict[int, asyncio.Task[_Version]] = {}
        self._log = structlog.get_logger("authstream.action").bind(tenant=tenant, action=name)

    async def runtime(self, version: int, control_offset: int) -> Runtime | None:
        """What runs a version; None when there is no such version."""
        loaded = self._loaded.get(version)
        if loaded is not None and not loaded.stale:
            return loaded
        if not await self._loading.reached(control_offset) and not self._find(version):
            return None
        return await self.load(version)

    async def load(self, version: int) -> Runtime | None:
        """Load a version, once however many ask; None when there is no such version."""
        loaded = self._loaded.get(version)
        return loaded if loaded is not None and not loaded.stale else await self._fresh(version)

    async def refresh(self) -> None:
        """Secrets or variables changed: load anew what is loaded; until then the old one runs."""
        for version in list(self._loaded):
            if (task := self._tasks.get(version)) is not None:
                await asyncio.wait([task])  # it may have begun before the change
            await self._fresh(version)

    async def _fresh(self, version: int) -> Runtime | None:
        found = self._find(version)
        if found is None:
            return None
        task = self._tasks.get(version)
        if task is None:
            task = self._tasks[version] = asyncio.create_task(self._load(version, found))
            task.add_done_callback(lambda _: self._tasks.pop(version, None))
        return await asyncio.shield(task)

    async def retain(self, wanted: set[int]) -> None:
        """Stop what is neither wanted nor used any more."""
        for version, loaded in list(self._loaded.items()):
            if version not in wanted and loaded.idle > IDLE_AFTER.total_seconds():
                del self._loaded[version]
                await loaded.retire()

    async def stop(self) -> None:
        """Stop everything."""
        for task in list(self._tasks.values()):
            task.cancel()
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)
        loaded, self._loaded = list(self._loaded.values()), {}
        await asyncio.gather(*(one.what.stop() for one in loaded))

    def _find(self, version: int) -> VersionObject | None:
        if version not in self._known:
            key = ObjectKey(VERSION, self.tenant, version_name(self.name, version))
            stored = self._loading.store.view.find(key)
            if stored is None:
                return None
            self._known[version] = stored.read(VersionObject)
        return self._known[version]

    async def _load(self, version: int, found: VersionObject) -> _Version:
        before, loaded = self._loaded.get(version), _Version(await self._what(version, found))
        self._loaded[version] = loaded
        if before is not None:
            await before.retire()
        return loaded

    async def _what(self, version: int, found: VersionObject) -> Examined | Unloadable:
        try:
            guests = await asyncio.to_thread(self._made, version, found)
        except AuthstreamError as error:
            self._log.error("version_cannot_load", version=version, reason=str(error))
            return Unloadable(str(error))
        examined = Examined.of(guests)
        await self._start(version, examined)
        return examined

    def _made(self, version: int, found: VersionObject) -> Guests:
        """In a thread: blobs are read, packages installed, TypeScript compiled."""
        said = self._loading
        action = stored_action(
            said.store,
            found.spec,
            tenant=self.tenant,
            name=self.name,
            version=version,
            topics=said.topics,
            secrets_of=opened_secrets(said.store, said.keyring, self.tenant),
        )
        made = program(action, said.say)
        return guests_of(action, made, level=said.level, wrapper=said.wrapper)

    async def _start(self, version: int, examined: Examined) -> None:
        guests = examined.guests
        try:
            ready = await guests.start()
        except GuestError as error:
            # Its flows fail, each with this reason, or skip it; other actions are not hurt.
            say = self._log.warning if isinstance(error, GuestLoadError) else self._log.error
            say("action_cannot_start", version=version, reason=examined.shown(error))
        else:
            self._log.info(
                "version_loaded",
                version=version,
                runs=ready.runtime,
                binary=runtimes.binary(guests.program),
                load_ms=ready.load_ms,
            )
