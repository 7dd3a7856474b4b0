"""Operations on actions: draft, deploy, versions, roll back, delete."""

from __future__ import annotations

import difflib
from collections.abc import Callable
from dataclasses import dataclass

import yaml

from authstream.contracts.control import ObjectKey
from authstream.control import blobs, drafts, quotas
from authstream.control.door import Door, checked_name, checked_tenant
from authstream.control.drafts import Draft
from authstream.control.flows import Flows
from authstream.control.objects import (
    ACTION,
    SECRET,
    VERSION,
    ActionObject,
    BoundAction,
    Canary,
    Spec,
    VersionObject,
    version_name,
    version_of,
)
from authstream.control.view import Stored
from authstream.engine.log import Log
from authstream.errors import ConfigurationError, ConflictError, NotFoundError


@dataclass(frozen=True, slots=True)
class Deployed:
    """What a deploy came to."""

    version: int
    #: False: there was a version of the draft already.
    new: bool
    #: The flows that were changed to run it.
    flows: tuple[ObjectKey, ...]


class Actions:
    """The actions of one tenant, through a door.

    `counted=False`: the caller has counted what the tenant will have in all, as `apply` does.
    """

    def __init__(self, door: Door, tenant: str, *, counted: bool = True) -> None:
        self._door = door
        self.tenant = checked_tenant(tenant)
        self._counted = counted

    def key(self, name: str) -> ObjectKey:
        """The object of an action."""
        return ObjectKey(ACTION, self.tenant, name)

    def all(self) -> list[Stored]:
        """All of them, by name."""
        return self._door.view.of_kind(ACTION, self.tenant)

    def get(self, name: str) -> ActionObject:
        """One. Raises NotFoundError."""
        return self._door.view.get(self.key(name)).read(ActionObject)

    def create(self, name: str, draft: Draft) -> Stored:
        """A new action with a first draft; nothing runs it yet.

        Raises ConflictError when there is one, ConfigurationError for what cannot be.
        """
        if self._door.view.find(self.key(name)) is not None:
            raise ConflictError(
                f"there is an {self.key(name)} already: edit it, or use another name"
            )
        self._door.topics.action(self.tenant, checked_name(name))
        return self._save(name, draft, after=self._door.view.revision(self.key(name)))

    def edit(self, name: str, draft: Draft, *, after: int | None = None) -> Stored:
        """Another draft; nothing changes for logins.

        `after` is the revision the author saw; None: the latest. Raises ConflictError,
        NotFoundError.
        """
        stored = self._door.view.get(self.key(name))
        if stored.read(ActionObject).draft.trigger != draft.trigger:
            raise ConfigurationError(
                f"{self.key(name)} is for {stored.read(ActionObject).draft.trigger}: an action"
                " stays with its trigger; make another action"
            )
        revision = stored.record.revision if after is None else after
        return self._save(name, draft, after=revision)

    def _save(self, name: str, draft: Draft, *, after: int) -> Stored:
        door, draft = self._door, drafts.checked(draft, self._door)
        found = door.view.find(self.key(name))
        if self._counted:
            self._check_room(name, draft)
        deployed = found.read(ActionObject).deployed if found else None
        body = ActionObject(draft=drafts.written(draft, door.store), deployed=deployed)
        done = "edit the draft" if found else "create"
        return door.write(self.key(name), body, after=after, operation=done)

    def _check_room(self, name: str, draft: Draft) -> None:
        """Whether the tenant may have this too; two doors that write at once may exceed by one."""
        there = {one.key.name: one.read(ActionObject).draft for one in self.all()}
        modules = {module.name for one in there.values() for module in one.modules}
        added = {module.name for module in draft.modules} - modules
        allowed, owner = self._door.quotas, f"tenant {self.tenant}"
        if name not in there:
            quotas.check(allowed, "actions", len(there) + 1, owner=owner)
        if added:
            quotas.check(allowed, "modules", len(modules | added), owner=owner)

    @property
    def blobs(self) -> Log:
        """Where contents are."""
        return self._door.store.blobs

    def prove(self, name: str, draft: Draft) -> None:
        """Build a draft that is not saved. Raises ConfigurationError."""
        self.build(name, drafts.written(drafts.checked(draft, self._door), self._door.store))

    def build(self, name: str, spec: Spec | None = None) -> None:
        """Prove that a draft can run; the door's `say` gets the log. Raises ConfigurationError."""
        spec = spec or self.get(name).draft
        action = drafts.unpacked(
            self._door.store,
            spec,
            tenant=self.tenant,
            name=name,
            version=0,
            topics=self._door.topics,
            secrets=dict.fromkeys(spec.secrets, ""),
            variables={},
        )
        self._door.builder.build(action, self._door.say)

    def deploy(
        self, name: str, *, note: str = "", canary: Canary | None = None, proven: bool = False
    ) -> Deployed:
        """Build the draft, make a version of it, and have every flow that binds it run that.

        With a canary (its `version` is filled in), only the share of logins it says. `proven`: it
        was built a moment ago. Raises
        ConfigurationError for what does not build, ConflictError when somebody deployed meanwhile.
        """
        stored = self._door.view.get(self.key(name))
        action = stored.read(ActionObject)
        known = self._same(name, action)
        if known is None and not proven:
            self.build(name, action.draft)
        number = known or self._next(name)
        self._door.make_topics([self._door.topics.action(self.tenant, name)])
        if known is None:
            self._add(name, number, action.draft, note)
        if canary is None or action.deployed is None:
            self._deploy(name, number, stored)
            flows = self._bump(name, lambda bound: _pinned(bound, number))
        else:
            chosen = canary.model_copy(update={"version": number})
            flows = self._bump(name, lambda bound: bound.model_copy(update={"canary": chosen}))
        self._prune(name)
        return Deployed(number, known is None, flows)

    def roll_back(self, name: str, to: int | None = None) -> Deployed:
        """Have every flow run an earlier version again, at once; the draft stays as it is.

        None: the one before the deployed one. Raises NotFoundError.
        """
        stored = self._door.view.get(self.key(name))
        action = stored.read(ActionObject)
        before = [number for number, _ in self.versions(name) if number < (action.deployed or 0)]
        if to is None and not before:
            raise NotFoundError(f"{self.key(name)} has no earlier version to roll back to")
        number = before[-1] if to is None else to
        self.version(name, number)
        if action.deployed != number:
            self._deploy(name, number, stored, what="roll back to")
        flows = self._bump(name, lambda bound: _pinned(bound, number))
        return Deployed(number, new=False, flows=flows)

    def versions(self, name: str) -> list[tuple[int, VersionObject]]:
        """All versions kept, oldest first."""
        found = [
            (number, stored.read(VersionObject))
            for stored in self._door.view.of_kind(VERSION, self.tenant)
            for action, number in [version_of(stored.key.name)]
            if action == name
        ]
        return sorted(found, key=lambda pair: pair[0])

    def version(self, name: str, number: int) -> VersionObject:
        """One version. Raises NotFoundError."""
        key = ObjectKey(VERSION, self.tenant, version_name(name, number))
        return self._door.view.get(key).read(VersionObject)

    def code(self, spec: Spec) -> str:
        """The code of a draft or version. Raises ControlLogError when it is lost."""
        return blobs.read(self._door.store.blobs, spec.code).decode(errors="replace")

    def diff(self, name: str, old: int | None, new: int | None) -> str:
        """A unified diff of two versions, code and settings; None is the draft."""
        sides = [(self._label(name, one), self._text(name, one)) for one in (old, new)]
        (old_label, old_text), (new_label, new_text) = sides
        return "".join(
            difflib.unified_diff(
                old_text.splitlines(keepends=True),
                new_text.splitlines(keepends=True),
                old_label,
                new_label,
            )
        )

    def delete(self, name: str, *, force: bool = False, after: int | None = None) -> None:
        """Delete an action and its secrets; logins under way still finish.

        Raises ConflictError while a flow binds it, unless forced: it is then taken out of them.
        """
        stored = self._door.view.get(self.key(name))
        flows = Flows(self._door).binding(self.tenant, name)
        if flows and not force:
            where = ", ".join(f"{key.name} of {key.tenant}" for key in flows)
            raise ConflictError(
                f"{self.key(name)} is bound to {where}: remove it there first, or force"
            )
        for flow in flows:
            Flows(self._door).remove(flow.tenant, flow.name, name)
        revision = stored.record.revision if after is None else after
        self._door.write(self.key(name), None, after=revision, operation="delete")
        for secret in self._door.view.of_kind(SECRET, self.tenant):
            if secret.key.name.startswith(f"{name}/"):
                self._door.write(
                    secret.key,
                    None,
                    after=secret.record.revision,
                    operation=f"delete with action {name}",
                )

    def _same(self, name: str, action: ActionObject) -> int | None:
        """The deployed version or the latest, which may be a canary, if the draft is that."""
        versions = self.versions(name)
        known = [pair for pair in versions if pair[0] == action.deployed] + versions[-1:]
        return next((number for number, one in known if one.digest == action.draft.digest), None)

    def _next(self, name: str) -> int:
        """One more than any version ever had, deleted ones included."""
        numbers = [
            number
            for key in self._door.view.keys(VERSION, self.tenant)
            for action, number in [version_of(key.name)]
            if action == name
        ]
        return max(numbers, default=0) + 1

    def _add(self, name: str, number: int, spec: Spec, note: str) -> None:
        door = self._door
        body = VersionObject(
            spec=spec,
            digest=spec.digest,
            created_at=door.store.now(),
            created_by=door.actor,
            note=note,
        )
        key = ObjectKey(VERSION, self.tenant, version_name(name, number))
        door.write(key, body, after=0, operation="make a version")

    def _deploy(self, name: str, number: int, stored: Stored, *, what: str = "deploy") -> None:
        action = stored.read(ActionObject)
        self._door.write(
            self.key(name),
            action.model_copy(update={"deployed": number}),
            after=stored.record.revision,
            operation=f"{what} version {number}",
        )

    def _bump(
        self, name: str, change: Callable[[BoundAction], BoundAction]
    ) -> tuple[ObjectKey, ...]:
        """Change the binding of the action wherever there is one; the flows that changed."""
        flows = Flows(self._door)
        changed: list[ObjectKey] = []
        for key in flows.binding(self.tenant, name):
            before = flows.get(key.tenant, key.name)
            if flows.rebind(key.tenant, key.name, name, change) != before:
                changed.append(key)
        return tuple(changed)

    def _prune(self, name: str) -> None:
        """Delete the oldest versions over the limit that nothing uses, and their contents."""
        door = self._door
        versions = self.versions(name)
        used = {self.get(name).deployed, *Flows(door).versions(self.tenant, name)}
        spare = [number for number, _ in versions if number not in used]
        for number in spare[: max(0, len(versions) - door.quotas.versions)]:
            key = ObjectKey(VERSION, self.tenant, version_name(name, number))
            spec = self.version(name, number).spec
            door.write(key, None, after=1, operation="prune")
            left = drafts.references(door.view)
            for ref in drafts.contents_of(spec):
                if ref.sha256 not in left:
                    blobs.delete(door.store.blobs, ref)

    def _spec(self, name: str, number: int | None) -> Spec:
        return self.get(name).draft if number is None else self.version(name, number).spec

    def _text(self, name: str, number: int | None) -> str:
        spec = self._spec(name, number)
        members = spec.model_dump(mode="json", exclude={"code", "lock", "modules"})
        settings = yaml.safe_dump(members, sort_keys=True, allow_unicode=True)
        return f"{settings}--- {spec.code_file}\n{self.code(spec)}"

    def _label(self, name: str, number: int | None) -> str:
        return f"{name} draft" if number is None else f"{name} version {number}"


def _pinned(bound: BoundAction, number: int) -> BoundAction:
    return bound.model_copy(update={"version": number, "canary": None})
