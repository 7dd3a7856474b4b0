"""An action's one code file: action.py, action.js or action.ts, by what is there."""

from __future__ import annotations

from pathlib import Path

import pytest

from authstream.apps.stages import triggers
from authstream.contracts.topics import Topics
from authstream.control.folder import Folder, load
from authstream.errors import ConfigurationError

HANDLER = "exports.onExecutePostLogin = async () => {}"


def folder(root: Path, name: str, *codes: str, more: str = "") -> Folder:
    """A folder with one action, loaded."""
    place = root / "actions" / name
    place.mkdir(parents=True)
    (place / "action.yaml").write_text(f"trigger: post-login\n{more}")
    for code in codes:
        (place / code).write_text("x = 1" if code.endswith(".py") else HANDLER)
    (root / "flows").mkdir()
    (root / "flows/post-login.yaml").write_text(
        f"trigger: post-login\nactions: [{{action: {name}}}]\n"
    )
    return load(root, triggers=triggers(), topics=Topics())


@pytest.mark.parametrize(
    ("code", "runtime"),
    [("action.py", "python3.11"), ("action.js", "node22"), ("action.ts", "node22")],
)
@pytest.mark.parametrize("name", ["plain", "Login-Customizations", "My Action"])
def test_the_file_says_the_language(tmp_path: Path, name: str, code: str, runtime: str) -> None:
    """Whatever the action's name: capitals and spaces get a topic of their own too."""
    (action,) = folder(tmp_path, name, code).actions.values()
    assert (action.name, action.code.name, action.runtime) == (name, code, runtime)
    assert action.topic.isascii()
    assert " " not in action.topic


def test_two_code_files_are_refused(tmp_path: Path) -> None:
    """It is not guessed which one is meant."""
    with pytest.raises(ConfigurationError, match=r"has action\.js and action\.ts"):
        folder(tmp_path, "a", "action.js", "action.ts")


def test_a_folder_without_code_is_refused(tmp_path: Path) -> None:
    """The message names the files that it may be in."""
    with pytest.raises(ConfigurationError, match=r"put the handler into action\.py, action\.js"):
        folder(tmp_path, "a")


def test_a_runtime_of_another_language_is_refused(tmp_path: Path) -> None:
    """The message names action.yaml."""
    with pytest.raises(ConfigurationError, match=r"action\.yaml: runtime python3\.11 does not run"):
        folder(tmp_path, "a", "action.js", more="runtime: python3.11\n")
