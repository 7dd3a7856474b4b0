"""Limits, user and capabilities: what the kernel counts and refuses for the guest."""

from __future__ import annotations

import os
import resource
import struct

from .system import call, prctl

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .policy import Policy

_PDEATHSIG, _SET_NO_NEW_PRIVS, _CAPBSET_DROP, _CAP_AMBIENT = 1, 38, 24, 47
_AMBIENT_CLEAR_ALL = 4
_SIGKILL = 9
_CAPABILITY_VERSION_3 = 0x20080522


def limit(policy: Policy, *, own_count: bool) -> None:
    """Set the resource limits; `own_count`: nobody else's processes count as this guest's.

    Standard output to files is limited to the temporary folder's size; nothing dumps core.
    """
    threads = policy.threads + (0 if own_count else _tasks_of(os.getuid()))
    for kind, value in (
        (resource.RLIMIT_DATA, policy.data_bytes),
        (resource.RLIMIT_STACK, policy.stack_bytes),
        (resource.RLIMIT_NPROC, threads),
        (resource.RLIMIT_NOFILE, policy.descriptors),
        (resource.RLIMIT_FSIZE, policy.tmp_bytes),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_MEMLOCK, 0),
        (resource.RLIMIT_MSGQUEUE, 0),
        (resource.RLIMIT_SIGPENDING, policy.descriptors),
    ):
        _, highest = resource.getrlimit(kind)
        wanted = value if highest == resource.RLIM_INFINITY else min(value, highest)
        resource.setrlimit(kind, (wanted, wanted))
    os.setpriority(os.PRIO_PROCESS, 0, min(os.getpriority(os.PRIO_PROCESS, 0) + policy.nice, 19))


def become(uid: int) -> None:
    """Be this user and group and nothing else. Raises OSError."""
    os.setgroups([])
    os.setresgid(uid, uid, uid)
    os.setresuid(uid, uid, uid)


def drop_capabilities() -> None:
    """Have none, and no way to any."""
    try:
        call("prctl", _CAP_AMBIENT, _AMBIENT_CLEAR_ALL, 0, 0, 0)
        for number in range(64):
            prctl(_CAPBSET_DROP, number)
    except OSError:
        pass  # past the last one, or not ours to drop: no_new_privs keeps them away
    header, nothing = struct.pack("=Ii", _CAPABILITY_VERSION_3, 0), bytes(24)
    call("capset", header, nothing)


def gain_nothing() -> None:
    """Never get privileges by executing a file."""
    prctl(_SET_NO_NEW_PRIVS, 1)


def die_with_parent() -> None:
    """Be killed when the worker's thread that started this ends; a new user undoes it."""
    prctl(_PDEATHSIG, _SIGKILL)


def _tasks_of(uid: int) -> int:
    """Threads that a user has now: the kernel's limit counts them all."""
    count = 0
    for entry in os.scandir("/proc"):
        if not entry.name.isdigit():
            continue
        try:
            if entry.stat().st_uid == uid:
                with open(f"{entry.path}/status") as status:
                    count += int(status.read().split("Threads:")[1].split()[0])
        except (OSError, IndexError):
            continue  # it ended meanwhile
    return count
