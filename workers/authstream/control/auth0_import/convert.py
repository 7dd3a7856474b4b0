"""Makes the files of a folder from an export, and the report of what is left to do."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

import yaml

from authstream.contracts.runtime import NODE_RUNTIMES
from authstream.contracts.slug import DEFAULT_TENANT, slug
from authstream.control import quotas
from authstream.control.auth0_import import javascript
from authstream.control.auth0_import.code_path import CodePathError, code_of
from authstream.control.auth0_import.export import (
    Bound,
    Dependency,
    Export,
    ExportedAction,
    ExportedModule,
    Secret,
)
from authstream.control.auth0_import.keywords import open_keywords
from authstream.control.auth0_import.names import FolderNames
from authstream.control.auth0_import.report import Imported, ImportedFlow, Report, ToDo
from authstream.control.modules import PREFIX
from authstream.engine.trigger import Trigger
from authstream.errors import ConfigurationError
from authstream.settings import QuotaSettings

#: What deploy-cli writes in place of a secret's value.
NOT_SHOWN = "_VALUE_NOT_SHOWN_"
#: Auth0's limit for all actions of a flow; a step may use it up, as there.
STEP_TIMEOUT = "20s"
#: Bound by a provider, stream or profile of the tenant instead of a place in an order.
ENTITY_BOUND = (
    "custom-email-provider",
    "custom-phone-provider",
    "custom-token-exchange",
    "event-stream",
    "password-hash-migration",
)
_NODE = "node:"
C = TypeVar("C", ExportedAction, ExportedModule)


@dataclass(slots=True)
class Converted:
    """Files by their path in the folder, and secrets by owner."""

    files: dict[str, str] = field(default_factory=dict[str, str])
    secrets: dict[str, dict[str, str]] = field(default_factory=dict[str, dict[str, str]])
    report: Report = field(default_factory=Report)


class _NotSupportedError(Exception):
    """Why an item is left out."""


#: The lock of packages for a folder such as `actions/crm`; None without one.
#: Raises ConfigurationError when they cannot be had.
Lock = Callable[[str, Mapping[str, str]], str | None]


def convert(
    export: Export, *, triggers: Mapping[str, Trigger], lock: Lock, allowed: QuotaSettings
) -> Converted:
    """The folder of an export. Nothing is raised for what the export holds: it is reported."""
    return _Conversion(export, triggers, lock, allowed=allowed).run()


class _Conversion:
    def __init__(
        self,
        export: Export,
        triggers: Mapping[str, Trigger],
        lock: Lock,
        *,
        allowed: QuotaSettings,
    ) -> None:
        self._allowed = allowed
        self._export = export
        self._lock = lock
        self._triggers = triggers
        self._made = Converted()
        self._report = self._made.report
        self._module_names = FolderNames()
        self._action_names = FolderNames()
        #: Exported name to folder name.
        self._modules: dict[str, str] = {}
        self._actions: dict[str, str] = {}
        self._of_trigger: dict[str, list[str]] = {}

    def run(self) -> Converted:
        """Modules, then the actions that use them, then the flows that bind those."""
        for problem in self._export.problems:
            self._report.refuse(problem.what, problem.why)
        for module in self._export.modules:
            self._try(f"module {module.name}", module, self._module)
        for action in self._export.actions:
            self._try(f"action {action.name}", action, self._action)
        for trigger, bound in self._export.triggers.items():
            self._flow(trigger, bound)
        for trigger in ENTITY_BOUND:
            self._entity_flow(trigger)
        return self._made

    def _try(self, what: str, item: C, convert_one: Callable[[C], None]) -> None:
        try:
            convert_one(item)
        except (_NotSupportedError, CodePathError, ConfigurationError) as error:
            self._report.refuse(what, str(error))

    # Modules and actions ------------------------------------------------------------------------

    def _module(self, module: ExportedModule) -> None:
        path, code = self._code(module.code)
        folder = self._module_names.take(module.name)
        said = {"dependencies": _dependencies(module.dependencies)}
        self._lock_packages(f"modules/{folder}", said["dependencies"])
        owner = f"{PREFIX}{folder}"
        secrets = self._secrets(owner, module.secrets)
        self._write(f"modules/{folder}/module", {**said, "secrets": secrets}, code)
        self._modules[module.name] = folder
        self._open_keywords(path, code)
        self._report.modules.append(Imported(module.name, f"modules/{folder}"))

    def _action(self, action: ExportedAction) -> None:
        trigger = self._trigger_of(action)
        path, code = self._code(action.code)
        _check_shape(code, trigger)
        modules = self._modules_of(action, code)
        dependencies = _dependencies(action.dependencies)
        slug(DEFAULT_TENANT, action.name)  # refuses a name that can be no topic
        folder = self._action_names.take(action.name)
        self._lock_packages(f"actions/{folder}", dependencies)
        runtime, notes = _runtime(action)
        notes += _missing_packages(code, dependencies)
        notes += ("it was not deployed",) if action.deployed is False else ()
        if folder != action.name:
            notes += (f"its name cannot be a folder, so it is called {folder} here",)
        said = {
            "trigger": trigger.name,
            "runtime": runtime,
            "dependencies": dependencies,
            "secrets": self._secrets(folder, action.secrets),
            "modules": list(modules.values()),
            "egress": self._egress(folder, [code, *self._module_codes(modules)]),
        }
        self._write(f"actions/{folder}/action", said, code)
        self._actions[action.name] = folder
        self._of_trigger.setdefault(trigger.name, []).append(action.name)
        self._open_keywords(path, code)
        self._report.actions.append(Imported(action.name, f"actions/{folder}", trigger.name, notes))

    def _trigger_of(self, action: ExportedAction) -> Trigger:
        if not action.supported_triggers:
            raise _NotSupportedError("it names no trigger")
        said = action.supported_triggers[0]
        if said.id not in self._triggers:
            known = ", ".join(sorted(self._triggers))
            raise _NotSupportedError(f"there is no trigger {said.id}; there are {known}")
        return self._triggers[said.id]

    def _modules_of(self, action: ExportedAction, code: str) -> dict[str, str]:
        """The modules that an action is pinned to or requires: exported name to folder."""
        named = [reference.module_name for reference in action.modules]
        named += [
            name.removeprefix(PREFIX)
            for name in javascript.required(code)
            if name.startswith(PREFIX)
        ]
        found = dict.fromkeys(named)
        absent = [name for name in found if name not in self._modules]
        if absent:
            raise _NotSupportedError(f"its module {', '.join(absent)} was not imported")
        quotas.check(self._allowed, "action_modules", len(found), owner="it")
        return {name: self._modules[name] for name in found}

    def _module_codes(self, modules: Mapping[str, str]) -> list[str]:
        return [self._made.files[f"modules/{folder}/module.js"] for folder in modules.values()]

    def _code(self, said: str) -> tuple[str, str]:
        path, text = code_of(self._export.root, said)
        code = self._export.keywords.replaced_code(text)
        if needed := open_keywords(javascript.statements(code)):
            raise _NotSupportedError(
                f"its code needs a value for the keyword {', '.join(needed)}: give it by --vars"
            )
        quotas.check(self._allowed, "code_bytes", len(code.encode()), owner="it")
        return path, code

    def _lock_packages(self, folder: str, dependencies: Mapping[str, str]) -> None:
        text = self._lock(folder, dependencies) if dependencies else None
        if text is not None:
            self._made.files[f"{folder}/package-lock.json"] = text

    def _secrets(self, owner: str, secrets: tuple[Secret, ...] | str) -> list[str]:
        """The names; values that a keyword gave go to the folder's secrets."""
        if isinstance(secrets, str):
            self._report.keywords_to_set.append(
                ToDo(f"secrets of {owner}", tuple(open_keywords(secrets)) or (secrets,))
            )
            return []
        known = {one.name: one.value for one in secrets if _is_value(one.value)}
        if known:
            self._made.secrets[owner] = {name: f"{value}" for name, value in known.items()}
        absent = tuple(one.name for one in secrets if one.name not in known)
        if absent:
            self._report.secrets_to_set.append(ToDo(owner, absent))
        return [one.name for one in secrets]

    def _egress(self, owner: str, codes: list[str]) -> list[str]:
        found = [javascript.hosts(code) for code in codes]
        named = sorted({host for one in found for host in one.named})
        computed = tuple(sorted({host for one in found for host in one.computed}))
        if named:
            self._report.egress.append(ToDo(owner, tuple(named)))
        if computed:
            self._report.egress_to_set.append(ToDo(owner, computed))
        return named

    def _open_keywords(self, path: str, code: str) -> None:
        if names := open_keywords(code):
            self._report.keywords_to_set.append(ToDo(path, tuple(names)))

    def _write(self, stem: str, said: Mapping[str, object], code: str) -> None:
        members = {name: value for name, value in said.items() if value}
        self._made.files[f"{stem}.yaml"] = _yaml(members)
        self._made.files[f"{stem}.js"] = code

    # Flows --------------------------------------------------------------------------------------

    def _flow(self, trigger: str, bound: tuple[Bound, ...]) -> None:
        if bound and trigger not in self._triggers:
            self._report.refuse(f"trigger {trigger}", "there is no such trigger here")
            return
        found = [one for one in bound if self._is_bindable(trigger, one)]
        most = quotas.most_actions(self._allowed, self._triggers[trigger]) if found else 0
        if len(found) > most:
            self._report.refuse(f"trigger {trigger}", f"it has over {most} actions")
        elif found:
            self._write_flow(trigger, [_binding(one, self._actions) for one in found])

    def _is_bindable(self, trigger: str, bound: Bound) -> bool:
        name = bound.action_name
        if name in self._of_trigger.get(trigger, ()):
            return True
        exported = any(action.name == name for action in self._export.actions)
        why = (
            "the action was not imported for this trigger, see above"
            if exported
            else "no such action in the export: a Marketplace integration cannot be exported"
        )
        self._report.refuse(f"binding of {name} in {trigger}", why)
        return False

    def _entity_flow(self, trigger: str) -> None:
        names = self._of_trigger.get(trigger, [])
        if not names or self._export.triggers.get(trigger):
            return
        if len(names) > 1:
            self._report.refuse(
                f"flow {trigger}",
                f"Auth0 binds one action by its provider, stream or profile, and here are"
                f" {', '.join(names)}: bind the right one in flows/{trigger}.yaml",
            )
            return
        self._write_flow(trigger, [_binding(Bound(action_name=names[0]), self._actions)])

    def _write_flow(self, trigger: str, bindings: list[dict[str, str]]) -> None:
        self._made.files[f"flows/{trigger}.yaml"] = _yaml({"trigger": trigger, "actions": bindings})
        names = tuple(binding["action"] for binding in bindings)
        self._report.flows.append(ImportedFlow(trigger, names))


