"""Watching a folder: one turn at once, one after each change, none for what does not matter."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest

from authstream.apps import watching
from authstream.errors import ConfigurationError

WITHIN = 20  # seconds


def next_turn(turns: list[int], count: int) -> None:
    """Poll until there were so many turns."""
    end = time.monotonic() + WITHIN
    while len(turns) < count:
        assert time.monotonic() < end, "no turn in time"
        time.sleep(0.01)


def test_each_change_is_a_turn(tmp_path: Path) -> None:
    """A new file, another content, and a file beside the folder."""
    folder, beside = tmp_path / "folder", tmp_path / "event.json"
    (folder / "actions").mkdir(parents=True)
    beside.write_text("{}")
    turns: list[int] = []
    ended = threading.Event()

    def watch() -> None:
        for number, _ in enumerate(watching.changes(folder, beside=[beside])):
            turns.append(number)
            if ended.is_set():
                return

    thread = threading.Thread(target=watch)
    thread.start()
    next_turn(turns, 1)
    (folder / "actions/action.py").write_text("1")
    next_turn(turns, 2)
    (folder / "snapshots").mkdir()
    (folder / "snapshots/a.json").write_text("not watched")
    (folder / "actions/action.py").write_text("12")
    next_turn(turns, 3)
    ended.set()
    beside.write_text('{"a": 1}')
    thread.join(WITHIN)
    assert turns == [0, 1, 2, 3]


def test_a_folder_of_another_kind_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not the whole of somebody's disk is looked at four times a second."""
    monkeypatch.setattr(watching, "MOST_FILES", 1)
    for name in ("a", "b"):
        (tmp_path / name).write_text("")
    with pytest.raises(ConfigurationError, match="more than 1 files"):
        next(watching.changes(tmp_path))
