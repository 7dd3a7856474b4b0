"""Which runtimes are accepted, and how Node is called."""

from __future__ import annotations

from pathlib import Path

import pytest

from authstream.contracts.api import to_guest
from authstream.contracts.runtime import language, runtime_of
from authstream.engine.program import Program
from authstream.errors import ConfigurationError
from authstream.sandbox import runtimes


@pytest.mark.parametrize(
    ("runtime", "expected"),
    [
        ("python3.11", "python"),
        ("python3.14", "python"),
        *((name, "javascript") for name in ("node18", "node20", "node22")),
    ],
)
def test_a_runtime_says_the_language(runtime: str, expected: str) -> None:
    """Python from 3.11 on, and the three names that Auth0 has had."""
    assert language(runtime) == expected


@pytest.mark.parametrize("runtime", ["python3.10", "python2.7", "node16", "cobol", ""])
def test_others_are_refused_with_what_there_is(runtime: str) -> None:
    """The message lists what to use instead."""
    with pytest.raises(ConfigurationError, match=r"use python3\.11 or newer, or node18, node20"):
        language(runtime)


def test_a_runtime_fits_its_code_file() -> None:
    """Without one the file's name says it; a contradiction is refused."""
    assert runtime_of("action.py", None) == "python3.11"
    assert runtime_of("action.ts", None) == "node22"
    assert runtime_of("action.js", "node18") == "node18"
    with pytest.raises(ConfigurationError, match=r"python3\.11 does not run action\.js"):
        runtime_of("action.js", "python3.11")


def program(tmp_path: Path, name: str) -> Program:
    """A program with dependencies."""
    file = tmp_path / name
    return Program("a", 1, file, "post-login", to_guest("post-login"), dependencies=tmp_path / "d")


def node_with(*flags: str) -> runtimes.Node:
    """A Node that knows these flags."""
    return runtimes.Node(Path("/opt/node"), "20.20.2", frozenset(flags))


@pytest.mark.parametrize("flag", ["--experimental-permission", "--permission"])
def test_node_is_called_with_the_permission_flag_it_knows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, flag: str
) -> None:
    """It may read the runner, the action's folder and its packages, and nothing else."""
    monkeypatch.setattr(runtimes, "node", lambda: node_with(flag, "--allow-fs-read"))
    arguments = runtimes.command(program(tmp_path, "action.js")).arguments
    assert flag in arguments
    readable = [value for value in arguments if value.startswith("--allow-fs-read=")]
    assert readable == [
        f"--allow-fs-read={path}" for path in (runtimes.GUEST_NODE.parent, tmp_path, tmp_path / "d")
    ]
    assert not [value for value in arguments if "child" in value or "addons" in value]
    assert (arguments[0], arguments[-1]) == ("/opt/node", str(runtimes.GUEST_NODE))


def test_python_is_isolated(tmp_path: Path) -> None:
    """No user site, no site-packages of the worker, nothing of its environment."""
    command = runtimes.command(program(tmp_path, "action.py"), python="/opt/python")
    assert command.arguments == ("/opt/python", "-I", "-S", "-B", str(runtimes.GUEST_PYTHON))
    assert set(command.environment) == {"PATH", "LANG", "TZ"}


def test_the_node_that_is_here_is_found_and_its_npm_with_it() -> None:
    """The system's Node, at least version 20, else the wheel's."""
    found = runtimes.node()
    assert found.major >= runtimes.NODE_MAJOR
    assert found.binary.is_file()
    assert found.flags & {"--permission", "--experimental-permission"}
    assert Path(runtimes.npm()[0]).is_file()


def test_without_node_the_message_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    """Node from the system, or the extra with the wheel."""

    def nowhere(*_name: str) -> None:
        return None

    monkeypatch.setattr("shutil.which", nowhere)
    monkeypatch.setattr(runtimes, "_wheel", nowhere)
    with pytest.raises(ConfigurationError, match=r"pip install 'authstream\[node\]'"):
        runtimes.node.__wrapped__()


def test_a_node_guest_has_room_for_what_v8_reserves(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And sees the binary with what lies beside it."""
    binary = tmp_path / "bin" / "node"
    (tmp_path / "lib").mkdir()
    monkeypatch.setattr(runtimes, "node", lambda: runtimes.Node(binary, "24.1.0", frozenset()))
    command = runtimes.command(program(tmp_path, "action.js"))
    python = runtimes.command(program(tmp_path, "action.py"))
    assert (command.reserved_bytes, python.reserved_bytes) == (runtimes.NODE_RESERVED_BYTES, 0)
    assert command.interpreter == (binary, tmp_path / "lib")
