"""Modules of a folder: code that its actions share, `require("actions:name")`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from authstream.contracts.runtime import DEFAULT_RUNTIMES
from authstream.control.files import ModuleFile, read
from authstream.errors import ConfigurationError

#: A module is JavaScript, or TypeScript that is compiled to it.
MODULE_FILES = ("module.js", "module.ts")
#: With its name, what code requires, and whose secrets they are.
PREFIX = "actions:"


@dataclass(frozen=True, slots=True)
class DeployedModule:
    """A module: its code, its packages, and the secrets that only it sees."""

    name: str
    code: Path
    secrets: Mapping[str, str] = field(repr=False)
    #: Package to exact version.
    dependencies: Mapping[str, str] = field(default_factory=dict[str, str])
    #: For its packages; it runs in that of the action that loads it.
    runtime: str = DEFAULT_RUNTIMES["javascript"]

    @property
    def code_bytes(self) -> int:
        """Size of the code."""
        return self.code.stat().st_size


class SecretsOf(Protocol):
    """Looks up the values of secrets. Raises ConfigurationError when one has none."""

    def __call__(self, file: Path, said: ModuleFile, *, owner: str) -> dict[str, str]:
        """The secrets that a file names, of an owner."""
        ...


def load_modules(root: Path, secrets: SecretsOf) -> dict[str, DeployedModule]:
    """The modules in `modules/`, by name. Raises ConfigurationError."""
    folders = sorted(path for path in root.glob("*") if path.is_dir())
    return {folder.name: _module(folder, secrets) for folder in folders}


def _module(folder: Path, secrets: SecretsOf) -> DeployedModule:
    file = folder / "module.yaml"
    said = read(file, ModuleFile) if file.exists() else ModuleFile()
    return DeployedModule(
        name=folder.name,
        code=_code(folder),
        secrets=secrets(file, said, owner=f"{PREFIX}{folder.name}"),
        dependencies=said.dependencies,
    )


def _code(folder: Path) -> Path:
    found = [path for name in MODULE_FILES if (path := folder / name).is_file()]
    if len(found) != 1:
        raise ConfigurationError(
            f"{folder} must have one of {' and '.join(MODULE_FILES)}: it has {len(found)}"
        )
    return found[0].resolve()
