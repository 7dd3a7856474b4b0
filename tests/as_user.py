"""Runs a command as root, as root of a container, or as nobody, where all can read the interpreter.

`python as_user.py root|container|nobody COMMAND…`, by root. Where the interpreter is in a private
folder, the command sees in its place one with nothing but the interpreter (a mount namespace).
"""

from __future__ import annotations

import ctypes
import os
import stat
import sys
from pathlib import Path

NOBODY = 65534
_NEW_NS, _BIND, _RECURSIVE, _PRIVATE = 0x00020000, 4096, 16384, 1 << 18
_libc = ctypes.CDLL(None, use_errno=True)


#: What Docker leaves to root by default (capabilities(7)).
_CONTAINER = {0, 1, 3, 4, 5, 6, 7, 8, 10, 13, 18, 27, 29, 31}
_CAPBSET_DROP = 24


def expose(path: Path) -> None:
    """Make a folder readable for others, seen from this process on."""
    private = [above for above in path.parents if not above.stat().st_mode & stat.S_IXOTH]
    if not private:
        return
    _check(_libc.unshare(_NEW_NS))
    _check(_libc.mount(b"", b"/", None, _RECURSIVE | _PRIVATE, None))
    opened = os.open(path, os.O_PATH)
    _check(_libc.mount(b"tmpfs", os.fsencode(private[-1]), b"tmpfs", 0, b"mode=755"))
    path.mkdir(parents=True)
    source = f"/proc/self/fd/{opened}".encode()
    _check(_libc.mount(source, os.fsencode(path), None, _BIND | _RECURSIVE, None))
    os.close(opened)


def _check(result: int) -> None:
    if result < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


def main(user: str, command: list[str]) -> None:
    """Become the user and the command."""
    expose(Path(sys.executable).resolve().parents[1])
    if user == "nobody":
        os.setgroups([])
        os.setgid(NOBODY)
        os.setuid(NOBODY)
    if user == "container":
        last = int(Path("/proc/sys/kernel/cap_last_cap").read_text())
        for number in {*range(last + 1)} - _CONTAINER:
            _check(_libc.prctl(_CAPBSET_DROP, number, 0, 0, 0))
    os.execv(command[0], command)  # noqa: S606 - the test's own command


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
