"""Landlock: which files a guest may read and execute, with whatever rights this kernel knows."""

from __future__ import annotations

import ctypes
import os
import stat
import struct

from .system import ConfinementError, call

_CREATE_VERSION = 1
_RULE_PATH_BENEATH = 1
#: linux/landlock.h.
_EXECUTE, _WRITE_FILE, _READ_FILE, _READ_DIR = 1, 2, 4, 8
_TRUNCATE = 1 << 14
#: Number of access rights to files, by ABI: later ABIs add rights at the end.
_FILE_RIGHTS = {1: 13, 2: 14, 3: 15, 4: 15, 5: 16}
_TCP_RIGHTS_SINCE, _TCP_RIGHTS = 4, 0b11
_SCOPES_SINCE, _SCOPES = 6, 0b11  # abstract sockets, signals
_RULESET = struct.Struct("=QQQ")
_PATH_BENEATH = struct.Struct("=Qi")


def abi() -> int:
    """The kernel's Landlock version; 0: it has none."""
    try:
        return call("landlock_create_ruleset", None, 0, _CREATE_VERSION)
    except OSError:
        return 0


def restrict(readable: list[str], writable: list[str]) -> None:
    """Leave this process these paths and what is below them; paths that do not exist are left out.

    Raises ConfinementError where Landlock is missing.
    """
    version = abi()
    if version == 0:
        raise ConfinementError(
            "this kernel has no Landlock: use Linux 5.13 or newer with lsm=landlock,…"
        )
    handled = (1 << _FILE_RIGHTS[min(version, max(_FILE_RIGHTS))]) - 1
    ruleset = _create(version, handled)
    for path in readable:
        _allow(ruleset, path, handled & (_EXECUTE | _READ_FILE | _READ_DIR))
    for path in writable:
        _allow(ruleset, path, handled & ~_EXECUTE)
    call("landlock_restrict_self", ruleset, 0)
    os.close(ruleset)


def _create(version: int, handled: int) -> int:
    network = _TCP_RIGHTS if version >= _TCP_RIGHTS_SINCE else 0
    scopes = _SCOPES if version >= _SCOPES_SINCE else 0
    size = 8 if not network else 16 if not scopes else 24
    attributes = _RULESET.pack(handled, network, scopes)[:size]
    return call("landlock_create_ruleset", _buffer(attributes), size, 0)


def _allow(ruleset: int, path: str, rights: int) -> None:
    try:
        opened = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return
    try:
        if not stat.S_ISDIR(os.fstat(opened).st_mode):
            rights &= _EXECUTE | _WRITE_FILE | _READ_FILE | _TRUNCATE
        rule = _buffer(_PATH_BENEATH.pack(rights, opened))
        call("landlock_add_rule", ruleset, _RULE_PATH_BENEATH, rule, 0)
    finally:
        os.close(opened)


def _buffer(content: bytes) -> ctypes.Array[ctypes.c_char]:
    return ctypes.create_string_buffer(content, len(content))
