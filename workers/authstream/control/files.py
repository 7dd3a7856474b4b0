"""The files of a folder as their authors write them: action.yaml, flows/*.yaml, .secrets.yaml."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Any, TypeVar

import yaml
from pydantic import (
    AfterValidator,
    BaseModel,
    ByteSize,
    ConfigDict,
    Field,
    SecretStr,
    TypeAdapter,
    ValidationError,
)

from authstream.contracts.api import trigger_id
from authstream.contracts.budgets import GUESTS_PER_ACTION
from authstream.contracts.envelope import OnError
from authstream.control.duration import Duration
from authstream.engine.guest_limits import DEFAULT, GuestLimits
from authstream.engine.plan import STEP_TIMEOUT
from authstream.engine.program import Isolation
from authstream.errors import ConfigurationError

#: Values of secrets in a folder; never committed.
SECRETS_FILE = ".secrets.yaml"
#: Plain values that every action of the tenant finds in its configuration.
VARIABLES_FILE = "variables.yaml"
M = TypeVar("M", bound=BaseModel)
Secrets = dict[str, dict[str, SecretStr]]
_PROBLEMS_SHOWN = 3
_QUOTED = re.compile(r"'.*'|\".*\"", re.DOTALL)


#: A trigger's id, also from the other spelling of published texts: `postLogin`.
TriggerId = Annotated[str, AfterValidator(trigger_id)]


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Limits(_File):
    """What each guest of an action may use (`engine/guest_limits.py`), and how many there are."""

    memory: ByteSize = ByteSize(DEFAULT.memory)
    threads: int = DEFAULT.threads
    descriptors: int = DEFAULT.descriptors
    temporary: ByteSize = ByteSize(DEFAULT.temporary)
    output: ByteSize = ByteSize(DEFAULT.output)
    log: int = DEFAULT.log
    #: Processes of this action in one worker, started when they are needed.
    guests: int = Field(default=1, ge=1, le=GUESTS_PER_ACTION)

    @property
    def of_guest(self) -> GuestLimits:
        """The part that each guest has, not checked yet."""
        return GuestLimits(
            int(self.memory),
            self.threads,
            self.descriptors,
            int(self.temporary),
            int(self.output),
            self.log,
        )


class ActionFile(_File):
    """`actions/<name>/action.yaml`."""

    trigger: TriggerId
    #: Without one, what the code's file name says.
    runtime: str | None = None
    #: Package to exact version; `authstream deps lock` makes the lock that is installed.
    dependencies: dict[str, str] = {}
    #: Names only; values are in `.secrets.yaml`.
    secrets: tuple[str, ...] = ()
    #: Folders of `modules/` that the code may `require("actions:name")`.
    modules: tuple[str, ...] = ()
    egress: tuple[str, ...] = ()
    configuration: dict[str, Any] = {}
    limits: Limits = Limits()
    #: `action`: executions share a process and what it keeps; `execution`: each has its own.
    isolation: Isolation = "action"


class ModuleFile(_File):
    """`modules/<name>/module.yaml`, which may be left out."""

    #: Package to exact version, of the module itself.
    dependencies: dict[str, str] = {}
    #: Names only; values are in `.secrets.yaml` under `actions:<name>`.
    secrets: tuple[str, ...] = ()


class BindingFile(_File):
    """One entry of a flow."""

    action: str
    #: For people; nothing goes by it.
    display_name: str | None = None
    when: str | None = None
    timeout: Duration = STEP_TIMEOUT
    on_error: OnError = "fail"
    #: False: the action stays in its place and is not run.
    enabled: bool = True


class FlowFile(_File):
    """`flows/<trigger>.yaml`."""

    trigger: TriggerId
    #: Without one the flow serves every tenant that has none of its own.
    tenant: str | None = None
    actions: tuple[BindingFile, ...] = ()


def read(path: Path, model: type[M]) -> M:
    """A YAML file as a model.

    Raises ConfigurationError naming the file, the member and the remedy.
    """
    try:
        return model.model_validate(_members(path))
    except ValidationError as error:
        raise ConfigurationError(f"{path}: {_problems(error)}") from None


def read_secrets(path: Path) -> Secrets:
    """Secrets by action and name; an absent file has none. No value ever gets into an error."""
    if not path.exists():
        return {}
    try:
        return TypeAdapter(Secrets).validate_python(_members(path))
    except ValidationError as error:
        raise ConfigurationError(f"{path}: {_problems(error)}") from None


def binding_said(members: object) -> BindingFile:
    """A binding that somebody said elsewhere. Raises ConfigurationError."""
    try:
        return BindingFile.model_validate(members)
    except ValidationError as error:
        raise ConfigurationError(f"the binding is wrong: {_problems(error)}") from None


def read_variables(path: Path) -> dict[str, Any]:
    """Plain values by name; an absent file has none. Raises ConfigurationError."""
    if not path.exists():
        return {}
    try:
        return TypeAdapter(dict[str, Any]).validate_python(_members(path))
    except ValidationError as error:
        raise ConfigurationError(f"{path}: {_problems(error)}") from None


def _members(path: Path) -> object:
    try:
        return yaml.safe_load(path.read_text(encoding="utf-8")) or {}
    except OSError as error:
        raise ConfigurationError(
            f"{path} cannot be read ({error.strerror}): create it or check its permissions"
        ) from error
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 0
        # The library quotes tags and aliases of the text, which may be a secret.
        problem = _QUOTED.sub("…", error.problem or "cannot be read")
        raise ConfigurationError(
            f"{path}, line {line}: not valid YAML ({problem}); quote values with special characters"
        ) from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ConfigurationError(
            f"{path}: not UTF-8 text ({type(error).__name__}); save it as UTF-8"
        ) from None


def _problems(error: ValidationError) -> str:
    found = [
        f"{'.'.join(map(str, problem['loc'])) or 'file'}: {_said(problem['type'], problem['msg'])}"
        for problem in error.errors(include_input=False, include_url=False)
    ]
    return "; ".join(found[:_PROBLEMS_SHOWN])


def _said(kind: str, message: str) -> str:
    """A problem in words; the library's own about sizes say nothing to an author."""
    return "not a size: write for example 64MiB" if kind == "byte_size" else message
