"""Starts the process of a guest, confined by the launcher or, where that is allowed, not."""

from __future__ import annotations

import contextlib
import functools
import itertools
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import IO, Literal, Protocol

from authstream.engine.guest_limits import DEFAULT, GuestLimits
from authstream.errors import AuthstreamError, ConfigurationError
from authstream.sandbox.launcher.policy import Policy

#: How a guest is confined, strongest first.
Level = Literal["namespaces", "landlock", "external", "none"]

LAUNCHER = Path(__file__).with_name("launcher") / "__main__.py"
#: From its start until the launcher has confined itself.
CONFINED_WITHIN = timedelta(seconds=10)
#: Users that a root worker's guests get, one for each action: between login users and the range
#: of systemd's dynamic users.
FIRST_UID, UIDS = 61000, 184
# Workers of one machine rarely begin at the same user: the kernel counts threads by user.
_UID_STEP = 29
# Isolated from environment and user (-I) and from the worker's packages (-S); no caches (-B).
PYTHON_FLAGS = ("-I", "-S", "-B")
#: The C library asks for names over TCP, which is how the worker can answer.
RESOLVER = {"RES_OPTIONS": "use-vc"}
ENVIRONMENT = {"PATH": os.defpath, "LANG": "C.UTF-8", "TZ": "UTC"}
#: Libraries, certificates and time zones that programs expect on any Linux.
SYSTEM = (
    "/lib",
    "/lib32",
    "/lib64",
    "/usr/lib",
    "/usr/lib32",
    "/usr/lib64",
    "/etc/ld.so.cache",
    "/etc/ssl/certs",
    "/etc/ssl/openssl.cnf",
    "/etc/pki/tls",
    "/etc/pki/ca-trust",
    "/etc/ca-certificates",
    "/usr/local/share/ca-certificates",
    "/usr/share/ca-certificates",
    "/usr/share/zoneinfo",
)
_NUMBER_BYTES = 32


class NotConfinedError(AuthstreamError):
    """The launcher could not confine a guest; it said why, and nothing ran."""

    code = "not_confined"


class Process(Protocol):
    """A process on its way to be a guest, and then the guest."""

    #: What it writes to stdout and stderr.
    output: IO[bytes]
    #: Of the guest; before `confirm`, of whatever is to become it.
    pid: int

    def confirm(self) -> None:
        """Wait until it is confined. Blocks. Raises NotConfinedError."""
        ...

    def take_listener(self) -> int | None:
        """The descriptor of its `connect` notifications, for the caller to close; none twice."""
        ...

    def end(self) -> int:
        """Kill it, and what it started; its exit status, negative for a signal. Blocks."""
        ...


