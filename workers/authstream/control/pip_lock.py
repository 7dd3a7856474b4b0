"""pip's side of dependencies: the lock, what is checked in it, and how pip is called."""

from __future__ import annotations

import json
import re
import sys
import sysconfig
from collections.abc import Mapping
from pathlib import Path

from authstream.errors import ConfigurationError

#: Where the packages are in an installed folder.
FOLDER = "site-packages"
#: Wheels are chosen by interpreter and platform; a lock holds the hashes of those chosen.
PLATFORM = f"{sys.implementation.cache_tag}-{sysconfig.get_platform()}"
_PIP = ("-m", "pip", "--disable-pip-version-check", "--no-input", "install")
_NO_BUILDS = ("--only-binary", ":all:")
#: The path of the report and the requirements follow.
LOCK = (*_PIP, *_NO_BUILDS, "--dry-run", "--ignore-installed", "--quiet", "--report")
INSTALL = (
    *(*_PIP, *_NO_BUILDS),
    *("--require-hashes", "--no-deps", "--target", FOLDER, "-r", "requirements.lock"),
)
_VERSION = re.compile(r"[0-9][0-9A-Za-z.!+_-]*")
_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?(?:\[[A-Za-z0-9,_-]+\])?")
_PIN = re.compile(r"^([A-Za-z0-9._-]+)==(\S+)", re.MULTILINE)


def requirements(dependencies: Mapping[str, str]) -> list[str]:
    """`name==version` of each.

    Raises:
        ConfigurationError: A name or version is not one, or the version is not exact.
    """
    for name, version in dependencies.items():
        if not _NAME.fullmatch(name) or not _VERSION.fullmatch(version):
            raise ConfigurationError(
                f"dependencies: {name}: {version} is not a package with an exact version:"
                " write e.g. httpx: 0.28.1"
            )
    return [f"{name}=={version}" for name, version in dependencies.items()]


def from_report(content: bytes) -> str:
    """The lock from pip's installation report."""
    lines: list[str] = []
    for entry in json.loads(content)["install"]:
        name, version = normal(entry["metadata"]["name"]), entry["metadata"]["version"]
        sha256 = entry["download_info"]["archive_info"]["hashes"]["sha256"]
        lines.append(f"{name}=={version} --hash=sha256:{sha256}\n")
    return f"# Made by authstream deps lock for {PLATFORM}.\n{''.join(sorted(lines))}"


def check(content: bytes, dependencies: Mapping[str, str], file: Path) -> None:
    """Raise ConfigurationError when a lock is not for these dependencies."""
    found = {normal(name): version for name, version in _PIN.findall(content.decode("utf-8"))}
    for name, version in dependencies.items():
        if found.get(normal(name.partition("[")[0])) != version:
            raise ConfigurationError(
                f"{file} is not for the dependencies in action.yaml ({name}: {version}):"
                " run authstream deps lock again"
            )


def pins(content: bytes) -> list[str]:
    """`name==version` of every package in a lock."""
    return [f"{name}=={version}" for name, version in _PIN.findall(content.decode("utf-8"))]


def normal(name: str) -> str:
    """A package's name as the registry compares it (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()
