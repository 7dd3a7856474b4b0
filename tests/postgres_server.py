"""A real PostgreSQL on loopback in a folder of its own; it dies with this process."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import TracebackType
from typing import Self

import psycopg

from tests.kafka_log import until

#: Where Debian puts the programs of a server, newest last.
_DEBIAN = "/usr/lib/postgresql/*/bin"
#: PostgreSQL refuses to run as root; Debian's package brings this user.
_USER = "postgres"
# To the kernel the parent is the thread that forked: this one lives as long as the interpreter.
_FORKER = ThreadPoolExecutor(max_workers=1, thread_name_prefix="postgres-forker")


def programs() -> Path | None:
    """The folder with `initdb` and `postgres`, None where there is no server."""
    found = sorted(Path("/").glob(_DEBIAN.removeprefix("/")))
    initdb = shutil.which("initdb")
    candidates = [*found, *([Path(initdb).resolve().parent] if initdb else [])]
    return next((path for path in reversed(candidates) if (path / "postgres").exists()), None)


def missing() -> list[str]:
    """What is to be installed."""
    return [] if programs() else ["PostgreSQL (Debian: postgresql)"]


class PostgresServer:
    """Use as a context manager."""

    def __init__(self) -> None:
        found = programs()
        assert found is not None, missing()
        self._programs = found
        self._folder = Path(tempfile.mkdtemp(prefix="authstream-postgres-"))
        self._data = self._folder / "data"
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self._port = free.getsockname()[1]
        self.url = f"postgresql://{_USER}@127.0.0.1:{self._port}/postgres"
        self._user = _USER if os.geteuid() == 0 else None
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        if self._user:
            shutil.chown(self._folder, self._user)
        initdb = (f"{self._programs / 'initdb'}", "-D", f"{self._data}", "-U", _USER, "-A", "trust")
        subprocess.run(
            (*initdb, "--no-sync"), check=True, capture_output=True, user=self._user, cwd="/"
        )
        self._process = _FORKER.submit(self._start).result()
        until(self._answers, f"PostgreSQL answers; its log ends:\n{self._tail()}")
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.wait(20)
        shutil.rmtree(self._folder, ignore_errors=True)

    def _start(self) -> subprocess.Popen[bytes]:
        # As that user, and gone when we are: util-linux does both, in this order.
        become = ("--reuid", _USER, "--regid", _USER, "--clear-groups") if self._user else ()
        server = (f"{self._programs / 'postgres'}", "-D", f"{self._data}", "-p", f"{self._port}")
        more = ("-c", "listen_addresses=127.0.0.1", "-c", "fsync=off", "-k", f"{self._folder}")
        with (self._folder / "log").open("wb") as log:
            return subprocess.Popen(
                ("setpriv", *become, "--pdeathsig", "INT", *server, *more),
                stdout=log,
                stderr=log,
                cwd="/",
            )

    def _answers(self) -> bool:
        try:
            psycopg.connect(self.url, connect_timeout=2).close()
        except psycopg.OperationalError:
            return False
        return True

    def _tail(self) -> str:
        log = self._folder / "log"
        return "\n".join(log.read_text().splitlines()[-5:]) if log.exists() else ""