class Unconfined:
    """A plain child process, for levels `external` and `none`."""

    def __init__(
        self,
        argv: Sequence[str],
        *,
        channel: socket.socket,
        folder: Path,
        environment: Mapping[str, str] = ENVIRONMENT,
    ) -> None:
        self._process = _popen(argv, channel, environment=environment, folder=folder)
        self.output = _piped(self._process)
        self.pid = self._process.pid

    def confirm(self) -> None:
        """Nothing to wait for."""

    def take_listener(self) -> None:
        """It connects by itself."""

    def end(self) -> int:
        """Kill it, and what it started, by its group; the id is ours until `wait`."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)
        return self._process.wait()


class Confined:
    """A child process under a policy.

    Make it in a thread that outlives it: the kernel kills a guest when that thread ends.
    """

    def __init__(self, policy: Policy, *, channel: socket.socket) -> None:
        self._control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._control.settimeout(CONFINED_WITHIN.total_seconds())
        command = [_interpreter(), *PYTHON_FLAGS, str(LAUNCHER), str(theirs.fileno())]
        try:
            self._launcher = _popen(
                command, channel, environment={}, folder=Path("/"), passed=theirs.fileno()
            )
        except OSError:
            self._control.close()
            raise
        finally:
            theirs.close()
        self.output = _piped(self._launcher)
        self.pid = self._launcher.pid
        self._turn = threading.Lock()
        self._listener: int | None = None
        #: Whether `pid` is known to be the guest's.
        self._numbered = False
        self._policy = policy

    def confirm(self) -> None:
        """Tell the policy and wait until it is in force."""
        with self._turn:
            try:
                self._control.send(self._policy.encode())
                while self._hear():
                    pass
            except OSError as error:
                raise NotConfinedError(f"the launcher gave up: {error}") from error
            finally:
                self._control.close()
            if self._listener is None:
                raise NotConfinedError("the launcher gave up: see what it said")
            if self.pid != self._launcher.pid:
                self._launcher.wait()  # it has ended; do not keep its number until the guest ends

    def _hear(self) -> bool:
        """One of two messages, in any order: they may come from two processes."""
        said, passed, _, _ = socket.recv_fds(self._control, _NUMBER_BYTES, 1)
        if passed:
            self._listener = passed[0]
        elif said:
            self.pid = int(said)
            self._numbered = True
        return bool(said) and not (self._numbered and self._listener is not None)

    def take_listener(self) -> int | None:
        """The descriptor of its `connect` notifications, for the caller to close; none twice."""
        listener, self._listener = self._listener, None
        return listener

    def end(self) -> int:
        """Kill the guest; with the first process of a namespace all others in it end."""
        with self._turn:  # not between two processes
            self._control.close()
            if (listener := self.take_listener()) is not None:
                os.close(listener)
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGKILL)
            status = self._launcher.wait()
            if self.pid != self._launcher.pid:
                _, waited = os.waitpid(self.pid, 0)
                status = os.waitstatus_to_exitcode(waited)
            return status


def python_argv(python: str, program: Path) -> tuple[tuple[str, ...], tuple[Path, ...]]:
    """The command that runs a Python program, and the interpreter's files besides `SYSTEM`."""
    executable = os.path.realpath(python)
    files = (Path(executable), Path(executable).parent.parent / "lib")
    return (executable, *PYTHON_FLAGS, str(program)), files


def policy(  # noqa: PLR0913 - what distinguishes guests, by name
    level: Level,
    argv: Sequence[str],
    *,
    readable: Sequence[str | Path],
    folder: Path,
    action: str,
    guests: int = 1,
    limits: GuestLimits = DEFAULT,
    reserved_bytes: int = 0,
    environment: Mapping[str, str] = ENVIRONMENT,
) -> Policy:
    """A guest's policy: `readable` on top of the system's libraries.

    `reserved_bytes` is memory that the runtime reserves and does not use. `guests` of one action
    may be there at a time; they share a user, whose threads are counted.

    Raises ConfigurationError for a path that would show the guest everything.
    """
    paths = [os.path.realpath(path) for path in (*readable, folder)]
    if "/" in paths:
        raise ConfigurationError(
            f"the action {action} lies in the root folder, all of which its guest could read:"
            " put it into a folder of its own"
        )
    return Policy(
        level,
        tuple(argv),
        {**environment, **RESOLVER},
        str(folder.resolve()),
        (*SYSTEM, *paths),
        needed=tuple(paths),
        uid=uid(action),
        data_bytes=limits.memory + reserved_bytes,
        threads=limits.threads * guests,
        descriptors=limits.descriptors,
        tmp_bytes=limits.temporary,
    )


_numbers = itertools.count(os.getpid() * _UID_STEP)


@functools.cache
def uid(action: str) -> int | None:
    """The user of an action's guests where the worker is root; an action keeps its own."""
    del action  # the key
    return FIRST_UID + next(_numbers) % UIDS if os.geteuid() == 0 else None


def _interpreter() -> str:
    return os.path.realpath(sys.executable)


def _popen(
    argv: Sequence[str],
    channel: socket.socket,
    *,
    environment: Mapping[str, str],
    folder: Path,
    passed: int | None = None,
) -> subprocess.Popen[bytes]:
    return subprocess.Popen(  # noqa: S603 - our own programs
        argv,
        stdin=channel.fileno(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env=environment,
        cwd=folder,
        pass_fds=() if passed is None else (passed,),
        start_new_session=True,
    )


def _piped(process: subprocess.Popen[bytes]) -> IO[bytes]:
    assert process.stdout is not None  # noqa: S101 - a pipe was asked for
    return process.stdout
