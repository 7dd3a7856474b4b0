"""Runs the command line as a person would: a process, its output, its exit status."""

from __future__ import annotations

import contextlib
import io
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO
from unittest import mock

import pytest
import structlog

from authstream import cli

REPOSITORY = Path(__file__).parents[2]
DEMO = REPOSITORY / "deploy/demo"
COMMAND = (sys.executable, "-m", "authstream.cli")
_COMMAND_SECONDS = 120
_STOP_SECONDS = 30


@dataclass(frozen=True, slots=True)
class Finished:
    """What a command printed and how it ended."""

    status: int
    out: str
    err: str


def environment(**members: str) -> dict[str, str]:
    """This process's environment without settings of ours, plus those given."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("AUTHSTREAM_", "OTEL_"))
    }
    return {**kept, "COLUMNS": "200", "NO_COLOR": "1", **members}


def run(*arguments: str, env: Mapping[str, str] | None = None) -> Finished:
    """Run a command to its end."""
    done = subprocess.run(
        [*COMMAND, *arguments],
        cwd=REPOSITORY,
        env=environment() if env is None else dict(env),
        capture_output=True,
        text=True,
        timeout=_COMMAND_SECONDS,
        check=False,
    )
    return Finished(done.returncode, done.stdout, done.stderr)


def run_here(*arguments: str) -> Finished:
    """Run a command in this process: in a tenth of the time, with this process's environment."""
    out, err = io.StringIO(), io.StringIO()
    argv = mock.patch.object(sys, "argv", ["authstream", *arguments])
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err), argv:
        try:
            with pytest.raises(SystemExit) as ended:
                cli.main()
        finally:
            structlog.reset_defaults()
    status = ended.value.code
    assert isinstance(status, int)
    return Finished(status, out.getvalue(), err.getvalue())


class Running:
    """A command that stays; its output is in files that can be read meanwhile."""

    def __init__(self, process: subprocess.Popen[bytes], out: Path, err: Path) -> None:
        self.process = process
        self._out = out
        self._err = err

    @property
    def out(self) -> str:
        """What it printed so far."""
        return self._out.read_text()

    @property
    def err(self) -> str:
        """What it said on standard error so far."""
        return self._err.read_text()


@contextmanager
def background(
    *arguments: str, folder: Path, env: Mapping[str, str] | None = None
) -> Generator[Running]:
    """Run a command beside the test; SIGTERM at the end, and nothing of it is left."""
    out, err = folder / f"{arguments[0]}.out", folder / f"{arguments[0]}.err"
    with out.open("wb") as stdout, err.open("wb") as stderr:
        process = _start(arguments, stdout, stderr, env)
        try:
            yield Running(process, out, err)
        finally:
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
            try:
                process.wait(_STOP_SECONDS)
            finally:
                _kill_group(process.pid)


def _start(
    arguments: tuple[str, ...],
    stdout: IO[bytes],
    stderr: IO[bytes],
    env: Mapping[str, str] | None,
) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [*COMMAND, *arguments],
        cwd=REPOSITORY,
        env=environment() if env is None else dict(env),
        stdout=stdout,
        stderr=stderr,
        start_new_session=True,
    )


def _kill_group(leader: int) -> None:
    try:
        os.killpg(leader, signal.SIGKILL)
    except ProcessLookupError:
        return


def wait_for(condition: Callable[[], bool], *, seconds: float, what: str) -> None:
    """Poll until a condition holds; fails with what was waited for."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"not within {seconds} s: {what}"
        time.sleep(0.05)
