"""Packages of providers from npm, installed once into a cache outside the repository."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import tempfile
from datetime import timedelta
from pathlib import Path
from typing import Final

#: The providers that tests start.
HOME: Final = Path(__file__).resolve().parent / "npm_providers"
#: What vendors publish about their own protocols: types, and libraries that verify.
CONTRACTS: Final = Path(__file__).resolve().parent / "npm_contracts"
FETCHED_WITHIN: Final = timedelta(minutes=10)
_LOG_LINES: Final = 20


def missing() -> list[str]:
    """Name the programs that this machine lacks; empty when it can start npm's providers."""
    return [name for name in ("node", "npm") if shutil.which(name) is None]


def installed(home: Path = HOME) -> Path:
    """The folder that has `node_modules`, filled the first time (of the providers 240 MB).

    Raises:
        RuntimeError: npm failed; its last lines are in the message.
    """
    wanted = (home / "package.json").read_bytes()
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "authstream"
    there = cache / f"providers-{hashlib.sha256(wanted).hexdigest()[:16]}"
    if there.exists():
        return there
    cache.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=cache) as scratch:
        shutil.copy(home / "package.json", scratch)
        # No scripts: nothing of a provider runs before a test starts it.
        command = ("npm", "install", "--ignore-scripts", "--no-audit", "--no-fund", "--silent")
        done = subprocess.run(
            command,
            cwd=scratch,
            capture_output=True,
            text=True,
            check=False,
            timeout=FETCHED_WITHIN.total_seconds(),
        )
        if done.returncode:
            tail = "\n".join((done.stdout + done.stderr).splitlines()[-_LOG_LINES:])
            raise RuntimeError(f"npm ended with status {done.returncode}. Its output ends:\n{tail}")
        made = Path(tempfile.mkdtemp(dir=cache))
        Path(scratch).rename(made)
        Path(scratch).mkdir()
    try:
        made.rename(there)
    except OSError:  # another run was first
        shutil.rmtree(made)
    return there
