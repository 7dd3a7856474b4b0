"""Checkers of what is in deploy/, from the package index, in an environment of their own."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Final

from tests.providers.go_programs import cache_folder

ROOT: Final = Path(__file__).resolve().parents[2]
_REQUIREMENTS: Final = Path(__file__).resolve().parent / "tools" / "requirements.lock"
_INSTALLED_WITHIN: Final = 600  # seconds


def checker(name: str) -> Path:
    """The executable of a checker, installed the first time. Raises RuntimeError."""
    found = _environment() / "bin" / name
    if not found.exists():
        raise RuntimeError(f"{name} is not among the tools of {_REQUIREMENTS.name}: add it there")
    return found


def run(*command: str | Path, cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    """What a checker says."""
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)


def _environment() -> Path:
    digest = hashlib.sha256(_REQUIREMENTS.read_bytes()).hexdigest()[:16]
    there = cache_folder() / f"checkers-{digest}"
    if there.exists():
        return there
    there.parent.mkdir(parents=True, exist_ok=True)
    uv = Path(sys.executable).parent / "uv"
    # Scripts name their interpreter by its path, so it is made where it stays, and then named.
    making = Path(tempfile.mkdtemp(dir=there.parent))
    for words in (
        ("venv", "--python", sys.executable, f"{making / 'env'}"),
        ("pip", "install", "--require-hashes", "-r", f"{_REQUIREMENTS}"),
    ):
        environment = {**os.environ, "VIRTUAL_ENV": f"{making / 'env'}"}
        done = subprocess.run(
            (f"{uv}", *words),
            env=environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=_INSTALLED_WITHIN,
        )
        if done.returncode:
            raise RuntimeError(f"the checkers were not installed:\n{done.stderr[-2000:]}")
    with suppress(FileExistsError):  # another run was first
        there.symlink_to(making / "env")
    return there
