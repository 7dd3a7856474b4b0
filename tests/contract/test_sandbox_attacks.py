"""What code in a guest can do to its host: nothing, at every level, whoever the worker is."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from authstream.sandbox import launch, probe
from authstream.sandbox.launch import Unconfined, python_argv
from authstream.sandbox.probe_guest.attacks import ATTACKS, ONLY_HIDDEN_BY_NAMESPACES
from tests.confinement import USERS, attacked, command, grounds, open_to_others
from tests.guests import NewGuest, invocation, is_running, proc, texts, until

#: Attacks that need no privilege, so that they must succeed where nothing protects.
NEED_NOTHING = [
    "read /etc/passwd",
    "read a secret file",
    "list a folder of the host",
    "stat a secret file",
    "write to the host",
    "write to its own folder",
    "environment of its own",
    "environment of the worker",
    "descriptors of the worker",
    "command line of the worker",
    "connect to the broker",
    "send UDP",
    "connect AF_UNIX",
    "connect abstract AF_UNIX",
    "netlink socket",
    "listen",
    "kill the worker",
    "kill all",
    "set another's CPUs",
    "fork",
    "host name",
    "memfd_create",
    "personality",
    "SysV shared memory",
    "a filter of its own",
    "other processes in /proc",
    "root of another process",
    "shared memory",
    "shared memory of /dev/zero",
    "64 MB of files",
    "600 processes",
    "connect by MSG_FASTOPEN",
    "survive the worker",
    "kill another process",
]


def test_this_host_reaches_at_least_one_level() -> None:
    """Else nothing below would have been tested."""
    assert {user for user, _ in grounds()} == set(USERS)


@pytest.mark.parametrize(("user", "level"), grounds())
def test_no_attack_succeeds(user: str, level: str) -> None:
    """Of all attacks, only two harmless ones at level landlock."""
    outcomes, problem = attacked(user, level)
    assert problem == ""
    assert outcomes.keys() == ATTACKS.keys()
    tolerated = ONLY_HIDDEN_BY_NAMESPACES if level == "landlock" else set[str]()
    assert {name for name, outcome in outcomes.items() if outcome == "open"} == tolerated


def test_without_confinement_the_same_attacks_succeed() -> None:
    """So each of them can find a hole."""
    argv, _ = python_argv(sys.executable, probe.PROBE)
    ours, theirs = socket.socketpair()
    with probe.prepared(NEED_NOTHING) as (ground, folder), ours, theirs:
        environment = {**launch.ENVIRONMENT, "SECRET": "x"}
        process = Unconfined(argv, channel=theirs, folder=folder, environment=environment)
        theirs.close()
        ours.sendall(json.dumps(ground).encode())
        outcomes = dict(probe.answers(ours))
        process.end()
        process.output.close()
    assert {name: outcome for name, outcome in outcomes.items() if outcome != "open"} == {}
    assert list(outcomes) == NEED_NOTHING


PARENT = """
import asyncio, sys
from datetime import timedelta
from pathlib import Path
from authstream.contracts.api import to_guest
from authstream.sandbox.guest import Guest, Invocation, Program

async def main():
    program = Program("a", 1, Path(sys.argv[1]), "post-login", to_guest("post-login"))
    guest = Guest(program, level=sys.argv[2])
    await guest.start()
    print(guest.pid, flush=True)
    await guest.run(Invocation("onExecutePostLogin", b"{}", (), timedelta(seconds=60)))

asyncio.run(main())
"""


@pytest.mark.parametrize(("user", "level"), grounds())
def test_a_guest_dies_with_its_worker_at_every_level(user: str, level: str, tmp_path: Path) -> None:
    """Though it may change users and namespaces, and loops forever."""
    folder = open_to_others(tmp_path)
    action = folder / "action.py"
    action.write_text("async def on_execute_post_login(event):\n  while True: pass\n")
    source = Path(__file__).parents[2] / "workers"
    with subprocess.Popen(
        command(user, "-c", PARENT, str(action), level),
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(source)},
    ) as parent:
        assert parent.stdout is not None
        guest = int(parent.stdout.readline())
        assert is_running(guest)
        parent.kill()
        parent.wait()
        asyncio.run(until(lambda: not is_running(guest)))


async def test_a_memory_bomb_is_a_memory_error_and_the_guest_lives(new_guest: NewGuest) -> None:
    """The limit fails the allocation, not the process."""
    guest = new_guest(
        """
        def on_execute_post_login(event):
            if event.get("bomb"):
                hoard = [bytearray(16_000_000) for _ in range(100)]
            print("lives")
        """
    )
    outcome = await guest.run(invocation({"bomb": True}))
    first = guest.pid
    assert outcome.status == "error"
    assert "MemoryError" in (outcome.error or "")
    assert texts(await guest.run(invocation())) == ["lives"]
    assert guest.pid == first


async def test_the_temporary_folder_is_the_guests_own(new_guest: NewGuest) -> None:
    """At level namespaces it can be written to, and nobody else sees it."""
    guest = new_guest(
        """
        import os, tempfile
        async def on_execute_post_login(event):
            with tempfile.NamedTemporaryFile("w", delete=False) as file:
                file.write("x")
            print(file.name)
        """,
        level="namespaces",
    )
    (path,) = texts(await guest.run(invocation()))
    assert not os.path.exists(path)  # noqa: ASYNC240, PTH110 - blocks no loop


async def test_a_guest_has_no_privilege_left(new_guest: NewGuest) -> None:
    """No capabilities, none by execution, a filter, and not the user root."""
    guest = new_guest("async def on_execute_post_login(): pass")
    await guest.run(invocation())
    lines = proc(guest.pid, "status").decode().splitlines()
    status = dict(line.split(":\t", 1) for line in lines if ":\t" in line)
    assert {int(status[name], 16) for name in ("CapEff", "CapPrm", "CapInh", "CapAmb")} == {0}
    assert (status["NoNewPrivs"], status["Seccomp"]) == ("1", "2")
    assert "0" not in status["Uid"].split()


async def test_an_unreadable_folder_says_what_to_do(new_guest: NewGuest, tmp_path: Path) -> None:
    """The launcher's reason reaches the one who waits for the action."""
    guest = new_guest("async def on_execute_post_login(): pass")
    os.chmod(tmp_path, 0o000)  # noqa: PTH101 - blocks no loop
    try:
        outcome = await guest.run(invocation())
    finally:
        os.chmod(tmp_path, 0o755)  # noqa: PTH101, S103 - as above
    assert outcome.status == "unavailable"
    assert "make it and the folders above it readable" in (outcome.error or "")


async def test_a_signal_from_outside_ends_a_guest_like_any_process(new_guest: NewGuest) -> None:
    """Nothing inside can prevent SIGKILL."""
    guest = new_guest("async def on_execute_post_login(event): print('ok')")
    await guest.run(invocation())
    pid = guest.pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    await until(lambda: not is_running(pid))
    assert texts(await guest.run(invocation())) == ["ok"]
