"""What is refused of npm's packages, by name, before and after they are fetched."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from authstream.control import npm_lock
from authstream.errors import ConfigurationError

FILE = Path("package-lock.json")
WANTED = {"axios": "1.7.9"}


def lock(**packages: dict[str, Any]) -> bytes:
    """A lock for `WANTED`, with packages under `node_modules/`."""
    said = {f"node_modules/{name}": {"integrity": "sha512-x", **p} for name, p in packages.items()}
    return json.dumps({"packages": {"": {"dependencies": WANTED}, **said}}).encode()


def test_a_lock_of_plain_packages_passes() -> None:
    """With a hash each, and no scripts."""
    npm_lock.check(lock(axios={"version": "1.7.9"}), WANTED, FILE)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (lock(axios={"hasInstallScript": True}), "package axios has an install script"),
        (lock(axios={"integrity": None}), "package axios has no integrity hash"),
        (
            b'{"packages": {"": {"dependencies": {"axios": "1.7.8"}}}}',
            "is not for the dependencies",
        ),
        (b"{}", "is no lock of npm 7"),
        (b'{"packages": {"": 3}}', "is no lock of npm 7"),
        (b"not json", "is no lock of npm 7"),
    ],
)
def test_other_locks_are_refused(content: bytes, message: str) -> None:
    """Scripts, missing hashes, other dependencies, other files."""
    with pytest.raises(ConfigurationError, match=message):
        npm_lock.check(content, WANTED, FILE)


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("plain/build/Release/addon.node", "plain"),
        ("@scope/deep/binding.gyp", "@scope/deep"),
        ("outer/node_modules/inner/prebuilds/x.node", "inner"),
    ],
)
def test_native_code_is_refused_with_the_packages_name(
    tmp_path: Path, path: str, name: str
) -> None:
    """Add-ons and what builds them, wherever npm put the package."""
    npm_lock.refuse_native(tmp_path)
    file = tmp_path / "node_modules" / path
    file.parent.mkdir(parents=True)
    file.touch()
    with pytest.raises(ConfigurationError, match=f"the package {name} has native code"):
        npm_lock.refuse_native(tmp_path)


@pytest.mark.parametrize(
    ("name", "version"),
    [("axios", "latest"), ("axios", "^1.0.0"), ("axios", "npm:other@1.0.0"), ("../axios", "1.0.0")],
)
def test_versions_are_exact(tmp_path: Path, name: str, version: str) -> None:
    """A range or a tag would be another program tomorrow."""
    with pytest.raises(ConfigurationError, match="exact version"):
        npm_lock.write_package(tmp_path, {name: version})
