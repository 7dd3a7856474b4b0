"""A worker's stages from the control log: they follow it while they run, without a restart."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from datetime import timedelta
from typing import Any, Protocol

import structlog

from authstream.apps import downstream
from authstream.apps.live_flows import LiveFlows
from authstream.apps.live_versions import VIEW_WITHIN, LiveVersions, Loading
from authstream.apps.stages import after_actions, chosen, matches, slip_key_of, triggers, wrapper
from authstream.contracts.control import ObjectKey
from authstream.contracts.topics import Topics
from authstream.control.door import Door
from authstream.control.flows import Flows
from authstream.control.modules import PREFIX
from authstream.control.objects import (
    ACTION,
    FLOW,
    ActionObject,
    FlowObject,
)
from authstream.control.seal import keyring
from authstream.control.store import Store
from authstream.control.view import Entry as Change
from authstream.engine.ports import Clock, PointReader, Stage
from authstream.engine.state import state_keys
from authstream.engine.windows import MemoryWindows, WindowsOf
from authstream.settings import Settings
from authstream.stages.action import Action, stage_name
from authstream.stages.canary import CanaryWatch
from authstream.stages.entry import Entry

#: A flow waits so long for the stages of its new actions; then it takes effect all the same.
HOLD_AT_MOST = timedelta(seconds=15)
#: A deleted action's stage goes on for so long: longer than any login planned with it may take.
DRAIN_AFTER = timedelta(seconds=30)
RETAIN_EVERY = timedelta(seconds=15)
_POLL = timedelta(milliseconds=20)


class Hosting(Protocol):
    """A runner that takes on and lets go of stages while it runs."""

    async def add(self, stage: Stage) -> None:
        """Start one more stage."""
        ...

    async def remove(self, name: str) -> None:
        """Finish one stage."""
        ...

    def hosts(self, name: str) -> bool:
        """It was started here."""
        ...

    def works(self, name: str) -> bool:
        """It has its share of the work."""
        ...


class LiveAction(Action):
    """An action's stage, with whichever versions its envelopes name."""

    def __init__(
        self,
        versions: LiveVersions,
        deployed: Callable[[], set[int]],
        **options: Any,  # noqa: ANN401 - those of Action
    ) -> None:
        self.versions = versions
        self._deployed = deployed
        super().__init__(name=versions.name, tenant=versions.tenant, versions=versions, **options)

    async def start(self) -> None:
        """Load what flows run now, so that no login waits for it."""
        await asyncio.gather(*(self.versions.load(number) for number in self._deployed()))

    async def stop(self) -> None:
        """End every guest."""
        await self.versions.stop()


