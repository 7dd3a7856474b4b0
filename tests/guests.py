"""What tests ask of guests, and where they look at the processes."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from pathlib import Path

import orjson
import pytest

from authstream.contracts.api import Operation
from authstream.sandbox.guest import Guest, Invocation, Outcome

PL = "post-login"
#: The languages of actions, and the file that an action of each is in.
FILES = {"python": "action.py", "javascript": "action.js"}
#: Runs a test once for each language: its actions are written in both, side by side.
in_both_languages = pytest.mark.parametrize("language", list(FILES))
EVENT = {"user": {"email": "ada@example.com", "app_metadata": {"old": 1}}, "stats": {"n": 3}}
SECRETS = {"TOKEN": "t0p-secret-value"}

NewGuest = Callable[..., Guest]


def invocation(
    event: Mapping[str, object] | None = None,
    handler: str = "onExecutePostLogin",
    *,
    operations: Sequence[Operation] = (),
    calls: Mapping[str, int] | None = None,
    timeout: float = 10,
    interactive: bool = True,
) -> Invocation:
    """An invocation of `EVENT` with more members."""
    body = orjson.dumps({**EVENT, **(event or {})})
    limit = timedelta(seconds=timeout)
    return Invocation(handler, body, operations, limit, calls or {}, interactive)


def texts(outcome: Outcome) -> list[str]:
    """The console without levels."""
    return [text for _, text in outcome.console]


async def until(condition: Callable[[], bool], seconds: float = 5) -> None:
    """Poll for a condition, for a bounded time."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "the condition did not come true in time"
        await asyncio.sleep(0.02)


def proc(pid: int | None, name: str) -> bytes:
    """A file of a process."""
    return Path(f"/proc/{pid}/{name}").read_bytes()


def descriptors(pid: int | None) -> set[str]:
    """What a process has open."""
    return {str(link.readlink()) for link in Path(f"/proc/{pid}/fd").iterdir() if link.is_symlink()}


def children(pid: int | None = None) -> list[int]:
    """The processes that this one started, or another one."""
    pid = pid or os.getpid()
    own = Path(f"/proc/{pid}/task/{pid}/children")
    return [int(pid) for pid in own.read_text().split()]


def is_running(pid: int) -> bool:
    """Whether a process exists and is not a zombie."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False
    return stat.rpartition(")")[2].split()[0] not in "ZX"
