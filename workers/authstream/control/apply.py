"""Makes the control log equal to a folder, and says beforehand what would change."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, cast

from authstream.contracts.control import ObjectKey
from authstream.contracts.slug import DEFAULT_TENANT
from authstream.control.actions import Actions
from authstream.control.blobs import digest_of
from authstream.control.door import Door
from authstream.control.drafts import Draft, checked, looked_at
from authstream.control.files import (
    SECRETS_FILE,
    VARIABLES_FILE,
    BindingFile,
    read_secrets,
    read_variables,
)
from authstream.control.flows import Flows
from authstream.control.folder import load
from authstream.control.modules import PREFIX
from authstream.control.objects import (
    ACTION,
    FLOW,
    LOOKUP,
    MILLISECOND,
    SECRET,
    BlobRef,
    BoundAction,
    FlowObject,
    LookupObject,
    ModuleSpec,
    SecretObject,
    Spec,
)
from authstream.control.secrets import Secrets, secret_key, variables
from authstream.control.tenant_lookups import contents, delete_lookup, set_lookup
from authstream.engine.plan import Binding
from authstream.errors import ConfigurationError

What = Literal["create", "update", "delete"]


@dataclass(frozen=True, slots=True)
class Difference:
    """One object that is not as the folder says. Never holds a secret's value."""

    what: What
    kind: str
    tenant: str
    name: str
    #: What differs, for people.
    detail: str = ""

    @property
    def key(self) -> ObjectKey:
        """The object."""
        return ObjectKey(self.kind, self.tenant, self.name)

    def __str__(self) -> str:
        """One line."""
        tenant = "" if self.tenant == DEFAULT_TENANT else f" of {self.tenant}"
        return f"{self.what} {self.kind} {self.name}{tenant}{self.detail and f': {self.detail}'}"


@dataclass(frozen=True, slots=True)
class Desired:
    """What a folder wants of one tenant."""

    tenant: str
    actions: Mapping[str, Draft]
    #: By tenant and trigger.
    flows: Mapping[tuple[str, str], tuple[BoundAction, ...]]
    variables: Mapping[str, Any]
    #: Files with users' groups and roles, by kind.
    lookups: Mapping[str, bytes] = field(repr=False)
    #: Values by action and name.
    secrets: Mapping[str, Mapping[str, str]] = field(repr=False)


def desired(folder: Path, door: Door, tenant: str = DEFAULT_TENANT) -> Desired:
    """What a folder says. Raises ConfigurationError for what cannot be."""
    loaded = load(
        folder,
        triggers=door.triggers,
        topics=door.topics,
        missing_secret="",
        tenant=tenant,
        flows_needed=False,
        most=door.most,
        allowed=door.quotas,
    )
    values = read_secrets(folder / SECRETS_FILE)
    drafts = {name: checked(Draft.of(one), door) for name, one in loaded.actions.items()}
    return Desired(
        tenant,
        drafts,
        {key: tuple(_bound(one) for one in flow.bindings) for key, flow in loaded.flows.items()},
        read_variables(folder / VARIABLES_FILE),
        contents(folder),
        {
            owner: {
                secret: value.get_secret_value()
                for secret, value in values.get(owner, {}).items()
                if secret in names
            }
            for owner, names in _owners(drafts).items()
        },
    )


def _owners(drafts: Mapping[str, Draft]) -> dict[str, tuple[str, ...]]:
    """Actions and modules with the secrets that they name."""
    modules = {
        f"{PREFIX}{module.name}": module.secrets
        for draft in drafts.values()
        for module in draft.modules
    }
    return {name: draft.secrets for name, draft in drafts.items()} | modules


def differences(wanted: Desired, door: Door) -> list[Difference]:
    """What would change, in the order in which it would. Raises SealError."""
    return [
        *_actions(wanted, door),
        *_secrets(wanted, door),
        *_variables(wanted, door),
        *_lookups(wanted, door),
        *_flows(wanted, door),
        *_gone(wanted, door),
    ]


