"""Loads a folder of actions and flows, checked as a whole, into what workers run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from authstream.contracts.runtime import CODE_FILES, runtime_of
from authstream.contracts.slug import DEFAULT_TENANT
from authstream.contracts.topics import Topics
from authstream.control.code_file import code_file
from authstream.control.files import ActionFile, BindingFile, FlowFile, read
from authstream.control.folder_secrets import FolderSecrets
from authstream.control.modules import DeployedModule, load_modules
from authstream.engine.conditions import compiled
from authstream.engine.egress import Egress
from authstream.engine.plan import Binding, Flow
from authstream.engine.program import Isolation
from authstream.engine.trigger import Trigger
from authstream.errors import ConfigurationError

#: A folder has no versions: what is there at start is version 1.
FOLDER_VERSION = 1


@dataclass(frozen=True, slots=True)
class DeployedAction:
    """One version of an action: its topic, its code, and what it is given."""

    name: str
    version: int
    trigger: str
    topic: str
    code: Path
    #: As `action.yaml` says it: what runs may be newer, and the log says what it is.
    runtime: str
    secrets: Mapping[str, str] = field(repr=False)
    configuration: Mapping[str, Any]
    #: Package to exact version.
    dependencies: Mapping[str, str] = field(default_factory=dict[str, str])
    #: `host:port` entries that it may connect to.
    egress: tuple[str, ...] = ()
    isolation: Isolation = "action"
    #: Processes at most, in one worker.
    guests: int = 1
    modules: tuple[DeployedModule, ...] = ()


@dataclass(frozen=True, slots=True)
class Folder:
    """Everything in a folder. Looks up flows as the engine asks."""

    actions: Mapping[str, DeployedAction]
    flows: Mapping[tuple[str, str], Flow]
    modules: Mapping[str, DeployedModule] = field(default_factory=dict[str, DeployedModule])

    def choose(self, tenant: str, trigger: str) -> Flow | None:
        """A tenant's own flow, else the one for every tenant, else None."""
        return self.flows.get((tenant, trigger)) or self.flows.get((DEFAULT_TENANT, trigger))


def load(
    path: Path,
    *,
    triggers: Mapping[str, Trigger],
    topics: Topics,
    missing_secret: str | None = None,
) -> Folder:
    """The actions and flows of a folder. Raises ConfigurationError for the first problem.

    `missing_secret` stands in for secrets without a value, for rehearsals; None refuses them.
    """
    if not path.is_dir():
        raise ConfigurationError(
            f"{path} is not a folder: give one with actions/ and flows/, e.g. deploy/demo"
        )
    secrets = FolderSecrets.read(path, missing=missing_secret)
    modules = load_modules(path / "modules", secrets)
    found = sorted(file for file in (path / "actions").glob("*/action.yaml"))
    actions = {
        action.name: action
        for action in (
            _action(file, secrets, modules=modules, triggers=triggers, topics=topics)
            for file in found
        )
    }
    flows = [
        _flow(file, actions, triggers=triggers) for file in sorted((path / "flows").glob("*.yaml"))
    ]
    named = {(flow.tenant, flow.trigger): flow for flow in flows}
    if len(named) < len(flows):
        raise ConfigurationError(
            f"{path / 'flows'}: two flows for the same tenant and trigger; merge them into one file"
        )
    if not flows:
        raise ConfigurationError(
            f"{path}: no flow in flows/*.yaml, so no action would run; add one"
        )
    return Folder(actions, named, modules)


def _action(
    file: Path,
    secrets: FolderSecrets,
    *,
    modules: Mapping[str, DeployedModule],
    triggers: Mapping[str, Trigger],
    topics: Topics,
) -> DeployedAction:
    name, said = file.parent.name, read(file, ActionFile)
    _known_trigger(said.trigger, file, triggers)
    _check_egress(file, said)
    _check_modules(file, said)
    code = code_file(file.parent, CODE_FILES, holds="the handler")
    try:
        runtime = runtime_of(code.name, said.runtime)
    except ConfigurationError as error:
        raise ConfigurationError(f"{file}: {error}") from None
    return DeployedAction(
        name=name,
        version=FOLDER_VERSION,
        trigger=said.trigger,
        topic=_topic(name, file, topics),
        code=code.resolve(),
        runtime=runtime,
        secrets=secrets.of(name, said.secrets, file),
        configuration=said.configuration,
        dependencies=said.dependencies,
        egress=said.egress,
        isolation=said.isolation,
        guests=said.limits.guests,
        modules=tuple(_module(wanted, modules, file) for wanted in said.modules),
    )


def _module(name: str, modules: Mapping[str, DeployedModule], file: Path) -> DeployedModule:
    if name not in modules:
        raise ConfigurationError(
            f"{file}: no module {name!r} in modules/; there are {', '.join(modules) or 'none'}"
        )
    return modules[name]


def _topic(name: str, file: Path, topics: Topics) -> str:
    try:
        return topics.action(DEFAULT_TENANT, name)
    except ConfigurationError as error:
        raise ConfigurationError(f"{file}: {error}") from None


def _check_modules(file: Path, said: ActionFile) -> None:
    if said.modules and (file.parent / "action.py").is_file():
        raise ConfigurationError(
            f"{file}: modules are JavaScript, so a Python action cannot load them:"
            " put the shared code beside it, or into a package"
        )


def _check_egress(file: Path, said: ActionFile) -> None:
    try:
        Egress(said.egress)
    except ConfigurationError as error:
        raise ConfigurationError(f"{file}: {error}") from None


def _flow(
    file: Path, actions: Mapping[str, DeployedAction], *, triggers: Mapping[str, Trigger]
) -> Flow:
    said = read(file, FlowFile)
    _known_trigger(said.trigger, file, triggers)
    bindings = tuple(_binding(file, bound, said.trigger, actions=actions) for bound in said.actions)
    return Flow(said.tenant or DEFAULT_TENANT, said.trigger, bindings)


def _binding(
    file: Path, bound: BindingFile, trigger: str, *, actions: Mapping[str, DeployedAction]
) -> Binding:
    action = actions.get(bound.action)
    if action is None:
        raise ConfigurationError(
            f"{file}: no action {bound.action!r} in actions/; "
            f"there are {', '.join(sorted(actions)) or 'none'}"
        )
    if action.trigger != trigger:
        raise ConfigurationError(
            f"{file}: action {bound.action} is for {action.trigger}, not {trigger}"
        )
    if bound.when is not None:
        try:
            compiled(bound.when)
        except ConfigurationError as error:
            raise ConfigurationError(f"{file}, action {bound.action}: {error}") from error
    return Binding(
        bound.action,
        action.version,
        action.topic,
        bound.when,
        bound.timeout,
        bound.on_error,
    )


def _known_trigger(name: str, file: Path, triggers: Mapping[str, Trigger]) -> None:
    if name not in triggers:
        raise ConfigurationError(
            f"{file}: no trigger {name!r}; there are {', '.join(sorted(triggers))}"
        )
