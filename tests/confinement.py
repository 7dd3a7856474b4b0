"""Runs the attack suite as another user, at a level, and what tests expect of it."""

from __future__ import annotations

import functools
import json
import os
import subprocess
import sys
import tempfile
from itertools import takewhile
from pathlib import Path
from typing import Any, cast

ROOT = Path(__file__).parents[1]
#: Root also tries to be less; an ordinary user has no choice.
USERS = ("root", "container", "nobody") if os.geteuid() == 0 else ("self",)
_SECONDS = 50


def command(user: str, *arguments: str) -> list[str]:
    """A Python command that runs as a user, with the interpreter readable for all."""
    python = [sys.executable, *arguments]
    if user == "self":
        return python
    return [sys.executable, str(Path(__file__).with_name("as_user.py")), user, *python]


def run_json(user: str, code: str, *arguments: str) -> Any:
    """What a piece of code, run as a user, prints as JSON."""
    done = subprocess.run(
        command(user, "-c", code, *arguments),
        env={**os.environ, "PYTHONPATH": f"{ROOT / 'workers'}:{ROOT}", "WORKER_SECRET": "hunter2"},
        capture_output=True,
        text=True,
        timeout=_SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


_ATTACK = """
import dataclasses, json, sys
from authstream.sandbox.probe import attack
findings = attack(sys.argv[1])
print(json.dumps([findings.outcomes, findings.problem]))
"""


@functools.cache
def attacked(user: str, level: str) -> tuple[dict[str, str], str]:
    """The outcome of each attack, and why there are not more of them."""
    outcomes, problem = run_json(user, _ATTACK, level)
    return cast("dict[str, str]", outcomes), str(problem)


def reachable(user: str, level: str) -> bool:
    """Whether the launcher can set up a level here at all."""
    _, problem = attacked(user, level)
    return "not confined" not in problem


_LEVELS = ("namespaces", "landlock")
#: A guest has a user of its own where tests run as root.
_FOR_ALL = 0o055


def grounds() -> list[tuple[str, str]]:
    """Every user and level that this host can reach."""
    return [(user, level) for user in USERS for level in _LEVELS if reachable(user, level)]


def open_to_others(folder: Path) -> Path:
    """A folder that every user can reach: pytest's own are for one user only."""
    ours = Path(tempfile.gettempdir())
    for above in takewhile(lambda path: path.is_relative_to(ours), (folder, *folder.parents)):
        mode = above.stat().st_mode
        if mode & _FOR_ALL != _FOR_ALL:
            above.chmod(mode | _FOR_ALL)
    return folder
