"""Writes what the control log says into a folder, leaving alone what is right there already."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from authstream.contracts.runtime import CODE_FILES, language
from authstream.contracts.slug import DEFAULT_TENANT, slug
from authstream.control import blobs
from authstream.control.actions import Actions
from authstream.control.apply import Difference, desired, differences
from authstream.control.dependencies import LOCK_FILES
from authstream.control.door import Door
from authstream.control.files import VARIABLES_FILE, FlowFile, read
from authstream.control.objects import (
    FLOW,
    LOOKUP,
    BoundAction,
    FlowObject,
    ModuleSpec,
    Spec,
    SpecLimits,
)
from authstream.control.secrets import variables
from authstream.control.tenant_lookups import stored_contents
from authstream.engine.guest_limits import DEFAULT
from authstream.engine.log import Log
from authstream.errors import ConfigurationError

_DEFAULT_TIMEOUT_MS = BoundAction(action="", version=0).timeout_ms


def export(folder: Path, door: Door, tenant: str = DEFAULT_TENANT) -> list[Path]:
    """Make a folder equal to the log; the files written or removed. Secrets are never written.

    Raises ConfigurationError when what is in the folder cannot be read.
    """
    folder.mkdir(parents=True, exist_ok=True)
    changed: list[Path] = []
    for one in differences(desired(folder, door, tenant), door):
        changed += _write(one, folder, door, tenant=tenant)
    return changed


def _write(one: Difference, folder: Path, door: Door, *, tenant: str) -> list[Path]:
    """What the folder lacks is a deletion seen from the log, and the other way round."""
    if one.kind == "action":
        there = door.view.find(Actions(door, tenant).key(one.name)) is not None
        home = folder / "actions" / one.name
        return _write_action(home, one.name, Actions(door, tenant)) if there else _remove(home)
    if one.kind == FLOW:
        return _write_flow(one, folder, door, tenant=tenant)
    if one.kind == "variable":
        return [_text(folder / VARIABLES_FILE, variables(door.view, tenant))]
    if one.kind == LOOKUP:
        file = folder / "lookups" / f"{one.name}.yaml"
        content = stored_contents(door.store, tenant).get(one.name)
        return [_unlinked(file) if content is None else _bytes(file, content)]
    return []


def _write_action(home: Path, name: str, actions: Actions) -> list[Path]:
    action = actions.get(name)
    if action.deployed is None:
        return []
    spec = actions.version(name, action.deployed).spec
    log = actions.blobs
    written = [_bytes(home / spec.code_file, blobs.read(log, spec.code))]
    if spec.lock is not None:
        lock = home / LOCK_FILES[language(spec.runtime)]
        written.append(_bytes(lock, blobs.read(log, spec.lock)))
    written.append(_text(home / "action.yaml", settings_of(spec)))
    for module in spec.modules:
        written += _write_module(home.parents[1] / "modules" / module.name, module, log)
    others = [home / name for name in CODE_FILES if name != spec.code_file]
    return [*written, *(_unlinked(path) for path in others if path.exists())]


def _write_module(home: Path, module: ModuleSpec, log: Log) -> list[Path]:
    written = [_bytes(home / module.code_file, blobs.read(log, module.code))]
    if module.lock is not None:
        lock = home / LOCK_FILES["javascript"]
        written.append(_bytes(lock, blobs.read(log, module.lock)))
    said: dict[str, Any] = {"dependencies": module.dependencies, "secrets": [*module.secrets]}
    members = {name: value for name, value in said.items() if value}
    return [*written, _text(home / "module.yaml", members)] if members else written


def settings_of(spec: Spec) -> dict[str, Any]:
    """`action.yaml` of a version: what is not said is the default."""
    usual = SpecLimits.of(DEFAULT).model_dump() | {"guests": 1}
    limits = spec.limits.model_dump() | {"guests": spec.guests}
    members: dict[str, Any] = {
        "trigger": spec.trigger,
        "runtime": spec.runtime,
        "dependencies": spec.dependencies,
        "secrets": [*spec.secrets],
        "egress": [*spec.egress],
        "modules": [module.name for module in spec.modules],
        "configuration": spec.configuration,
        "limits": {name: value for name, value in limits.items() if value != usual[name]},
        "isolation": "" if spec.isolation == "action" else spec.isolation,
    }
    return {name: value for name, value in members.items() if value}


def _write_flow(one: Difference, folder: Path, door: Door, *, tenant: str) -> list[Path]:
    own = one.tenant == tenant
    stem = one.name if own else f"{one.name}.{slug(DEFAULT_TENANT, one.tenant)}"
    file = _file_of(folder, one, tenant) or folder / "flows" / f"{stem}.yaml"
    found = door.view.find(one.key)
    flow = found.read(FlowObject) if found else None
    if flow is None or flow.owner != tenant:
        return [_unlinked(file)] if file.exists() else []
    members: dict[str, Any] = {"trigger": one.name}
    if not own:
        members["tenant"] = one.tenant
    members["actions"] = [binding_of(bound) for bound in flow.bindings]
    return [_text(file, members)]


def binding_of(bound: BoundAction) -> dict[str, Any]:
    """An entry of a flow's file."""
    members: dict[str, Any] = {"action": bound.action}
    if bound.when is not None:
        members["when"] = bound.when
    if bound.timeout_ms != _DEFAULT_TIMEOUT_MS:
        members["timeout"] = _duration(bound.timeout_ms)
    if bound.on_error != "fail":
        members["on_error"] = bound.on_error
    if not bound.enabled:
        members["enabled"] = False
    return members


def _duration(millis: int) -> str:
    return f"{millis}ms" if millis % 1000 else f"{millis // 1000}s"


def _file_of(folder: Path, one: Difference, tenant: str) -> Path | None:
    """The file in which an author has the flow, whatever he called it."""
    for file in sorted((folder / "flows").glob("*.yaml")):
        said = read(file, FlowFile)
        if (said.tenant or tenant, said.trigger) == (one.tenant, one.name):
            return file
    return None


def _text(file: Path, members: Mapping[str, Any]) -> Path:
    return _bytes(file, yaml.safe_dump(dict(members), sort_keys=False, allow_unicode=True).encode())


def _bytes(file: Path, content: bytes) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content)
    return file


def _remove(home: Path) -> list[Path]:
    """The files of an action; what else is in its folder is its author's."""
    known = ["action.yaml", *CODE_FILES, *LOCK_FILES.values()]
    removed = [_unlinked(home / name) for name in known if (home / name).exists()]
    if home.is_dir() and not any(home.iterdir()):
        home.rmdir()
    return removed


def _unlinked(file: Path) -> Path:
    file.unlink()
    return file


def check_empty(folder: Path) -> None:
    """Raise ConfigurationError where an export would change somebody's files unasked."""
    if folder.exists() and any(folder.iterdir()):
        raise ConfigurationError(f"{folder} is not empty: give --force to make it equal to the log")
