"""Loads a folder of actions and flows, checked as a whole, into what workers run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from authstream.contracts.runtime import CODE_FILES, language, runtime_of
from authstream.contracts.slug import DEFAULT_TENANT
from authstream.contracts.topics import Topics
from authstream.control import quotas
from authstream.control.files import (
    SECRETS_FILE,
    ActionFile,
    BindingFile,
    FlowFile,
    ModuleFile,
    Secrets,
    read,
    read_secrets,
)
from authstream.control.lookups import read_lookups
from authstream.control.modules import DeployedModule, load_modules
from authstream.engine import guest_limits
from authstream.engine.conditions import compiled
from authstream.engine.egress import Egress
from authstream.engine.guest_limits import GuestLimits
from authstream.engine.lookup import Lookup
from authstream.engine.plan import Binding, Flow
from authstream.engine.program import Isolation
from authstream.engine.trigger import Trigger
from authstream.errors import ConfigurationError
from authstream.settings import QuotaSettings

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
    #: Who knows the groups and roles of users.
    lookups: tuple[Lookup, ...] = field(default=(), repr=False)
    isolation: Isolation = "action"
    #: Processes at most, in one worker.
    guests: int = 1
    #: Whose it is: with the name, its identity.
    tenant: str = DEFAULT_TENANT
    modules: tuple[DeployedModule, ...] = ()
    #: What each of them may use.
    limits: GuestLimits = guest_limits.DEFAULT
    #: In a test run: whom it connects to is in its console.
    tells_connections: bool = False

    @property
    def code_bytes(self) -> int:
        """Size of the code."""
        return self.code.stat().st_size


@dataclass(frozen=True, slots=True)
class Folder:
    """Everything in a folder. Looks up flows as the engine asks."""

    actions: Mapping[str, DeployedAction]
    flows: Mapping[tuple[str, str], Flow]
    modules: Mapping[str, DeployedModule] = field(default_factory=dict[str, DeployedModule])

    def choose(self, tenant: str, trigger: str) -> Flow | None:
        """A tenant's own flow, else the one for every tenant, else None."""
        return self.flows.get((tenant, trigger)) or self.flows.get((DEFAULT_TENANT, trigger))


@dataclass(frozen=True, slots=True)
class _Secrets:
    """The values in `.secrets.yaml`, and what stands in for one that is not there."""

    values: Secrets
    missing: str | None

    def of(
        self, file: Path, said: ActionFile | ModuleFile, *, owner: str | None = None
    ) -> dict[str, str]:
        """The secrets of an action, or of another owner.

        Raises ConfigurationError when one has no value.
        """
        name = owner or file.parent.name
        known = {key: value.get_secret_value() for key, value in self.values.get(name, {}).items()}
        absent = sorted(set(said.secrets) - set(known))
        if absent and self.missing is None:
            raise ConfigurationError(
                f"{file}: no value for secret {', '.join(absent)}; "
                f"add it under {name} in .secrets.yaml"
            )
        return {key: known.get(key, self.missing or "") for key in said.secrets}


def load(  # noqa: PLR0913 - what a folder is read for, by name
    path: Path,
    *,
    triggers: Mapping[str, Trigger],
    topics: Topics,
    missing_secret: str | None = None,
    tenant: str = DEFAULT_TENANT,
    flows_needed: bool = True,
    most: GuestLimits = guest_limits.MOST,
    allowed: QuotaSettings = quotas.DEFAULT,
) -> Folder:
    """The actions and flows of a folder. Raises ConfigurationError for the first problem.

    `missing_secret` stands in for secrets without a value, for rehearsals; None refuses them.
    `tenant` is whose actions these are, and whose flows, where a flow does not say.
    `most` is what a guest of an action may ask for, `allowed` how much there may be of everything.
    """
    if not path.is_dir():
        raise ConfigurationError(
            f"{path} is not a folder: give one with actions/ and flows/, e.g. deploy/demo"
        )
    secrets = _Secrets(read_secrets(path / SECRETS_FILE), missing_secret)
    modules = load_modules(path / "modules", secrets.of)
    found = sorted(file for file in (path / "actions").glob("*/action.yaml"))
    lookups = read_lookups(path)
    made = (
        _action(file, secrets, modules=modules, triggers=triggers, topics=topics, tenant=tenant)
        for file in found
    )
    actions = {action.name: replace(action, lookups=lookups) for action in made}
    _check_counts(path, allowed, actions=len(actions), modules=modules)
    for action in actions.values():
        _check_limits(action, most, allowed)
    flows = [
        _flow(file, actions, triggers=triggers, tenant=tenant, allowed=allowed)
        for file in sorted((path / "flows").glob("*.yaml"))
    ]
    named = {(flow.tenant, flow.trigger): flow for flow in flows}
    if len(named) < len(flows):
        raise ConfigurationError(
            f"{path / 'flows'}: two flows for the same tenant and trigger; merge them into one file"
        )
    if not flows and flows_needed:
        raise ConfigurationError(
            f"{path}: no flow in flows/*.yaml, so no action would run; add one"
        )
    return Folder(actions, named, modules)


