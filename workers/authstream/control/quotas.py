"""How much of everything the operator allows: counted here, whichever door or folder it is from."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Literal, Protocol

from authstream.engine.trigger import Trigger
from authstream.errors import ConfigurationError
from authstream.settings import QuotaSettings

Quota = Literal[
    "actions",
    "modules",
    "flow",
    "code_bytes",
    "dependencies",
    "action_modules",
    "secrets",
    "secret_name",
    "secret_value",
]
#: The figures of Auth0.
DEFAULT = QuotaSettings()
#: What is counted, and what its author can do about it.
_WORDS: dict[Quota, tuple[str, str]] = {
    "actions": ("actions", "delete some"),
    "modules": ("modules", "merge some"),
    "flow": ("actions", "bind fewer"),
    "code_bytes": ("bytes of code", "move data out of it"),
    "dependencies": ("packages", "name those only that the code loads itself"),
    "action_modules": ("modules", "merge some"),
    "secrets": ("secrets", "delete some"),
    "secret_name": ("characters", "shorten it"),
    "secret_value": ("characters", "split it"),
}


class Package(Protocol):
    """Code with what it needs: a module, or an action without its modules."""

    @property
    def code_bytes(self) -> int:
        """Size of the code, without packages."""
        ...

    @property
    def dependencies(self) -> Collection[str]:
        """The packages that it names."""
        ...

    @property
    def secrets(self) -> Collection[str]:
        """Names of the secrets that it is given."""
        ...


class Module(Package, Protocol):
    """A package that actions require by name."""

    @property
    def name(self) -> str:
        """After `actions:`."""
        ...


class Action(Package, Protocol):
    """A package with the modules that it loads."""

    @property
    def modules(self) -> Sequence[Module]:
        """All of them."""
        ...


def check(allowed: QuotaSettings, quota: Quota, count: int, *, owner: str) -> None:
    """Whether the owner may have so many. Raises ConfigurationError that says what to do."""
    limit: int = getattr(allowed, quota)
    if count > limit:
        things, remedy = _WORDS[quota]
        raise ConfigurationError(
            f"{owner} would have {count} {things}, the limit is {limit}: {remedy}, or raise"
            f" AUTHSTREAM_QUOTAS__{quota.upper()}"
        )


def check_action(allowed: QuotaSettings, action: Action) -> None:
    """What an author makes, each of its modules too. Raises ConfigurationError."""
    _check_package(allowed, action, owner="the action")
    check(allowed, "action_modules", len(action.modules), owner="the action")
    for module in action.modules:
        check_module(allowed, module)


def check_module(allowed: QuotaSettings, module: Module) -> None:
    """A module for itself. Raises ConfigurationError."""
    _check_package(allowed, module, owner=f"module {module.name}")


def most_actions(allowed: QuotaSettings, trigger: Trigger) -> int:
    """How many actions a flow of a trigger may have."""
    return min(allowed.flow, trigger.most_actions or allowed.flow)


def check_secret(allowed: QuotaSettings, name: str, value: str) -> None:
    """One secret; nothing of its value is in the error. Raises ConfigurationError."""
    check(allowed, "secret_name", len(name), owner="the secret's name")
    check(allowed, "secret_value", len(value), owner=f"the value of {name}")


def _check_package(allowed: QuotaSettings, package: Package, *, owner: str) -> None:
    check(allowed, "code_bytes", package.code_bytes, owner=owner)
    check(allowed, "dependencies", len(package.dependencies), owner=owner)
    check(allowed, "secrets", len(package.secrets), owner=owner)
