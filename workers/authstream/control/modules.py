"""Modules of a folder: code that its actions share, `require("actions:name")`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from authstream.contracts.runtime import DEFAULT_RUNTIMES
from authstream.control.code_file import code_file
from authstream.control.files import ModuleFile, read
from authstream.control.folder_secrets import FolderSecrets

#: A module is JavaScript, or TypeScript that is compiled to it.
MODULE_FILES = ("module.js", "module.ts")
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


def load_modules(root: Path, secrets: FolderSecrets) -> dict[str, DeployedModule]:
    """The modules in `modules/`, by name. Raises ConfigurationError."""
    folders = sorted(path for path in root.glob("*") if path.is_dir())
    return {folder.name: _module(folder, secrets) for folder in folders}


def _module(folder: Path, secrets: FolderSecrets) -> DeployedModule:
    file = folder / "module.yaml"
    said = read(file, ModuleFile) if file.exists() else ModuleFile()
    return DeployedModule(
        name=folder.name,
        code=code_file(folder, MODULE_FILES, holds="the code").resolve(),
        secrets=secrets.of(f"{PREFIX}{folder.name}", said.secrets, file),
        dependencies=said.dependencies,
    )
