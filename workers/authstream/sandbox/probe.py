"""The self-test: attacks from inside a guest's confinement, and what got through."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from authstream.engine.egress import Egress
from authstream.sandbox.egress import EgressThread
from authstream.sandbox.launch import (
    Confined,
    Level,
    NotConfinedError,
    Process,
    Unconfined,
    policy,
    python_argv,
)
from authstream.sandbox.notifications import Notifications
from authstream.sandbox.probe_guest.attacks import (
    ATTACKS,
    BLOCKED,
    DRASTIC,
    ON_THE_WORKER,
    ONLY_HIDDEN_BY_NAMESPACES,
)
from authstream.sandbox.runtimes import dies_with_worker

PROBE = Path(__file__).with_name("probe_guest") / "__main__.py"
#: All attacks take a tenth of a second on an idle machine.
ANSWER_WITHIN = timedelta(seconds=20)
_STDERR_BYTES = 400
_CHUNK = 65536


@dataclass(frozen=True, slots=True)
class Findings:
    """What came of each attack, and why there are not more of them."""

    outcomes: dict[str, str]
    problem: str = ""

    def failures(self, level: Level) -> list[str]:
        """What is not as the level promises; empty: the confinement works."""
        if self.problem:
            return [self.problem]
        return [
            f"{name} ({outcome})"
            for name, outcome in self.outcomes.items()
            if not outcome.startswith(BLOCKED) and name not in TOLERATED.get(level, frozenset())
        ]

    @property
    def got_through(self) -> list[str]:
        """The attacks that were not blocked, whatever the level."""
        return [name for name, said in self.outcomes.items() if not said.startswith(BLOCKED)]


#: What a level does not promise to block. `external`: all that does not reach the worker.
TOLERATED: dict[Level, frozenset[str]] = {
    "landlock": ONLY_HIDDEN_BY_NAMESPACES,
    "external": frozenset(ATTACKS) - ON_THE_WORKER,
}


def attack(
    level: Level,
    *,
    python: str = sys.executable,
    attacks: Sequence[str] = (),
    wrapper: Sequence[str] = (),
) -> Findings:
    """Run the attacks (none named: all) under the production policy of a level. Blocks.

    `wrapper` is the operator's command at level `external`.
    """
    names = list(
        attacks or (name for name in ATTACKS if level != "external" or name not in DRASTIC)
    )
    with prepared(names) as (ground, folder):
        ours, theirs = socket.socketpair()
        argv, files = python_argv(python, PROBE)
        wanted = policy(
            level, argv, readable=[*files, PROBE.parent], folder=folder, action="self-test"
        )
        with ours, theirs:
            process = (
                Unconfined(dies_with_worker((*wrapper, *argv)), channel=theirs, folder=folder)
                if level == "external"
                else Confined(wanted, channel=theirs)
            )
            theirs.close()
            outcomes, said = _talk(process, ours, ground, uid=wanted.uid)
    missing = len(names) - len(outcomes)
    problem = f"the probe ended {missing} attacks early: {said}" if missing else ""
    return Findings(outcomes, problem)


def _talk(
    process: Process, channel: socket.socket, ground: dict[str, Any], *, uid: int | None
) -> tuple[dict[str, str], str]:
    outcomes: dict[str, str] = {}
    egress: EgressThread | None = None
    try:
        process.confirm()
        if (listener := process.take_listener()) is not None:
            egress = EgressThread(Notifications(listener, uid=uid), Egress(), denied=lambda _: None)
        channel.sendall(json.dumps(ground).encode())
        outcomes = dict(answers(channel))
    except NotConfinedError:
        pass  # its last words say why
    finally:
        status = process.end()
        if egress is not None:
            egress.close()
    with process.output as output:
        said = output.read(_CHUNK)[-_STDERR_BYTES:].decode(errors="replace").strip()
    return outcomes, said or f"exit status {status}"


def answers(channel: socket.socket) -> Iterator[tuple[str, str]]:
    """Attack and outcome, as the probe tells them, for `ANSWER_WITHIN`."""
    until, buffer = time.monotonic() + ANSWER_WITHIN.total_seconds(), b""
    while (left := until - time.monotonic()) > 0:
        channel.settimeout(left)
        try:
            data = channel.recv(_CHUNK)
        except OSError:
            return
        if not data:
            return
        *lines, buffer = (buffer + data).split(b"\n")
        for line in lines:
            name, outcome = json.loads(line)
            yield name, outcome


@contextlib.contextmanager
def prepared(attacks: list[str]) -> Generator[tuple[dict[str, Any], Path], None, None]:
    """What an attacker would like: a secret, services, a process; and the attacker's own folder."""
    secret = secrets.token_hex(8)
    sleeper = [sys.executable, "-I", "-S", "-c", "import time; time.sleep(60)"]
    with contextlib.ExitStack() as stack:
        root = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="authstream-probe-")))
        root.chmod(0o755)  # so that a guest with another user meets our protections, not these
        folder, public = root / "action", root / "public"
        for made in (folder, public):
            made.mkdir()
            made.chmod(0o777)
        secret_file = root / "secret"
        secret_file.write_text(secret)
        opened = os.open(secret_file, os.O_RDONLY)
        stack.callback(os.close, opened)
        os.set_inheritable(opened, True)  # noqa: FBT003 - its signature
        tcp, udp, unix, abstract = _services(stack, root / "socket", secret)
        victim = subprocess.Popen(sleeper)  # noqa: S603 - our own interpreter
        stack.callback(victim.wait)
        stack.callback(victim.kill)
        yield (
            {
                "attacks": attacks,
                "secret": secret,
                "secret_file": str(secret_file),
                "public_folder": str(public),
                "parent": os.getpid(),
                "victim": victim.pid,
                "tcp_port": tcp,
                "udp_port": udp,
                "unix_path": unix,
                "abstract_name": abstract,
                "host_name": socket.gethostname(),
            },
            folder,
        )


def _services(stack: contextlib.ExitStack, path: Path, name: str) -> tuple[int, int, str, str]:
    tcp = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
    udp = stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
    udp.bind(("127.0.0.1", 0))
    for address in (str(path), f"\0{name}"):
        unix = stack.enter_context(socket.socket(socket.AF_UNIX, socket.SOCK_STREAM))
        unix.bind(address)
        unix.listen()
    path.chmod(0o777)
    return tcp.getsockname()[1], udp.getsockname()[1], str(path), name
