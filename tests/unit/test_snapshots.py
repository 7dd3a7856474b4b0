"""Snapshots of verdicts: written when asked, compared otherwise, without what always changes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from authstream.apps.snapshots import Snapshots
from authstream.errors import ConfigurationError


def result(**verdict: Any) -> dict[str, Any]:
    """A result whose verdict has these members and some that always change."""
    volatile = {"flow_id": "x", "requested_at": 1, "decided_at": 2}
    return {"verdict": {**volatile, "outcome": "allowed", **verdict}, "runs": []}


def compare(folder: Path, said: dict[str, Any], *, update: bool = False) -> tuple[str, list[str]]:
    """Compare under one name; status and lines."""
    compared = Snapshots(folder, update=update).compare("a/b", said)
    return compared.status, list(compared.lines)


def test_without_a_snapshot_there_is_nothing_to_compare(tmp_path: Path) -> None:
    """Nothing is written unless that is asked for."""
    assert compare(tmp_path, result()) == ("none", [])
    assert list(tmp_path.iterdir()) == []


def test_a_written_snapshot_is_compared_with(tmp_path: Path) -> None:
    """In a file named as the event, and what differs is listed."""
    assert compare(tmp_path, result(), update=True) == ("written", [])
    assert (tmp_path / "snapshots/a/b.json").is_file()
    assert compare(tmp_path, result()) == ("same", [])
    changed = result(claims={"id_token": {"tier": "gold"}})
    lines = ['+ claims: {"id_token": {"tier": "gold"}}']
    assert compare(tmp_path, changed) == ("differs", lines)
    assert compare(tmp_path, changed, update=True) == ("written", lines)
    assert compare(tmp_path, changed, update=True) == ("same", [])


def test_what_always_changes_is_left_out(tmp_path: Path) -> None:
    """Ids, times and versions, and members that a later release adds empty."""
    steps = [{"action": "a", "version": 1, "ms": 3.5, "status": "ok"}]
    compare(tmp_path, result(steps=steps), update=True)
    later = [{"action": "a", "version": 2, "ms": 9.1, "status": "ok"}]
    again = result(steps=later, flow_id="y", decided_at=9, saml={}, new={"inner": []}, reason=None)
    assert compare(tmp_path, again) == ("same", [])


def test_an_action_that_fails_is_part_of_it(tmp_path: Path) -> None:
    """The first line of its error, which has no paths and no line numbers."""
    compare(tmp_path, result(), update=True)
    failed = {**result(), "runs": [{"action": "a", "error": "ValueError: no\naction.py:3 in f"}]}
    assert compare(tmp_path, failed) == ("differs", ['+ errors: {"a": "ValueError: no"}'])


def test_a_snapshot_that_is_no_json_is_refused(tmp_path: Path) -> None:
    """With how to write it again."""
    compare(tmp_path, result(), update=True)
    (tmp_path / "snapshots/a/b.json").write_text("<<<<<<< merge")
    with pytest.raises(ConfigurationError, match="--update"):
        compare(tmp_path, result())
