"""From an author's files to what an action is in the log, and back to files that guests run."""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from authstream.contracts.budgets import GUESTS_PER_ACTION
from authstream.contracts.runtime import CODE_FILES, language, runtime_of
from authstream.contracts.topics import Topics
from authstream.control import blobs, quotas
from authstream.control.dependencies import LOCK_FILES, READ_ONLY, cache_folder
from authstream.control.door import Door
from authstream.control.folder import DeployedAction, check_code
from authstream.control.modules import PREFIX, DeployedModule
from authstream.control.objects import (
    ACTION,
    VERSION,
    ActionObject,
    BlobRef,
    ModuleSpec,
    Spec,
    SpecLimits,
    VersionObject,
)
from authstream.control.store import Store
from authstream.control.view import View
from authstream.engine.egress import Egress
from authstream.engine.guest_limits import DEFAULT, GuestLimits, check
from authstream.engine.lookup import Lookup
from authstream.engine.program import Isolation
from authstream.errors import ConfigurationError

_FOLDER_MODE = 0o755


@dataclass(frozen=True, slots=True)
class ModuleDraft:
    """A module as its author has it."""

    name: str
    code_file: str
    code: bytes = field(repr=False)
    lock: bytes | None = field(default=None, repr=False)
    dependencies: Mapping[str, str] = field(default_factory=dict[str, str])
    secrets: tuple[str, ...] = ()

    @property
    def code_bytes(self) -> int:
        """Size of the code."""
        return len(self.code)

    @classmethod
    def of(cls, module: DeployedModule) -> ModuleDraft:
        """A module that was loaded from a folder."""
        return cls(
            name=module.name,
            code_file=module.code.name,
            code=module.code.read_bytes(),
            lock=_lock_of(module),
            dependencies=module.dependencies,
            secrets=tuple(module.secrets),
        )


@dataclass(frozen=True, slots=True)
class Draft:
    """An action as its author has it."""

    trigger: str
    code_file: str
    code: bytes = field(repr=False)
    runtime: str | None = None
    #: What the package manager locked; needed where there are dependencies.
    lock: bytes | None = field(default=None, repr=False)
    dependencies: Mapping[str, str] = field(default_factory=dict[str, str])
    secrets: tuple[str, ...] = ()
    egress: tuple[str, ...] = ()
    configuration: Mapping[str, Any] = field(default_factory=dict[str, Any])
    limits: GuestLimits = DEFAULT
    guests: int = 1
    isolation: Isolation = "action"
    modules: tuple[ModuleDraft, ...] = ()

    @property
    def code_bytes(self) -> int:
        """Size of the code."""
        return len(self.code)

    @classmethod
    def of(cls, action: DeployedAction) -> Draft:
        """A draft of an action that was loaded from a folder."""
        return cls(
            trigger=action.trigger,
            code_file=action.code.name,
            code=action.code.read_bytes(),
            runtime=action.runtime,
            lock=_lock_of(action),
            dependencies=action.dependencies,
            secrets=tuple(action.secrets),
            egress=action.egress,
            configuration=action.configuration,
            limits=action.limits,
            guests=action.guests,
            isolation=action.isolation,
            modules=tuple(map(ModuleDraft.of, action.modules)),
        )


def _lock_of(packaged: DeployedAction | DeployedModule) -> bytes | None:
    file = packaged.code.parent / LOCK_FILES[language(packaged.runtime)]
    return file.read_bytes() if packaged.dependencies and file.is_file() else None


def checked(draft: Draft, door: Door) -> Draft:
    """The draft with its runtime filled in. Raises ConfigurationError for what cannot be."""
    if draft.trigger not in door.triggers:
        known = ", ".join(sorted(door.triggers))
        raise ConfigurationError(f"no trigger {draft.trigger!r}; there are {known}")
    if draft.code_file not in CODE_FILES:
        raise ConfigurationError(f"{draft.code_file} is no code file: use {', '.join(CODE_FILES)}")
    quotas.check_action(door.quotas, draft)
    if draft.guests > GUESTS_PER_ACTION:
        raise ConfigurationError(
            f"the action has {draft.guests} guests, the limit is {GUESTS_PER_ACTION}: run more"
            " workers instead"
        )
    Egress(draft.egress)
    runtime = runtime_of(draft.code_file, draft.runtime)
    check(draft.limits, language(runtime), door.most)
    return replace(draft, runtime=runtime)


def _spec(draft: Draft, place: Callable[[bytes], BlobRef]) -> Spec:
    """What the log says of a draft whose contents are put in their places."""
    return Spec(
        trigger=draft.trigger,
        runtime=draft.runtime or "",
        code_file=draft.code_file,
        code=place(draft.code),
        lock=None if draft.lock is None else place(draft.lock),
        dependencies=dict(draft.dependencies),
        secrets=draft.secrets,
        egress=draft.egress,
        configuration=dict(draft.configuration),
        limits=SpecLimits.of(draft.limits),
        guests=draft.guests,
        isolation=draft.isolation,
        modules=tuple(_module_spec(module, place) for module in draft.modules),
    )