def load_action(path: Path, *, triggers: Mapping[str, Trigger], topics: Topics) -> DeployedAction:
    """The one action in a folder of its own; its secrets have names only.

    Raises ConfigurationError.
    """
    return _action(
        path.resolve() / "action.yaml",
        _Secrets({}, ""),
        modules={},
        triggers=triggers,
        topics=topics,
        tenant=DEFAULT_TENANT,
    )


def _action(
    file: Path,
    secrets: _Secrets,
    *,
    modules: Mapping[str, DeployedModule],
    triggers: Mapping[str, Trigger],
    topics: Topics,
    tenant: str,
) -> DeployedAction:
    name, said = file.parent.name, read(file, ActionFile)
    _known_trigger(said.trigger, file, triggers)
    _check_egress(file, said)
    code, runtime = _code(file, said)
    return DeployedAction(
        name=name,
        version=FOLDER_VERSION,
        trigger=said.trigger,
        topic=_topic(name, file, topics, tenant),
        code=code.resolve(),
        runtime=runtime,
        secrets=secrets.of(file, said),
        configuration=said.configuration,
        dependencies=said.dependencies,
        egress=said.egress,
        isolation=said.isolation,
        guests=said.limits.guests,
        tenant=tenant,
        modules=tuple(_module(wanted, modules, file) for wanted in said.modules),
        limits=said.limits.of_guest,
    )


def _module(name: str, modules: Mapping[str, DeployedModule], file: Path) -> DeployedModule:
    if (file.parent / "action.py").is_file():
        raise ConfigurationError(
            f"{file}: modules are JavaScript, so a Python action cannot load them:"
            " put the shared code beside it, or into a package"
        )
    if name not in modules:
        raise ConfigurationError(
            f"{file}: no module {name!r} in modules/; there are {', '.join(modules) or 'none'}"
        )
    return modules[name]


def _check_counts(
    path: Path, allowed: QuotaSettings, *, actions: int, modules: Mapping[str, DeployedModule]
) -> None:
    quotas.check(allowed, "actions", actions, owner=f"{path}")
    quotas.check(allowed, "modules", len(modules), owner=f"{path}")
    for module in modules.values():
        quotas.check_module(allowed, module)


def _check_limits(action: DeployedAction, most: GuestLimits, allowed: QuotaSettings) -> None:
    try:
        quotas.check_action(allowed, action)
        guest_limits.check(action.limits, language(action.runtime), most)
    except ConfigurationError as error:
        raise ConfigurationError(f"{action.code.with_name('action.yaml')}: {error}") from None


def _topic(name: str, file: Path, topics: Topics, tenant: str) -> str:
    try:
        return topics.action(tenant, name)
    except ConfigurationError as error:
        raise ConfigurationError(f"{file}: {error}") from None


def _code(file: Path, said: ActionFile) -> tuple[Path, str]:
    """The one code file of an action, checked, and the runtime it is for."""
    found = [path for name in CODE_FILES if (path := file.parent / name).is_file()]
    if not found:
        raise ConfigurationError(
            f"{file.parent} has no code: put the handler into {', '.join(CODE_FILES)}"
        )
    if len(found) > 1:
        names = " and ".join(path.name for path in found)
        raise ConfigurationError(f"{file.parent} has {names}: an action is one file; remove others")
    (code,) = found
    try:
        runtime = runtime_of(code.name, said.runtime)
    except ConfigurationError as error:
        raise ConfigurationError(f"{file}: {error}") from None
    check_code(code)
    return code, runtime


def check_code(code: Path) -> None:
    """Compile Python, without running it. Raises ConfigurationError with file and line."""
    if code.suffix != ".py":
        return
    try:
        compile(code.read_bytes(), code.name, "exec")
    except SyntaxError as error:
        raise ConfigurationError(
            f"{code}, line {error.lineno}: {error.msg}; correct the code"
        ) from None
    except ValueError as error:
        raise ConfigurationError(
            f"{code} is no Python source ({error}); correct the file"
        ) from None


def _check_egress(file: Path, said: ActionFile) -> None:
    try:
        Egress(said.egress)
    except ConfigurationError as error:
        raise ConfigurationError(f"{file}: {error}") from None


def _flow(
    file: Path,
    actions: Mapping[str, DeployedAction],
    *,
    triggers: Mapping[str, Trigger],
    tenant: str,
    allowed: QuotaSettings,
) -> Flow:
    said = read(file, FlowFile)
    _known_trigger(said.trigger, file, triggers)
    try:
        triggers[said.trigger].check_actions(len(said.actions))
        quotas.check(allowed, "flow", len(said.actions), owner="the flow")
    except ConfigurationError as error:
        raise ConfigurationError(f"{file}: {error}") from None
    bindings = tuple(_binding(file, bound, said.trigger, actions=actions) for bound in said.actions)
    return Flow(said.tenant or tenant, said.trigger, bindings)


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
        bound.enabled,
    )


def _known_trigger(name: str, file: Path, triggers: Mapping[str, Trigger]) -> None:
    if name not in triggers:
        raise ConfigurationError(
            f"{file}: no trigger {name!r}; there are {', '.join(sorted(triggers))}"
        )