def _dependencies(dependencies: tuple[Dependency, ...]) -> dict[str, str]:
    for one in dependencies:
        if one.registry_url:
            raise _NotSupportedError(
                f"package {one.name} comes from a registry of its own:"
                " configure npm for it and leave registry_url out"
            )
        if not one.version[:1].isdecimal():
            raise _NotSupportedError(
                f"package {one.name}: {one.version} is no exact version: write the one that"
                " Auth0 shows"
            )
    return {one.name: one.version for one in dependencies}


def _binding(bound: Bound, folders: Mapping[str, str]) -> dict[str, str]:
    folder = folders[bound.action_name]
    shown = bound.display_name
    display = {"display_name": shown} if shown and shown != folder else {}
    return {"action": folder, **display, "timeout": STEP_TIMEOUT}


def _check_shape(code: str, trigger: Trigger) -> None:
    """Refuse code that surely has no handler of the trigger."""
    found = javascript.handlers(code)
    if trigger.handler in found:
        return
    if javascript.is_legacy(code):
        raise _NotSupportedError(
            "it is written for the first version of Actions (module.exports = function):"
            f" write exports.{trigger.handler} = async (event, api) => {{…}}"
        )
    said = f"; it has {', '.join(sorted(found))}" if found else ""
    raise _NotSupportedError(f"it has no handler {trigger.handler}{said}")


def _runtime(action: ExportedAction) -> tuple[str | None, tuple[str, ...]]:
    said = (action.runtime or "").removesuffix("-actions")
    if not said or said in NODE_RUNTIMES:
        return said or None, ()
    return NODE_RUNTIMES[0], (f"runtime {said} is withdrawn: {NODE_RUNTIMES[0]} is named instead",)


def _missing_packages(code: str, dependencies: Mapping[str, str]) -> tuple[str, ...]:
    wanted = {
        javascript.package(name)
        for name in javascript.required(code)
        if not name.startswith((PREFIX, _NODE))
    }
    absent = sorted(wanted - set(dependencies) - javascript.BUILT_IN)
    return tuple(f"it requires {name}, which is not in its dependencies" for name in absent)


def _is_value(value: str | None) -> bool:
    return value is not None and value not in ("", NOT_SHOWN) and not open_keywords(value)


def _yaml(members: Mapping[str, Any]) -> str:
    return yaml.safe_dump(dict(members), sort_keys=False, allow_unicode=True, width=100)