def apply(wanted: Desired, door: Door) -> list[Difference]:
    """Make it so; what was changed. Everything is built before anything is written.

    Raises:
        ConfigurationError: Something cannot be, does not build, or a secret has no value.
        ConflictError: Somebody else changed one of these meanwhile; what was written before it
            stays, and no flow runs it yet.
    """
    found = differences(wanted, door)
    _check_secrets(wanted, door)
    revisions = {key: door.view.revision(key) for key in (one.key for one in found)}
    for one in found:
        if one.kind == ACTION and one.what != "delete":
            Actions(door, wanted.tenant).prove(one.name, wanted.actions[one.name])
    for one in found:
        for flow in _apply_one(one, wanted, door, after=revisions[one.key]):
            if flow in revisions:
                revisions[flow] += 1
    return found


def missing_secrets(wanted: Desired, door: Door) -> list[str]:
    """Secrets that actions name and that have a value neither here nor there."""
    return [
        f"{action}/{name}"
        for action, names in _owners(wanted.actions).items()
        for name in names
        if name not in wanted.secrets.get(action, {})
        and door.view.find(secret_key(wanted.tenant, action, name)) is None
    ]


def _check_secrets(wanted: Desired, door: Door) -> None:
    missing = missing_secrets(wanted, door)
    if missing:
        raise ConfigurationError(
            f"no value for secret {', '.join(missing)}: add it to {SECRETS_FILE},"
            " or create the action and use `authstream secrets set`"
        )


def _bound(binding: Binding) -> BoundAction:
    return BoundAction(
        action=binding.action,
        version=0,
        when=binding.when,
        timeout_ms=binding.timeout // MILLISECOND,
        on_error=binding.on_error,
        enabled=binding.enabled,
    )


def binding_of_file(said: BindingFile) -> BoundAction:
    """An entry of a flow's file as it is bound: at the deployed version."""
    return BoundAction(
        action=said.action,
        version=0,
        when=said.when,
        timeout_ms=said.timeout // MILLISECOND,
        on_error=said.on_error,
        enabled=said.enabled,
    )


def _actions(wanted: Desired, door: Door) -> Iterator[Difference]:
    actions = Actions(door, wanted.tenant)
    for name, draft in sorted(wanted.actions.items()):
        if door.view.find(actions.key(name)) is None:
            yield Difference("create", ACTION, wanted.tenant, name)
            continue
        said, there = looked_at(draft), actions.get(name)
        if there.deployed is None:
            yield Difference("update", ACTION, wanted.tenant, name, "not deployed")
        elif actions.version(name, there.deployed).digest != said.digest:
            deployed = actions.version(name, there.deployed).spec
            yield Difference(
                "update", ACTION, wanted.tenant, name, _members_that_differ(said, deployed)
            )


def _members_that_differ(one: Spec, other: Spec) -> str:
    names = [
        name
        for name in Spec.model_fields
        if _comparable(getattr(one, name)) != _comparable(getattr(other, name))
    ]
    return ", ".join(names)


def _comparable(value: object) -> object:
    if isinstance(value, tuple):
        return [_comparable(one) for one in cast("tuple[object, ...]", value)]
    if isinstance(value, ModuleSpec):
        return value.name, value.code.sha256, value.lock and value.lock.sha256, value.secrets
    return value.sha256 if isinstance(value, BlobRef) else value


def _secrets(wanted: Desired, door: Door) -> Iterator[Difference]:
    for action, values in sorted(wanted.secrets.items()):
        for name, value in sorted(values.items()):
            key = secret_key(wanted.tenant, action, name)
            found = door.view.find(key)
            if found is None:
                yield Difference("create", SECRET, wanted.tenant, key.name)
            elif not door.keyring.same(key, found.read(SecretObject), value):
                yield Difference("update", SECRET, wanted.tenant, key.name)


def _variables(wanted: Desired, door: Door) -> Iterator[Difference]:
    there = variables(door.view, wanted.tenant)
    for name, value in sorted(wanted.variables.items()):
        if name not in there:
            yield Difference("create", "variable", wanted.tenant, name)
        elif there[name] != value:
            yield Difference("update", "variable", wanted.tenant, name)
    for name in sorted(there.keys() - wanted.variables.keys()):
        yield Difference("delete", "variable", wanted.tenant, name)


