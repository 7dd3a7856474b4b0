"""Prometheus' own checker of rules and queries, promtool."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path


def missing() -> list[str]:
    """What is to be installed."""
    return [] if shutil.which("promtool") else ["promtool (Debian: prometheus)"]


def promtool(*words: str, folder: Path) -> str:
    """What it says. Raises AssertionError, with it, when something is wrong."""
    done = subprocess.run(
        ("promtool", *words), cwd=folder, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
