"""Packages locked by the package managers themselves, for the admin API."""

from __future__ import annotations

import json

import pytest

from authstream.apps.package_locks import PackageLocks
from authstream.contracts.runtime import Language
from authstream.errors import ConfigurationError

# Asking takes as long as the registries take.
pytestmark = pytest.mark.timeout(300)


def test_packages_are_resolved_with_hashes() -> None:
    """Of both languages, with what they need; the log names every one."""
    log: list[str] = []
    lock = PackageLocks()
    python = lock("claims", "python", {"PyJWT": "2.10.1"}, log.append)
    assert b"pyjwt==2.10.1 --hash=sha256:" in python
    javascript = json.loads(lock("claims", "javascript", {"uuid": "11.1.0"}, log.append))
    assert javascript["packages"]["node_modules/uuid"]["integrity"].startswith("sha512-")
    assert {"pyjwt==2.10.1", "uuid@11.1.0"} <= set(log)


def test_only_exact_versions_of_registry_packages_are_asked_for() -> None:
    """No range, no address, no option of a package manager."""
    wrong: tuple[tuple[Language, str, str], ...] = (
        ("python", "PyJWT", ">=2"),
        ("python", "--index-url", "1.0"),
        ("python", "PyJWT @ https://x.example/a.whl", "1.0"),
        ("javascript", "uuid", "^11.1.0"),
        ("javascript", "uuid", "git+https://x.example/a.git"),
    )
    for spoken, name, version in wrong:
        with pytest.raises(ConfigurationError, match="exact version"):
            PackageLocks()("claims", spoken, {name: version}, print)