def _module_spec(module: ModuleDraft, place: Callable[[bytes], BlobRef]) -> ModuleSpec:
    return ModuleSpec(
        name=module.name,
        code_file=module.code_file,
        code=place(module.code),
        lock=None if module.lock is None else place(module.lock),
        dependencies=dict(module.dependencies),
        secrets=module.secrets,
    )


def draft_of(spec: Spec, store: Store) -> Draft:
    """A draft to go on from. Raises ControlLogError when its contents are lost."""
    return Draft(
        trigger=spec.trigger,
        code_file=spec.code_file,
        code=blobs.read(store.blobs, spec.code),
        runtime=spec.runtime,
        lock=None if spec.lock is None else blobs.read(store.blobs, spec.lock),
        dependencies=spec.dependencies,
        secrets=spec.secrets,
        egress=spec.egress,
        configuration=spec.configuration,
        limits=spec.limits.of_guest,
        guests=spec.guests,
        isolation=spec.isolation,
        modules=tuple(
            ModuleDraft(
                name=one.name,
                code_file=one.code_file,
                code=blobs.read(store.blobs, one.code),
                lock=None if one.lock is None else blobs.read(store.blobs, one.lock),
                dependencies=one.dependencies,
                secrets=one.secrets,
            )
            for one in spec.modules
        ),
    )


def looked_at(draft: Draft) -> Spec:
    """What the log would say, without writing: for comparing by digest."""
    return _spec(draft, _unwritten)


def written(draft: Draft, store: Store) -> Spec:
    """The draft's contents stored, each only once. Raises ProduceError."""
    return _spec(draft, lambda content: stored_content(store, content))


def stored_content(store: Store, content: bytes) -> BlobRef:
    """Where a content is; written unless some action has it already."""
    known = references(store.view).get(blobs.digest_of(content))
    return known or blobs.write(store.blobs, content)


def references(view: View) -> dict[str, BlobRef]:
    """Every content that an action or version refers to, by digest."""
    specs = [
        *(stored.read(ActionObject).draft for stored in view.of_kind(ACTION)),
        *(stored.read(VersionObject).spec for stored in view.of_kind(VERSION)),
    ]
    return {ref.sha256: ref for spec in specs for ref in contents_of(spec)}


def contents_of(spec: Spec) -> list[BlobRef]:
    """Every content that a draft or version needs."""
    parts: list[Spec | ModuleSpec] = [spec, *spec.modules]
    return [ref for part in parts for ref in (part.code, part.lock) if ref is not None]


def _unwritten(content: bytes) -> BlobRef:
    return BlobRef(sha256=blobs.digest_of(content), size=len(content), offsets=())


def unpacked(  # noqa: PLR0913 - what a guest is made of, by name
    store: Store,
    spec: Spec,
    *,
    tenant: str,
    name: str,
    version: int,
    topics: Topics,
    secrets: Mapping[str, str],
    variables: Mapping[str, Any],
    lookups: tuple[Lookup, ...] = (),
    module_secrets: Mapping[str, Mapping[str, str]] | None = None,
) -> DeployedAction:
    """An action with its code in a folder named by content, ready to be built.

    Raises ControlLogError when a blob is lost, ConfigurationError for code that cannot be.
    """
    folder = _folder(tenant, name, spec)
    code = _kept(folder / spec.code_file, store, spec.code)
    if spec.lock is not None:
        _kept(folder / LOCK_FILES[language(spec.runtime)], store, spec.lock)
    check_code(code)
    return DeployedAction(
        name=name,
        version=version,
        trigger=spec.trigger,
        topic=topics.action(tenant, name),
        code=code,
        runtime=spec.runtime,
        secrets=secrets,
        configuration={**variables, **spec.configuration},
        dependencies=spec.dependencies,
        egress=spec.egress,
        isolation=spec.isolation,
        guests=spec.guests,
        tenant=tenant,
        limits=spec.limits.of_guest,
        lookups=lookups,
        modules=tuple(
            _module(store, one, tenant, (module_secrets or {}).get(one.name, {}))
            for one in spec.modules
        ),
    )


def _module(
    store: Store, spec: ModuleSpec, tenant: str, secrets: Mapping[str, str]
) -> DeployedModule:
    folder = _folder(tenant, f"{PREFIX}{spec.name}", spec)
    if spec.lock is not None:
        _kept(folder / LOCK_FILES["javascript"], store, spec.lock)
    return DeployedModule(
        name=spec.name,
        code=_kept(folder / spec.code_file, store, spec.code),
        secrets={name: secrets.get(name, "") for name in spec.secrets},
        dependencies=spec.dependencies,
    )


def _folder(tenant: str, name: str, spec: Spec | ModuleSpec) -> Path:
    """One for each content of each action: two tenants share no file, whatever their code."""
    lock = spec.lock.sha256 if spec.lock else ""
    parts = [tenant, name, spec.code_file, spec.code.sha256, lock]
    text = "\0".join(parts)
    return cache_folder() / "actions" / hashlib.sha256(text.encode()).hexdigest()


def _kept(target: Path, store: Store, ref: BlobRef) -> Path:
    if not target.is_file():
        content = blobs.read(store.blobs, ref)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.parent.chmod(_FOLDER_MODE)
        descriptor, name = tempfile.mkstemp(dir=target.parent)
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            os.fchmod(file.fileno(), READ_ONLY)
        Path(name).rename(target)
    return target
