"""What the launcher is told, and what it is made of."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from dataclasses import FrozenInstanceError
from pathlib import Path

import pytest

from authstream.engine.guest_limits import GuestLimits
from authstream.errors import ConfigurationError
from authstream.sandbox import launch
from authstream.sandbox.launcher.system import EXIT_NOT_CONFINED

FOLDERS = [launch.LAUNCHER.parent, launch.LAUNCHER.parents[1] / "probe_guest"]


def test_a_policy_is_frozen_and_goes_over_as_json(tmp_path: Path) -> None:
    """Any command, more paths to read and another memory limit are a caller's choice."""
    argv = ["/usr/bin/node", "a.cjs"]
    policy = launch.policy(
        "landlock",
        argv,
        readable=["/usr/bin/node"],
        folder=tmp_path,
        action="a",
        limits=GuestLimits(memory=1),
        reserved_bytes=2,
    )
    said = json.loads(policy.encode())
    assert (said["argv"], said["data_bytes"], said["folder"]) == (argv, 3, str(tmp_path))
    assert {"/usr/lib", "/usr/bin/node", str(tmp_path)} <= {*said["readable"]}
    with pytest.raises(FrozenInstanceError):
        policy.level = "none"  # type: ignore[misc]  # the point of the test


def test_guests_that_share_a_user_share_the_number_of_threads(tmp_path: Path) -> None:
    """The kernel counts by user; what the guest needs is told apart from what any Linux has."""
    policy = launch.policy(
        "landlock", ["x"], readable=["/opt/p"], folder=tmp_path, action="a", guests=3
    )
    assert policy.threads == 3 * GuestLimits().threads
    assert policy.needed == ("/opt/p", str(tmp_path))


def test_an_action_in_the_root_folder_is_refused() -> None:
    """Its folder is readable for it, so that would be everything."""
    with pytest.raises(ConfigurationError, match="folder of its own"):
        launch.policy("landlock", ["x"], readable=[], folder=Path("/"), action="a")


def test_each_action_has_its_own_user_where_the_worker_is_root(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The same each time; an ordinary worker's guests are what it is."""
    launch.uid.cache_clear()
    monkeypatch.setattr("os.geteuid", lambda: 0)
    one, two, again = launch.uid("one"), launch.uid("two"), launch.uid("one")
    assert one == again != two
    assert {one, two} <= {*range(launch.FIRST_UID, launch.FIRST_UID + launch.UIDS)}
    launch.uid.cache_clear()
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    assert launch.uid("one") is None
    launch.uid.cache_clear()


def test_what_runs_confined_imports_only_itself_and_the_standard_library() -> None:
    """Nothing of ours or of others can be read there."""
    sources = [path for folder in FOLDERS for path in folder.glob("*.py")]
    roots = {
        name.split(".")[0]
        for path in sources
        for node in ast.walk(ast.parse(path.read_bytes()))
        for name in _imported(node)
    }
    assert roots - sys.stdlib_module_names - {"_socket"} == set()


def _imported(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom) and node.level == 0:
        return [node.module or ""]
    return []


def test_a_launcher_that_is_told_nonsense_runs_nothing() -> None:
    """It says so and exits with its own status."""
    done = subprocess.run(
        [sys.executable, *launch.PYTHON_FLAGS, str(launch.LAUNCHER), "0"],
        input=b"{}",
        capture_output=True,
        check=False,
    )
    assert done.returncode == EXIT_NOT_CONFINED
    assert done.stderr.startswith(b"not confined: ")
