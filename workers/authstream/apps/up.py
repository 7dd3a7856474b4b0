"""Everything on one machine: the embedded broker here, a supervised worker beside it."""

from __future__ import annotations

import os
import secrets
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from types import FrameType, MappingProxyType, TracebackType
from typing import NoReturn, Self

from authstream.apps.build import say_nothing
from authstream.apps.live_folder import LiveFolder
from authstream.apps.supervision import END_WITH_PARENT
from authstream.broker.embedded import PARTITIONS, EmbeddedBroker
from authstream.control.dependencies import Say
from authstream.control.seal import new_key
from authstream.errors import AuthstreamError
from authstream.settings import Settings

READY_WITHIN = timedelta(seconds=40)
STOP_WITHIN = timedelta(seconds=30)
_POLL_SECONDS = 0.05
_OWN = 0o600


class NotReadyError(AuthstreamError):
    """The stages did not come up."""

    code = "not_ready"


class Up:
    """A broker and a worker for a folder. Use as a context manager; on exit both are gone.

    The folder is applied to the control log, which the broker forgets at its end, and changes that
    come through another door are written back to it. Raises ConfigurationError.
    """

    def __init__(
        self,
        folder: Path,
        *,
        environment: Mapping[str, str] | None = None,
        say: Say = say_nothing,
        gateway_port: int | None = None,
        console_port: int | None = None,
    ) -> None:
        self._scratch = tempfile.TemporaryDirectory(prefix="authstream-")
        self._ready = Path(self._scratch.name) / "ready"
        self._broker = EmbeddedBroker()
        self._settings = self._configured()
        self.environment = {
            # Flows that are suspended do not outlive this broker, nor need their key.
            "AUTHSTREAM_STATE_KEY": secrets.token_hex(32),
            **os.environ,
            "AUTHSTREAM_BROKERS": self._broker.bootstrap,
            "AUTHSTREAM_EMBEDDED": "true",
            "AUTHSTREAM_PARTITIONS": str(PARTITIONS),
            "AUTHSTREAM_READY_FILE": str(self._ready),
            "AUTHSTREAM_SECRET_KEY_FILE": self._settings.secret_key_file,
            "AUTHSTREAM_GATEWAY__HOST": "127.0.0.1",
            END_WITH_PARENT: "1",
            **(environment or {}),
        }
        self.brokers = self._broker.bootstrap
        try:
            self.folder = LiveFolder(folder, self._settings, say)
        except BaseException:
            self._broker.close()
            self._scratch.cleanup()
            raise
        self.worker = self._child("worker", "--supervised")
        #: Only where a port is given.
        self.gateway: subprocess.Popen[bytes] | None = None
        if gateway_port is not None:
            self.gateway = self._child(
                "gateway", "--folder", str(folder), "--port", str(gateway_port)
            )

        #: The admin API and the console, only where a port is given.
        self.consoles = () if console_port is None else self._consoles(console_port)

    def _consoles(self, port: int) -> tuple[subprocess.Popen[bytes], ...]:
        """Nobody signs in: whoever is at this machine may do everything anyway."""
        admin = free_port(self._settings.admin.port)
        said = {
            "AUTHSTREAM_CONSOLE__ADMIN_URL": f"http://127.0.0.1:{admin}",
            "AUTHSTREAM_CONSOLE__TOKEN": self.folder.token("console"),
            "AUTHSTREAM_CONSOLE__HOST": "127.0.0.1",
            "AUTHSTREAM_CONSOLE__URL": "",
            # What it indexes is gone with this broker.
            "AUTHSTREAM_EXECUTIONS__INDEX": str(Path(self._scratch.name) / "executions.sqlite"),
        }
        return (
            self._child("console", "--port", str(port), more=said),
            self._child("admin", "--host", "127.0.0.1", "--port", str(admin)),
        )

    def _child(
        self, *command: str, more: Mapping[str, str] = MappingProxyType({})
    ) -> subprocess.Popen[bytes]:
        """A group of its own: Ctrl-C in the terminal reaches us, and we end it in order."""
        return subprocess.Popen(  # noqa: S603 - our own command
            [sys.executable, "-m", "authstream.cli", *command],
            env={**self.environment, **more},
            start_new_session=True,
        )

    def __enter__(self) -> Self:
        # As Ctrl-C: the worker ends in order and the scratch folder goes.
        self._before = signal.signal(signal.SIGTERM, _interrupt)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()
        signal.signal(signal.SIGTERM, self._before)

    def wait_ready(self) -> None:
        """Until every stage works. Raises NotReadyError when the worker ends or takes too long."""
        deadline = time.monotonic() + READY_WITHIN.total_seconds()
        while not self._ready.exists():
            if self.worker.poll() is not None:
                raise NotReadyError(
                    f"the worker ended with status {self.worker.returncode} before it was ready: "
                    "see its messages above"
                )
            if time.monotonic() > deadline:
                raise NotReadyError(
                    f"the stages were not ready within {READY_WITHIN.total_seconds():.0f} s: "
                    "see the worker's messages above"
                )
            time.sleep(_POLL_SECONDS)

    def stop(self) -> None:
        """End those that ask in order, then the worker, which they ask, then the broker."""
        for child in (*self.consoles, self.gateway, self.worker):
            if child is not None and child.poll() is None:
                _end(child)
        self.folder.close()
        self._broker.close()
        self._scratch.cleanup()

    @property
    def key_file(self) -> str:
        """Where the keys are that other doors need to seal secrets."""
        return self._settings.secret_key_file

    def _configured(self) -> Settings:
        """Settings of this broker, with a key for secrets that lives as long as the broker does."""
        settings = Settings(brokers=self._broker.bootstrap, embedded=True, partitions=PARTITIONS)
        if settings.secret_keys or settings.secret_key_file:
            return settings
        file = Path(self._scratch.name) / "secret.key"
        file.touch(_OWN)
        file.write_text(new_key("up"), encoding="utf-8")
        return settings.model_copy(update={"secret_key_file": str(file)})


def free_port(wanted: int) -> int:
    """The port wanted on loopback, or any other where that one is taken."""
    for port in (wanted, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise NotReadyError("no port of 127.0.0.1 is free: stop something that listens there")


def _end(child: subprocess.Popen[bytes]) -> None:
    child.send_signal(signal.SIGTERM)
    try:
        child.wait(STOP_WITHIN.total_seconds())
    except subprocess.TimeoutExpired:
        os.killpg(child.pid, signal.SIGKILL)
        child.wait()


def _interrupt(_number: int, _frame: FrameType | None) -> NoReturn:
    raise KeyboardInterrupt
