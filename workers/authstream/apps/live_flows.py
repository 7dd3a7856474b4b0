"""The flows that entry plans with: the latest ones whose actions are ready to run."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from authstream.contracts.control import ObjectKey
from authstream.contracts.slug import DEFAULT_TENANT
from authstream.contracts.topics import Topics
from authstream.control.objects import BREAK_GLASS, FLOW, BreakGlassObject, FlowObject
from authstream.control.view import Stored, View
from authstream.engine.plan import Binding, BreakGlass, CanaryShare, Flow
from authstream.engine.ports import Clock


class LiveFlows:
    """Flows by tenant and trigger. What is put in is in effect for the next login."""

    def __init__(self, view: View, *, topics: Topics, clock: Clock) -> None:
        self._view = view
        self._topics = topics
        self._clock = clock
        self._flows: dict[tuple[str, str], Flow] = {}
        self._emergencies: dict[tuple[str, str], BreakGlass] = {}
        for stored in view.of_kind(FLOW):
            self.put(stored.key)
        for stored in view.of_kind(BREAK_GLASS):
            self.put(stored.key)

    def choose(self, tenant: str, trigger: str) -> Flow | None:
        """A tenant's own flow, else the default tenant's, under an emergency of either."""
        flow = self._flows.get((tenant, trigger)) or self._flows.get((DEFAULT_TENANT, trigger))
        glass = self._emergency(tenant, trigger) if self._emergencies else None
        if glass is None:
            return flow
        return replace(flow or Flow(tenant, trigger, ()), break_glass=glass)

    def put(self, key: ObjectKey) -> None:
        """Take what the view says of a flow or an emergency now."""
        stored, place = self._view.find(key), (key.tenant, key.name)
        if key.kind == FLOW:
            self._flows.pop(place, None)
            if stored is not None:
                self._flows[place] = flow_of(stored, self._topics)
        elif stored is None:
            self._emergencies.pop(place, None)
        else:
            glass = stored.read(BreakGlassObject)
            self._emergencies[place] = BreakGlass(glass.mode, glass.until, glass.reason)

    def _emergency(self, tenant: str, trigger: str) -> BreakGlass | None:
        now = self._clock.now()
        found = (self._emergencies.get((who, trigger)) for who in (tenant, DEFAULT_TENANT))
        return next((glass for glass in found if glass is not None and now < glass.until), None)


def flow_of(stored: Stored, topics: Topics) -> Flow:
    """A flow as the engine plans it; its control offset is that of its own record."""
    return Flow(
        stored.key.tenant,
        stored.key.name,
        bindings_of(stored.read(FlowObject), topics),
        control_offset=stored.offset,
    )


def bindings_of(flow: FlowObject, topics: Topics) -> tuple[Binding, ...]:
    """The actions of a flow as the engine plans them."""
    return tuple(
        Binding(
            bound.action,
            bound.version,
            topics.action(flow.owner, bound.action),
            bound.when,
            timedelta(milliseconds=bound.timeout_ms),
            bound.on_error,
            bound.enabled,
            CanaryShare(bound.canary.version, bound.canary.share) if bound.canary else None,
        )
        for bound in flow.bindings
    )
