"""What an author is told beside the words of the runtime."""

from __future__ import annotations

from pathlib import Path

import pytest

from authstream.contracts.api import to_guest
from authstream.contracts.envelope import Thrown
from authstream.engine.program import Program
from authstream.sandbox.explanation import explained

PROGRAM = Program("crm", 1, Path("action.js"), "post-login", to_guest("post-login"))


@pytest.mark.parametrize(
    ("name", "message"),
    [
        (
            "FileNotFoundError",
            "[Errno 2] No usable temporary directory found in ['/tmp', '/var/tmp', '/actions/crm']",
        ),
        ("PermissionError", "[Errno 13] Permission denied: '/tmp/.x'"),
        ("Error", "EACCES: permission denied, mkdtemp '/tmp/.XXXXXX'"),
    ],
)
def test_where_there_is_no_temporary_folder_the_error_says_so(name: str, message: str) -> None:
    """No mount limits its size at level landlock, so there is none."""
    said = explained(PROGRAM, Thrown(name=name, message=message)).message
    assert said.startswith(message)
    assert "at level landlock an action has no temporary folder" in said


def test_what_node_forbids_is_named() -> None:
    """Its own words do not say what was asked for."""
    thrown = Thrown(name="Error", message="Access to this API has been restricted")
    assert "no files but temporary ones" in explained(PROGRAM, thrown).message


def test_other_files_are_another_matter() -> None:
    """What lies elsewhere is not to be written at any level."""
    thrown = Thrown(name="PermissionError", message="[Errno 13] Permission denied: '/etc/passwd'")
    assert explained(PROGRAM, thrown).message == thrown.message
