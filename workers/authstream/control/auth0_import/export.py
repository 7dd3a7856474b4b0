"""What an export holds, as its files say it: actions, modules, and the order of each trigger."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict

from authstream.control.auth0_import.keywords import Keywords


def _listed(value: object) -> object:
    """No value is an empty list, and a version that YAML took for a number is a text again."""
    return [] if value is None else value


class _Item(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True, coerce_numbers_to_str=True)


class Dependency(_Item):
    """An npm package."""

    name: str
    version: str = "latest"
    registry_url: str | None = None


class Secret(_Item):
    """A secret; values are never exported, but a keyword may have one."""

    name: str
    value: str | None = None


class SupportedTrigger(_Item):
    """The trigger an action is for."""

    id: str
    version: str | None = None


class ModuleReference(_Item):
    """A module that an action is pinned to."""

    module_name: str
    module_version_number: int | None = None


class _Coded(_Item):
    name: str
    #: A path, or the code itself.
    code: str = ""
    dependencies: Annotated[tuple[Dependency, ...], BeforeValidator(_listed)] = ()
    #: A text when a keyword that has no value stands for all of them.
    secrets: Annotated[tuple[Secret, ...] | str, BeforeValidator(_listed)] = ()


class ExportedAction(_Coded):
    """One of `actions`."""

    supported_triggers: Annotated[tuple[SupportedTrigger, ...], BeforeValidator(_listed)] = ()
    runtime: str | None = None
    deployed: bool | None = None
    modules: Annotated[tuple[ModuleReference, ...], BeforeValidator(_listed)] = ()
    installed_integration_id: str | None = None


class ExportedModule(_Coded):
    """One of `actionModules`."""


class Bound(_Item):
    """One place in the order of a trigger."""

    action_name: str
    display_name: str | None = None


@dataclass(frozen=True, slots=True)
class Problem:
    """Something of an export that is not imported, and why."""

    what: str
    why: str


@dataclass(frozen=True, slots=True)
class Export:
    """Everything read from an export; `problems` are parts that could not be."""

    root: Path
    keywords: Keywords
    actions: tuple[ExportedAction, ...] = ()
    modules: tuple[ExportedModule, ...] = ()
    triggers: Mapping[str, tuple[Bound, ...]] = field(default_factory=dict[str, Any])
    problems: tuple[Problem, ...] = ()
