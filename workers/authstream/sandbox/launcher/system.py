"""System calls that Python's standard library does not have, by number, errors as OSError."""

from __future__ import annotations

import ctypes
import os

from .numbers import NUMBERS

#: Exit status of a launcher that could not confine itself: nothing of the guest has run.
EXIT_NOT_CONFINED = 97

_libc = ctypes.CDLL(None, use_errno=True)
_libc.syscall.restype = ctypes.c_long


class ConfinementError(Exception):
    """A protection cannot be set up; the text names it and the remedy."""


def call(name: str, *arguments: int | bytes | ctypes.Array[ctypes.c_char] | None) -> int:
    """A system call by name. Raises OSError with the call's name."""
    passed = [ctypes.c_long(value) if isinstance(value, int) else value for value in arguments]
    result: int = _libc.syscall(ctypes.c_long(NUMBERS[name]), *passed)
    if result < 0:
        error = ctypes.get_errno()
        raise OSError(error, os.strerror(error), name)
    return result


def prctl(option: int, value: int = 0) -> None:
    """Set an attribute of this process. Raises OSError."""
    call("prctl", option, value, 0, 0, 0)


def mount(source: str, target: str, kind: str, flags: int, data: str = "") -> None:
    """Mount something. Raises OSError with the target's name."""
    arguments = [os.fsencode(text) if text else None for text in (source, target, kind)]
    if _libc.mount(*arguments, ctypes.c_ulong(flags), data.encode() or None) < 0:
        error = ctypes.get_errno()
        raise OSError(error, f"mount: {os.strerror(error)}", target)


def detach(target: str) -> None:
    """Take a mount and what is below it out of sight. Raises OSError."""
    if _libc.umount2(os.fsencode(target), 2) < 0:
        error = ctypes.get_errno()
        raise OSError(error, f"umount: {os.strerror(error)}", target)
