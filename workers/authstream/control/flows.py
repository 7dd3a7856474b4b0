"""Operations on flows: bind, order, switch off, canary."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from authstream.contracts.control import ObjectKey
from authstream.contracts.slug import DEFAULT_TENANT
from authstream.control import quotas
from authstream.control.door import Door, checked_tenant
from authstream.control.objects import (
    ACTION,
    FLOW,
    VERSION,
    ActionObject,
    BoundAction,
    Canary,
    FlowObject,
    version_name,
)
from authstream.control.view import Stored
from authstream.engine.conditions import compiled
from authstream.errors import ConfigurationError, NotFoundError


class Flows:
    """All flows, through a door. Raises NotFoundError, ConflictError, ConfigurationError."""

    def __init__(self, door: Door) -> None:
        self._door = door

    def all(self) -> list[Stored]:
        """All of them, by tenant and trigger."""
        return self._door.view.of_kind(FLOW)

    def get(self, tenant: str, trigger: str) -> FlowObject:
        """One."""
        return self.stored(tenant, trigger).read(FlowObject)

    def stored(self, tenant: str, trigger: str) -> Stored:
        """One, with its revision."""
        return self._door.view.get(_key(tenant, trigger))

    def replace(
        self,
        tenant: str,
        trigger: str,
        bindings: Sequence[BoundAction],
        *,
        owner: str | None = None,
        after: int | None = None,
        operation: str = "set",
    ) -> Stored:
        """Bind exactly these, in this order; version 0 means the deployed one.

        `owner` is whose actions they are, the flow's tenant unless said.
        """
        key = _key(checked_tenant(tenant), trigger)
        self._known(trigger)
        found = self._door.view.find(key)
        whose = owner or (found.read(FlowObject).owner if found else tenant)
        flow = FlowObject(
            owner=whose,
            bindings=tuple(self._checked(whose, trigger, bound) for bound in bindings),
        )
        self._limit(trigger, flow)
        revision = self._door.view.revision(key) if after is None else after
        return self._door.write(key, flow, after=revision, operation=operation)

    def add(
        self,
        tenant: str,
        trigger: str,
        bound: BoundAction,
        *,
        at: int | None = None,
        after: int | None = None,
    ) -> FlowObject:
        """Bind one more action, at a position (from 0) or at the end."""
        if self._door.view.find(_key(tenant, trigger)) is None:
            self.replace(tenant, trigger, [bound], after=after, operation=f"add {bound.action}")
            return self.get(tenant, trigger)

        def added(flow: FlowObject) -> FlowObject:
            if any(one.action == bound.action for one in flow.bindings):
                raise ConfigurationError(
                    f"{bound.action} is in {_key(tenant, trigger)} already: move it instead"
                )
            bindings = list(flow.bindings)
            checked = self._checked(flow.owner, trigger, bound)
            bindings.insert(len(bindings) if at is None else at, checked)
            return self._limit(trigger, flow.model_copy(update={"bindings": tuple(bindings)}))

        return self._update(tenant, trigger, added, operation=f"add {bound.action}", after=after)

    def move(
        self, tenant: str, trigger: str, action: str, *, to: int, after: int | None = None
    ) -> FlowObject:
        """Give an action another position, from 0."""

        def moved(flow: FlowObject) -> FlowObject:
            bindings = [one for one in flow.bindings if one.action != action]
            bindings.insert(to, _bound(flow, action, _key(tenant, trigger)))
            return flow.model_copy(update={"bindings": tuple(bindings)})

        return self._update(tenant, trigger, moved, operation=f"move {action} to {to}", after=after)

    def remove(
        self, tenant: str, trigger: str, action: str, *, after: int | None = None
    ) -> FlowObject:
        """Take an action out."""

        def removed(flow: FlowObject) -> FlowObject:
            _bound(flow, action, _key(tenant, trigger))
            left = tuple(one for one in flow.bindings if one.action != action)
            return flow.model_copy(update={"bindings": left})

        return self._update(tenant, trigger, removed, operation=f"remove {action}", after=after)

    def enable(
        self, tenant: str, trigger: str, action: str, *, enabled: bool, after: int | None = None
    ) -> FlowObject:
        """Switch an action on or off at once: off, it stays in its place and is not run."""
        return self.rebind(
            tenant,
            trigger,
            action,
            lambda bound: bound.model_copy(update={"enabled": enabled}),
            operation=f"{'enable' if enabled else 'disable'} {action}",
            after=after,
        )

    def canary(
        self, tenant: str, trigger: str, action: str, canary: Canary | None, *, why: str = ""
    ) -> FlowObject:
        """Give a share of the logins another version, or, None, no longer."""
        if canary is not None:
            self._version(self.get(tenant, trigger).owner, action, canary.version)
        said = f"canary version {canary.version}" if canary else "end the canary"
        return self.rebind(
            tenant,
            trigger,
            action,
            lambda bound: bound.model_copy(update={"canary": canary}),
            operation=f"{said} of {action}{why and f': {why}'}",
        )

    def rebind(
        self,
        tenant: str,
        trigger: str,
        action: str,
        change: Callable[[BoundAction], BoundAction],
        *,
        operation: str | None = None,
        after: int | None = None,
    ) -> FlowObject:
        """Change how one action is bound."""

        def changed(flow: FlowObject) -> FlowObject:
            _bound(flow, action, _key(tenant, trigger))
            bindings = tuple(change(one) if one.action == action else one for one in flow.bindings)
            return flow.model_copy(update={"bindings": bindings})

        return self._update(
            tenant, trigger, changed, operation=operation or f"rebind {action}", after=after
        )

    def delete(self, tenant: str, trigger: str, *, after: int | None = None) -> None:
        """Bind nothing any more: the default tenant's flow, if any, serves the tenant again."""
        stored = self._door.view.get(_key(tenant, trigger))
        revision = stored.record.revision if after is None else after
        self._door.write(stored.key, None, after=revision, operation="delete")

    def binding(self, owner: str, action: str) -> list[ObjectKey]:
        """The flows that an action of a tenant is bound to."""
        return [
            stored.key
            for stored in self.all()
            for flow in [stored.read(FlowObject)]
            if flow.owner == owner and any(one.action == action for one in flow.bindings)
        ]

    def versions(self, owner: str, action: str) -> set[int]:
        """The versions of an action that flows run."""
        bound = [
            one
            for key in self.binding(owner, action)
            for one in self.get(key.tenant, key.name).bindings
            if one.action == action
        ]
        return {one.version for one in bound} | {one.canary.version for one in bound if one.canary}

    def _update(
        self,
        tenant: str,
        trigger: str,
        changed: Callable[[FlowObject], FlowObject],
        *,
        operation: str,
        after: int | None,
    ) -> FlowObject:
        return self._door.update(
            _key(tenant, trigger), FlowObject, changed, operation=operation, after=after
        )

    def _checked(self, owner: str, trigger: str, bound: BoundAction) -> BoundAction:
        """A binding that can run: the action is this trigger's, the version there, `when` valid."""
        stored = self._door.view.get(ObjectKey(ACTION, owner, bound.action))
        action = stored.read(ActionObject)
        if action.draft.trigger != trigger:
            raise ConfigurationError(
                f"{stored.key} is for {action.draft.trigger}, not {trigger}: bind it there"
            )
        version = bound.version or action.deployed
        if version is None:
            raise ConfigurationError(f"{stored.key} is not deployed: deploy it first")
        self._version(owner, bound.action, version)
        if bound.when is not None:
            compiled(bound.when)
        return bound.model_copy(update={"version": version})

    def _version(self, owner: str, action: str, version: int) -> None:
        self._door.view.get(ObjectKey(VERSION, owner, version_name(action, version)))

    def _known(self, trigger: str) -> None:
        if trigger not in self._door.triggers:
            known = ", ".join(sorted(self._door.triggers))
            raise ConfigurationError(f"no trigger {trigger!r}; there are {known}")

    def _limit(self, trigger: str, flow: FlowObject) -> FlowObject:
        self._door.triggers[trigger].check_actions(len(flow.bindings))
        names = [one.action for one in flow.bindings]
        quotas.check(self._door.quotas, "flow", len(names), owner=f"the flow {trigger}")
        if len(set(names)) < len(names):
            raise ConfigurationError("an action is in the flow twice: bind it once")
        return flow


def _key(tenant: str, trigger: str) -> ObjectKey:
    return ObjectKey(FLOW, tenant or DEFAULT_TENANT, trigger)


def _bound(flow: FlowObject, action: str, key: ObjectKey) -> BoundAction:
    for one in flow.bindings:
        if one.action == action:
            return one
    names = ", ".join(one.action for one in flow.bindings) or "nothing"
    raise NotFoundError(f"{action} is not in {key}, which has {names}")
