"""What a replay says before it begins."""

from __future__ import annotations

from pathlib import Path

import pytest

from authstream.apps.replay import cut_off
from authstream.control.folder import Folder, load
from tests.control_plane import CODE
from tests.samples import TOPICS, TRIGGERS


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    """One action that may ask a service, and one that asks nobody."""
    for name, egress in (("claims", ""), ("crm", "egress: ['crm.example.com:443']\n")):
        action = tmp_path / "actions" / name
        action.mkdir(parents=True)
        (action / "action.yaml").write_text(f"trigger: post-login\n{egress}")
        (action / "action.py").write_text(CODE.format(name))
    return load(tmp_path, triggers=TRIGGERS, topics=TOPICS, flows_needed=False)


def test_actions_that_will_be_refused_are_named(folder: Folder) -> None:
    """With what to do about it, unless both sides are refused alike already."""
    said = "\n".join(cut_off(folder, compared=False))
    assert "crm may ask crm.example.com:443, and will be refused" in said
    assert "claims" not in said
    assert "--baseline deployed" in said
    assert "--baseline" not in "\n".join(cut_off(folder, compared=True))


def test_nothing_is_said_where_nobody_would_connect(folder: Folder) -> None:
    """It would only be noise."""
    quiet = Folder({"claims": folder.actions["claims"]}, {})
    assert list(cut_off(quiet, compared=False)) == []
