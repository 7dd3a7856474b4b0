"""npm's side of dependencies: the lock, what is refused in it, and how npm is called."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

from authstream.errors import ConfigurationError

#: No addresses in the lock: where packages come from is the installer's choice.
LOCK = (
    "install",
    "--package-lock-only",
    "--omit-lockfile-registry-resolved",
    "--ignore-scripts",
    "--no-audit",
    "--no-fund",
)
INSTALL = ("ci", "--ignore-scripts", "--no-audit", "--no-fund", "--omit=dev")
_VERSION = re.compile(r"\d+\.\d+\.\d+(?:-[0-9A-Za-z.-]+)?")
_NAME = re.compile(r"(?:@[a-z0-9-~][a-z0-9-._~]*/)?[a-z0-9-~][a-z0-9-._~]*")


def write_package(folder: Path, dependencies: Mapping[str, str]) -> None:
    """A package.json with the dependencies.

    Raises:
        ConfigurationError: A name or version is not one, or the version is not exact.
    """
    for name, version in dependencies.items():
        if not _NAME.fullmatch(name) or not _VERSION.fullmatch(version):
            raise ConfigurationError(
                f"dependencies: {name}: {version} is not a package with an exact version:"
                " write e.g. axios: 1.7.9"
            )
    package = {"name": "action", "private": True, "dependencies": dict(dependencies)}
    (folder / "package.json").write_text(json.dumps(package), encoding="utf-8")


def check(content: bytes, dependencies: Mapping[str, str], file: Path) -> None:
    """Check a lock before anything is fetched.

    Raises:
        ConfigurationError: It is not for these dependencies, or a package in it has an install
            script or no hash.
    """
    packages = _packages(content, file)
    root = packages.get("", {})
    if root.get("dependencies") != dict(dependencies):
        raise ConfigurationError(
            f"{file} is not for the dependencies in action.yaml: run authstream deps lock again"
        )
    for path, entry in packages.items():
        name = path.rpartition("node_modules/")[2]
        if path and entry.get("hasInstallScript"):
            raise ConfigurationError(
                f"{file}: the package {name} has an install script, which is not run:"
                " use another package"
            )
        if path and not entry.get("integrity"):
            raise ConfigurationError(
                f"{file}: the package {name} has no integrity hash: use one from a registry"
            )


def pins(content: bytes) -> list[str]:
    """`name@version` of every package in a lock that was checked."""
    packages = _packages(content, Path("package-lock.json"))
    return [
        f"{path.rpartition('node_modules/')[2]}@{entry.get('version')}"
        for path, entry in packages.items()
        if path
    ]


def refuse_native(folder: Path) -> None:
    """Raise ConfigurationError naming the first package that has native code."""
    modules = folder / "node_modules"
    for path in modules.rglob("*"):
        if path.name == "binding.gyp" or (path.suffix == ".node" and path.is_file()):
            inner = path.relative_to(modules).as_posix().rpartition("node_modules/")[2].split("/")
            name = "/".join(inner[:2] if inner[0].startswith("@") else inner[:1])
            raise ConfigurationError(
                f"the package {name} has native code ({path.name}), which guests do not load:"
                " use one that is JavaScript only"
            )


def _packages(content: bytes, file: Path) -> dict[str, dict[str, Any]]:
    try:
        packages = json.loads(content)["packages"]
        if all(isinstance(entry, dict) for entry in packages.values()):
            return cast("dict[str, dict[str, Any]]", packages)
    except (ValueError, KeyError, TypeError, AttributeError):
        pass
    raise ConfigurationError(f"{file} is no lock of npm 7 or newer: run authstream deps lock again")