class Live:
    """All stages of a cluster, and what changes them. `host` makes it follow."""

    def __init__(  # noqa: PLR0913 - what it is made of, by name
        self,
        store: Store,
        settings: Settings,
        *,
        reader: PointReader,
        clock: Clock,
        patterns: Sequence[str] = (),
        say: Callable[[str], None] = lambda _text: None,
        windows: WindowsOf = MemoryWindows,
    ) -> None:
        """Proves the confinement. Raises ConfigurationError."""
        self._store = store
        self._settings = settings
        self._clock = clock
        self._patterns = patterns
        self.topics = Topics(settings.prefix)
        self.level = chosen(settings)
        self.flows = LiveFlows(store.view, topics=self.topics, clock=clock)
        self._door = Door(store, "canary", triggers(), topics=self.topics, quotas=settings.quotas)
        self._loading = Loading(
            store,
            keyring(settings),
            self.topics,
            self.level,
            wrapper(settings),
            say,
            reached=self.reached,
        )
        self._actions: dict[tuple[str, str], LiveAction] = {}
        self._fixed = self._fixed_stages(reader, windows)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._hosting: Hosting | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        #: Flow revisions that wait for stages: a later one ends the wait of an earlier one.
        self._held: dict[ObjectKey, int] = {}
        #: Stages on their way up.
        self._starting: set[str] = set()
        self._moved = asyncio.Event()
        self._log = structlog.get_logger("authstream.control")

    def _stages(self) -> tuple[Stage, ...]:
        """What to start with."""
        for stored in self._store.view.of_kind(ACTION):
            if stored.read(ActionObject).deployed is not None:
                self._action(stored.key.tenant, stored.key.name)
        return (*self._fixed, *self._actions.values())

    @property
    def action_topics(self) -> list[str]:
        """Where its actions take their envelopes from."""
        return [topic for stage in self._actions.values() for topic in stage.topics]

    def selected(self, patterns: Sequence[str]) -> tuple[Stage, ...]:
        """The stages to host; an action may come later, so a pattern may match nothing yet."""
        return tuple(stage for stage in self._stages() if matches(stage.name, patterns))

    def follow(self) -> None:
        """Hear of changes from now on; called on the loop, before the stages start."""
        self._loop = asyncio.get_running_loop()
        self._store.listen(self._heard)

    def host(self, hosting: Hosting) -> None:
        """Start and drain stages as actions come and go; called once the first ones work."""
        self._hosting = hosting
        self._spawn(self._retain())
        for stored in [*self._store.view.of_kind(ACTION), *self._store.view.of_kind(FLOW)]:
            self._take(stored.key)  # what came between the stages' start and now

    async def stop(self) -> None:
        """Follow no more."""
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def reached(self, offset: int) -> bool:
        """Wait until the view has the record at an offset, or the time is over."""
        try:
            async with asyncio.timeout(VIEW_WITHIN.total_seconds()):
                while self._store.view.position <= offset:
                    self._moved.clear()
                    await self._moved.wait()
        except TimeoutError:
            return False
        return True

    def _fixed_stages(self, reader: PointReader, windows: WindowsOf) -> tuple[Stage, ...]:
        entry = Entry(
            topics=self.topics,
            triggers=triggers(),
            flows=self.flows,
            slip_key=slip_key_of(self._settings),
            hydration=downstream.hydration(self._settings, topics=self.topics),
        )
        rest = after_actions(
            self.topics,
            self._settings,
            flows=self.flows,
            reader=reader,
            clock=self._clock,
            windows=windows,
        )
        return (entry, *rest, CanaryWatch(topics=self.topics, flows=Flows(self._door)))

    def _action(self, tenant: str, name: str) -> LiveAction:
        known = self._actions.get((tenant, name))
        if known is None:
            known = self._actions[tenant, name] = LiveAction(
                LiveVersions(tenant, name, self._loading),
                lambda: self._wanted(tenant, name),
                topic=self.topics.action(tenant, name),
                topics=self.topics,
                triggers=triggers(),
                clock=self._clock,
                slip_key=slip_key_of(self._settings),
                state_keys=state_keys(self._settings),
            )
        return known

    def _wanted(self, tenant: str, name: str) -> set[int]:
        """The versions that the next logins may name."""
        stored = self._store.view.find(ObjectKey(ACTION, tenant, name))
        deployed = stored.read(ActionObject).deployed if stored else None
        bound = Flows(self._door).versions(tenant, name)
        return bound if deployed is None else bound | {deployed}

    def _heard(self, change: Change) -> None:
        """On the store's thread."""
        if self._loop is None or self._loop.is_closed():
            return
        key = change.record.key
        won = change.fate == "won"
        self._loop.call_soon_threadsafe(self._on_loop, key if won else None)

    def _on_loop(self, key: ObjectKey | None) -> None:
        self._moved.set()
        if key is not None:
            self._take(key)

    def _take(self, key: ObjectKey) -> None:
        """Act on the latest revision of an object."""
        match key.kind:
            case "action":
                self._spawn(self._follow_action(key))
            case "flow":
                self._take_flow(key)
            case "break-glass":
                self.flows.put(key)
                self._log.warning("break_glass", tenant=key.tenant, trigger=key.name)
            case "secret":
                owner = key.name.partition("/")[0]
                self._refresh(key.tenant, None if owner.startswith(PREFIX) else owner)
            case "variable" | "lookup":
                self._refresh(key.tenant, None)
            case _:
                pass

    def _refresh(self, tenant: str, name: str | None) -> None:
        for (whose, action), stage in self._actions.items():
            if whose == tenant and name in (None, action):
                self._spawn(stage.versions.refresh())

    async def _follow_action(self, key: ObjectKey) -> None:
        """Start its stage when it is first deployed, load what is deployed, drain it when gone."""
        stored = self._store.view.find(key)
        if stored is None:
            await self._drain(key)
        elif stored.read(ActionObject).deployed is not None:
            stage = self._action(key.tenant, key.name)
            if await self._hosted(stage):
                await stage.start()

    async def _hosted(self, stage: LiveAction) -> bool:
        """Take it on if it is ours to host and not here yet; whether it was here."""
        if self._hosting is None or not matches(stage.name, self._patterns):
            return False
        if self._hosting.hosts(stage.name) or stage.name in self._starting:
            return True
        self._starting.add(stage.name)
        try:
            await self._hosting.add(stage)
        finally:
            self._starting.discard(stage.name)
        self._log.info("stage_started", stage=stage.name)
        return False

    async def _drain(self, key: ObjectKey) -> None:
        await asyncio.sleep(DRAIN_AFTER.total_seconds())
        stage = self._actions.get((key.tenant, key.name))
        if stage is None or self._store.view.find(key) is not None or self._hosting is None:
            return
        del self._actions[key.tenant, key.name]
        if self._hosting.hosts(stage.name):
            await self._hosting.remove(stage.name)
            self._log.info("stage_drained", stage=stage.name)

    def _take_flow(self, key: ObjectKey) -> None:
        """In effect at once, unless the stage of a new action is not at work yet."""
        waiting = self._stages_not_ready(key)
        if not waiting:
            self._held.pop(key, None)
            self.flows.put(key)
            return
        revision = self._held[key] = self._store.view.revision(key)
        self._spawn(self._hold(key, revision))

    async def _hold(self, key: ObjectKey, revision: int) -> None:
        deadline = asyncio.get_running_loop().time() + HOLD_AT_MOST.total_seconds()
        while self._held.get(key) == revision:
            late = asyncio.get_running_loop().time() > deadline
            waiting = self._stages_not_ready(key)
            if not waiting or late:
                if waiting:
                    self._log.warning("flow_not_waiting", flow=str(key), stages=waiting)
                self._held.pop(key, None)
                self.flows.put(key)
                return
            await asyncio.sleep(_POLL.total_seconds())

    def _stages_not_ready(self, key: ObjectKey) -> list[str]:
        """Stages of the flow's actions that are ours to host and are not at work yet."""
        stored = self._store.view.find(key)
        if stored is None or self._hosting is None:
            return []
        flow = stored.read(FlowObject)
        names = [stage_name(flow.owner, bound.action) for bound in flow.bindings if bound.enabled]
        ours = [name for name in names if matches(name, self._patterns)]
        return [name for name in ours if not self._hosting.works(name)]

    async def _retain(self) -> None:
        while True:
            await asyncio.sleep(RETAIN_EVERY.total_seconds())
            for (tenant, name), stage in list(self._actions.items()):
                await stage.versions.retain(self._wanted(tenant, name))

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self._log.error("control_change_failed", error=str(error), kind=type(error).__name__)
