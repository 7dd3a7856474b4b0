"""A third party's server as a child process: started for a test, waited for, and ended with it."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import timedelta
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from urllib.parse import urlsplit

import jwt

from authstream.apps.supervision import die_with_parent

READY_WITHIN = timedelta(seconds=50)
STOPPED_WITHIN = timedelta(seconds=10)
_LOG_LINES = 30


@contextmanager
def running(
    command: Sequence[str | Path],
    *,
    folder: Path,
    environment: Mapping[str, str],
    ready: str,
    within: timedelta = READY_WITHIN,
) -> Generator[Path]:
    """A server, from when `ready` answers other than 503 until the end of the context; its log."""
    log = folder / "server.log"
    with log.open("ab") as written:
        process = subprocess.Popen(
            [f"{word}" for word in command],
            cwd=folder,
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=written,
            stderr=written,
            start_new_session=True,
            preexec_fn=_die_with_us,  # noqa: PLW1509 - it makes one system call
        )
    try:
        _await(process, ready, log, within)
        yield log
    finally:
        process.terminate()
        with suppress(subprocess.TimeoutExpired):  # killed below
            process.wait(STOPPED_WITHIN.total_seconds())
        with suppress(ProcessLookupError):  # all are gone
            os.killpg(process.pid, signal.SIGKILL)  # a launcher's server, too
        process.wait()


def _die_with_us() -> None:
    """Of the forked child, before it becomes the server."""
    die_with_parent(signal.SIGKILL)


def _await(process: subprocess.Popen[bytes], ready: str, log: Path, within: timedelta) -> None:
    deadline = time.monotonic() + within.total_seconds()
    while process.poll() is None and time.monotonic() < deadline:
        if _is_ready(ready):
            return
        time.sleep(0.05)
    tail = "\n".join(log.read_text(errors="replace").splitlines()[-_LOG_LINES:])
    raise RuntimeError(f"{ready} did not answer. Its log ends:\n{tail}")


def _is_ready(address: str) -> bool:
    """A server that comes up may break off: this client closes its socket all the same."""
    parts = urlsplit(address)
    connection = HTTPConnection(parts.netloc, timeout=2)
    try:
        connection.request("GET", parts.path or "/")
        return connection.getresponse().status != HTTPStatus.SERVICE_UNAVAILABLE
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()


def claims(token: str) -> dict[str, object]:
    """What a token says; its signature is the provider's own business."""
    found: dict[str, object] = jwt.decode(token, options={"verify_signature": False})
    return found
