"""The order in which a process confines itself, and what it tells the worker meanwhile.

On the control socket: the policy in; out, the number of the guest's process, then one byte with
the descriptor that notifies of `connect`. An end without that byte means: nothing ran.
"""

from __future__ import annotations

import json
import os
import struct
import sys
from _socket import MSG_PEEK, SCM_RIGHTS, SOL_SOCKET, socket  # `socket` takes long to import
from types import SimpleNamespace

from . import landlock, namespaces, privileges, seccomp
from .numbers import MACHINE, NUMBERS
from .system import EXIT_NOT_CONFINED, ConfinementError, call

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .policy import Policy

_POLICY_BYTES = 256 * 1024
#: Descriptors past stdin, stdout and stderr.
_FIRST, _LAST = 3, 0xFFFFFFFF
_DEVICES_WRITABLE = "/dev/null"
_DEVICES_READABLE = ("/dev/urandom", "/dev/random")


def main(control: int) -> None:
    """Confine this process and become the guest; if anything fails, exit (`EXIT_NOT_CONFINED`)."""
    try:
        _run(socket(fileno=control))
    except (OSError, ConfinementError, ValueError) as error:
        sys.stderr.write(f"not confined: {_explained(error)}\n")
    except BaseException as error:  # noqa: BLE001 - a mistake of ours must not run the guest either
        sys.stderr.write(f"not confined: {type(error).__name__}: {error}\n")
    sys.stderr.flush()
    os._exit(EXIT_NOT_CONFINED)


def _run(control: socket) -> None:
    if not NUMBERS:
        raise ConfinementError(f"{MACHINE} is not supported: use x86-64 or arm64")
    privileges.die_with_parent()
    # As `Policy`, whose module takes long to import; the worker made and checked it.
    policy: Policy = SimpleNamespace(**json.loads(control.recv(_POLICY_BYTES)))  # type: ignore[assignment]  # see above
    if policy.level == "namespaces":
        _change_root(policy, control)
    else:
        control.send(str(os.getpid()).encode())
    _give_up_rights(policy)
    _check_parent(control)
    _check_access(policy)
    os.chdir(policy.folder)
    privileges.gain_nothing()
    _restrict_files(policy)
    _close_descriptors(control.fileno())
    program = seccomp.filter_program(os.getpid(), MACHINE)
    listener = seccomp.install(program)
    # Without an import: the files of this interpreter may be out of reach by now.
    passed = (SOL_SOCKET, SCM_RIGHTS, struct.pack("i", listener))
    control.sendmsg([b"!"], [passed])
    os.close(listener)
    control.close()
    os.execve(policy.argv[0], policy.argv, policy.environment)


def _change_root(policy: Policy, control: socket) -> None:
    namespaces.enter(policy)
    child = namespaces.be_first()
    if child:
        control.send(str(child).encode())
        os._exit(0)
    os.setsid()
    namespaces.close_root()


def _give_up_rights(policy: Policy) -> None:
    own = policy.uid is not None
    # In a user namespace the kernel counts anew.
    privileges.limit(policy, own_count=own or policy.level == "namespaces")
    if policy.uid is not None:
        privileges.become(policy.uid)
    privileges.drop_capabilities()
    privileges.die_with_parent()


def _check_parent(control: socket) -> None:
    """The worker may have ended before the kernel was asked to tell."""
    control.settimeout(0)
    try:
        if control.recv(1, MSG_PEEK) == b"":
            os._exit(EXIT_NOT_CONFINED)
    except BlockingIOError:
        control.settimeout(None)


def _check_access(policy: Policy) -> None:
    program = policy.argv[0]
    wanted = [(program, os.X_OK), (policy.folder, os.R_OK | os.X_OK)]
    wanted += [(path, os.R_OK) for path in policy.needed]
    for path, mode in wanted:
        if not os.access(path, mode):
            raise ConfinementError(
                f"user {os.getuid()}, which the guest gets, cannot read {path}: make it and the"
                " folders above it readable for others, or run the worker as an ordinary user"
            )


def _restrict_files(policy: Policy) -> None:
    if policy.level == "namespaces":
        if landlock.abi():
            landlock.restrict(["/"], ["/tmp", _DEVICES_WRITABLE])  # noqa: S108 - its own
        return
    readable = [*policy.readable, policy.folder, *_DEVICES_READABLE]
    landlock.restrict(readable, [_DEVICES_WRITABLE])


def _close_descriptors(control: int) -> None:
    if control > _FIRST:
        call("close_range", _FIRST, control - 1, 0)
    call("close_range", control + 1, _LAST, 0)


def _explained(error: Exception) -> str:
    if isinstance(error, OSError) and error.filename is not None:
        name = os.fsdecode(error.filename) if isinstance(error.filename, bytes) else error.filename
        return f"{name}: {error.strerror}"
    return str(error)
