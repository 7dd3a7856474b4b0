"""Python's locks: made from pip's report, checked against what an action names."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from authstream.control import pip_lock
from authstream.errors import ConfigurationError

FILE = Path("requirements.lock")


def test_a_lock_has_a_version_and_a_hash_of_each_package() -> None:
    """Names are as the registry compares them, and sorted."""
    report = {
        "install": [
            {
                "metadata": {"name": name, "version": "1.0"},
                "download_info": {"archive_info": {"hashes": {"sha256": "ab" * 32}}},
            }
            for name in ("Typing_Extensions", "httpx")
        ]
    }
    comment, *pins = pip_lock.from_report(json.dumps(report).encode()).splitlines()
    assert comment.startswith("#")
    assert pins == [
        f"httpx==1.0 --hash=sha256:{'ab' * 32}",
        f"typing-extensions==1.0 --hash=sha256:{'ab' * 32}",
    ]


@pytest.mark.parametrize("name", ["Typing.Extensions", "typing_extensions", "typing-extensions[x]"])
def test_a_lock_fits_whatever_the_spelling(name: str) -> None:
    """Case, dots and underscores do not matter; extras are of the same package."""
    pip_lock.check(b"# c\ntyping-extensions==1.0 --hash=sha256:ab\n", {name: "1.0"}, FILE)


@pytest.mark.parametrize("dependencies", [{"httpx": "1.1"}, {"requests": "1.0"}])
def test_a_lock_of_something_else_is_refused(dependencies: dict[str, str]) -> None:
    """Another version, another package."""
    with pytest.raises(ConfigurationError, match="run authstream deps lock again"):
        pip_lock.check(b"httpx==1.0 --hash=sha256:ab\n", dependencies, FILE)


@pytest.mark.parametrize(
    ("name", "version"), [("httpx", ">=1"), ("httpx", "1.0 --pre"), ("-r evil", "1.0"), ("a", "")]
)
def test_versions_are_exact(name: str, version: str) -> None:
    """Nothing that pip could take for something else reaches its command line."""
    with pytest.raises(ConfigurationError, match="exact version"):
        pip_lock.requirements({name: version})
