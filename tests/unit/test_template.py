"""New actions: files that run, bound at the end of a flow that otherwise stays as it is."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import get_args

import pytest

from authstream.control.folder import load
from authstream.control.template import TemplateLanguage, new_action
from authstream.errors import ConfigurationError
from tests.samples import TOPICS, TRIGGERS

PL = TRIGGERS["post-login"]
LANGUAGES: tuple[TemplateLanguage, ...] = get_args(TemplateLanguage)


def made(folder: Path, name: str = "badge", language: TemplateLanguage = "python") -> set[str]:
    """Make an action; the paths of what was written."""
    events = {name: trigger.event for name, trigger in TRIGGERS.items()}
    written = new_action(folder, name, trigger=PL, language=language, events=events)
    return {path.relative_to(folder).as_posix() for path in written}


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_new_folder_loads(tmp_path: Path, language: TemplateLanguage) -> None:
    """In an empty folder it makes all that is needed."""
    written = made(tmp_path, language=language)
    assert {"flows/post-login.yaml", "events/post-login.json", ".gitignore"} <= written
    folder = load(tmp_path, triggers=TRIGGERS, topics=TOPICS)
    assert [b.action for b in folder.flows["default", "post-login"].bindings] == ["badge"]


def test_python_and_its_test_are_valid(tmp_path: Path) -> None:
    """Whatever the name of the action."""
    made(tmp_path, "My Action, 2")
    ast.parse((tmp_path / "actions/My Action, 2/action.py").read_text())
    ast.parse((tmp_path / "tests/test_my_action_2.py").read_text())


@pytest.mark.parametrize(
    ("before", "added"),
    [
        (
            "trigger: post-login # by hand\nactions:\n- action: one\n  timeout: 1s # short\n",
            "- action: badge\n",
        ),
        (
            "trigger: post-login\nactions:\n    -   action: one\n        timeout: 1s\n\n",
            "    - action: badge\n",
        ),
    ],
)
def test_a_flow_keeps_its_lines(tmp_path: Path, before: str, added: str) -> None:
    """The new action is the last one; comments and the way it is written stay."""
    flow = tmp_path / "flows/mine.yaml"
    flow.parent.mkdir()
    flow.write_text(before)
    made(tmp_path)
    assert flow.read_text() == f"{before.rstrip()}\n{added}"


def test_a_flow_that_cannot_be_added_to_is_left(tmp_path: Path) -> None:
    """Nothing is written then, and the message says what to write."""
    flow = tmp_path / "flows/post-login.yaml"
    flow.parent.mkdir()
    flow.write_text("trigger: post-login\nactions: [{action: one}]\n")
    with pytest.raises(ConfigurationError, match="- action: badge"):
        made(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["flows"]


def test_what_is_there_is_not_overwritten(tmp_path: Path) -> None:
    """An action of that name is refused; sample events and .gitignore stay."""
    made(tmp_path)
    (tmp_path / ".gitignore").write_text("mine\n")
    with pytest.raises(ConfigurationError, match="is there already"):
        made(tmp_path, language="javascript")
    written = made(tmp_path, "other")
    assert not written & {".gitignore", "events/post-login.json"}
    assert (tmp_path / ".gitignore").read_text() == "mine\n"


@pytest.mark.parametrize("name", ["a/b", "..", "a\nb", 'a"b', "", "a*/b", " a"])
def test_a_name_that_can_be_no_folder_is_refused(tmp_path: Path, name: str) -> None:
    """Before anything is written."""
    with pytest.raises(ConfigurationError):
        made(tmp_path, name)
    assert list(tmp_path.iterdir()) == []
