"""Tells when the files of a folder have changed, by looking at them."""

from __future__ import annotations

import os
import time
from collections.abc import Collection, Iterator
from datetime import timedelta
from pathlib import Path

from authstream.errors import ConfigurationError

#: How often files are looked at. A change is told once they have been still for as long.
EVERY = timedelta(milliseconds=250)
#: Files that are looked at; a folder with more is not one of actions and flows.
MOST_FILES = 5_000
_LEFT_OUT = frozenset({"node_modules", "__pycache__", ".git", ".pytest_cache", "snapshots"})
_State = dict[str, tuple[int, int]]


def changes(folder: Path, *, beside: Collection[Path] = ()) -> Iterator[None]:
    """One at once, then one after each change of the folder, or of files `beside` it. Blocks.

    Raises ConfigurationError for a folder with more than `MOST_FILES` files.
    """
    seen = _state(folder, beside)
    yield
    while True:
        time.sleep(EVERY.total_seconds())
        now = _state(folder, beside)
        if now == seen:
            continue
        while (later := _after_a_while(folder, beside)) != now:
            now = later
        seen = now
        yield


def _after_a_while(folder: Path, beside: Collection[Path]) -> _State:
    time.sleep(EVERY.total_seconds())
    return _state(folder, beside)


def _state(folder: Path, beside: Collection[Path]) -> _State:
    """When each file was last changed, and its size."""
    state: _State = {}
    for file in (*_files(folder), *map(os.fspath, beside)):
        try:
            said = os.stat(file)  # noqa: PTH116 - thousands of files, four times a second
        except FileNotFoundError:
            continue
        state[file] = (said.st_mtime_ns, said.st_size)
        if len(state) > MOST_FILES:
            raise ConfigurationError(
                f"{folder} has more than {MOST_FILES} files, too many to watch:"
                " give a folder that holds actions and flows only"
            )
    return state


def _files(folder: Path) -> Iterator[str]:
    for here, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if name not in _LEFT_OUT]
        yield from (os.path.join(here, name) for name in files)  # noqa: PTH118 - as above