def _lookups(wanted: Desired, door: Door) -> Iterator[Difference]:
    there = {
        stored.key.name: stored.read(LookupObject).content.sha256
        for stored in door.view.of_kind(LOOKUP, wanted.tenant)
    }
    for kind, content in sorted(wanted.lookups.items()):
        if kind not in there:
            yield Difference("create", LOOKUP, wanted.tenant, kind)
        elif there[kind] != digest_of(content):
            yield Difference("update", LOOKUP, wanted.tenant, kind)
    for kind in sorted(there.keys() - wanted.lookups.keys()):
        yield Difference("delete", LOOKUP, wanted.tenant, kind)


def _flows(wanted: Desired, door: Door) -> Iterator[Difference]:
    for (tenant, trigger), bindings in sorted(wanted.flows.items()):
        found = door.view.find(ObjectKey(FLOW, tenant, trigger))
        if found is None:
            yield Difference("create", FLOW, tenant, trigger)
            continue
        flow = found.read(FlowObject)
        there = tuple(map(_as_in_files, flow.bindings))
        if (there, flow.owner) != (bindings, wanted.tenant):
            yield Difference("update", FLOW, tenant, trigger, _order(there, bindings))


def _as_in_files(bound: BoundAction) -> BoundAction:
    """Without what a folder does not say: the version and its canary."""
    return bound.model_copy(update={"version": 0, "canary": None})


def _order(there: tuple[BoundAction, ...], wanted: tuple[BoundAction, ...]) -> str:
    before, after = ([one.action for one in bound] for bound in (there, wanted))
    if before == after:
        return "how actions are bound"
    return f"{', '.join(before) or 'nothing'} becomes {', '.join(after) or 'nothing'}"


def _gone(wanted: Desired, door: Door) -> Iterator[Difference]:
    """What the folder does not have any more: flows before the actions that they bind."""
    for stored in door.view.of_kind(FLOW):
        owner = stored.read(FlowObject).owner
        if owner == wanted.tenant and (stored.key.tenant, stored.key.name) not in wanted.flows:
            yield Difference("delete", FLOW, stored.key.tenant, stored.key.name)
    for stored in door.view.of_kind(ACTION, wanted.tenant):
        if stored.key.name not in wanted.actions:
            yield Difference("delete", ACTION, wanted.tenant, stored.key.name)


def _apply_one(one: Difference, wanted: Desired, door: Door, *, after: int) -> Sequence[ObjectKey]:
    """Change one object; the flows that changed with it."""
    # Counted as a whole when the folder was read: on the way there may be more for a moment.
    actions = Actions(door, wanted.tenant, counted=False)
    secrets = Secrets(door, wanted.tenant)
    match one.kind, one.what:
        case "action", "delete":
            actions.delete(one.name, after=after)
        case "action", _:
            return _deploy(one, wanted.actions[one.name], actions, after=after)
        case "secret", _:
            action, _, name = one.name.partition("/")
            secrets.put(action, name, wanted.secrets[action][name], after=after)
        case "variable", "delete":
            secrets.delete_variable(one.name, after=after)
        case "variable", _:
            secrets.set_variable(one.name, wanted.variables[one.name], after=after)
        case "lookup", "delete":
            delete_lookup(door, one.tenant, one.name, after=after)
        case "lookup", _:
            content = wanted.lookups[one.name]
            set_lookup(door, one.tenant, one.name, content, after=after)
        case "flow", "delete":
            Flows(door).delete(one.tenant, one.name, after=after)
        case _:
            _set_flow(one, wanted, door, after=after)
    return ()


def _deploy(one: Difference, draft: Draft, actions: Actions, *, after: int) -> Sequence[ObjectKey]:
    if one.what == "create":
        actions.create(one.name, draft)
    else:
        actions.edit(one.name, draft, after=after)
    return actions.deploy(one.name, proven=True).flows


def _set_flow(one: Difference, wanted: Desired, door: Door, *, after: int) -> None:
    bindings = wanted.flows[one.tenant, one.name]
    found = door.view.find(one.key)
    if found is not None:
        kept = {bound.action: bound for bound in found.read(FlowObject).bindings}
        bindings = tuple(_keeping(bound, kept.get(bound.action)) for bound in bindings)
    Flows(door).replace(one.tenant, one.name, bindings, owner=wanted.tenant, after=after)


def _keeping(bound: BoundAction, there: BoundAction | None) -> BoundAction:
    """The version and canary that are there: a folder does not say them."""
    if there is None:
        return bound
    return bound.model_copy(update={"version": there.version, "canary": there.canary})
