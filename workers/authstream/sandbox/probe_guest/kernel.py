"""Attacks by plain system calls, by number."""

from __future__ import annotations

import ctypes
import os
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

Ground = dict[str, Any]

#: x86-64 and arm64; the numbers above 424 are the same everywhere (asm/unistd.h).
_X86_64 = {
    "connect": 42, "ptrace": 101, "process_vm_readv": 310, "unshare": 272, "userfaultfd": 323,
    "keyctl": 250, "personality": 135, "shmget": 29, "mount": 165, "bpf": 321,
    "perf_event_open": 298, "setns": 308, "memfd_create": 319, "chroot": 161,
    "clone": 56, "capset": 126, "seccomp": 317, "kcmp": 312, "rt_sigqueueinfo": 129,
    "name_to_handle_at": 303,
}  # fmt: skip
_ARM64 = {
    "connect": 203, "ptrace": 117, "process_vm_readv": 270, "unshare": 97, "userfaultfd": 282,
    "keyctl": 219, "personality": 92, "shmget": 194, "mount": 40, "bpf": 280,
    "perf_event_open": 241, "setns": 268, "memfd_create": 279, "chroot": 51,
    "clone": 220, "capset": 91, "seccomp": 277, "kcmp": 272, "rt_sigqueueinfo": 138,
    "name_to_handle_at": 264,
}  # fmt: skip
_NUMBERS = {
    **(_X86_64 if os.uname().machine == "x86_64" else _ARM64),
    "pidfd_open": 434, "pidfd_getfd": 438, "pidfd_send_signal": 424, "io_uring_setup": 425,
    "memfd_secret": 447, "process_madvise": 440, "open_tree": 428, "fsopen": 430,
}  # fmt: skip
_libc = ctypes.CDLL(None, use_errno=True)
_libc.syscall.restype = ctypes.c_long


def syscall(name: str, *arguments: int | bytes) -> int:
    """A system call by name. Raises OSError."""
    passed = [ctypes.c_long(value) if isinstance(value, int) else value for value in arguments]
    result: int = _libc.syscall(ctypes.c_long(_NUMBERS[name]), *passed)
    if result < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()), name)
    return result


def _ptrace(ground: Ground) -> bool:
    return syscall("ptrace", 16, ground["victim"], 0, 0) == 0


def _read_memory(ground: Ground) -> bool:
    local, remote = struct.pack("=QQ", 0, 0), struct.pack("=QQ", 0, 0)
    return syscall("process_vm_readv", ground["victim"], local, 1, remote, 1, 0) >= 0


def _take_descriptor(ground: Ground) -> bool:
    opened = syscall("pidfd_open", ground["victim"], 0)
    return syscall("pidfd_getfd", opened, 0, 0) >= 0


def _kill_by_pidfd(ground: Ground) -> bool:
    opened = syscall("pidfd_open", ground["victim"], 0)
    return syscall("pidfd_send_signal", opened, 15, 0, 0) == 0


def _execute_memfd(_: Ground) -> bool:
    opened = syscall("memfd_create", b"x", 0)
    os.write(opened, b"#!/bin/sh\n")
    return True


def _user_namespace(_: Ground) -> bool:
    return syscall("unshare", 0x10000000) == 0


def _chroot(_: Ground) -> bool:
    os.chroot("/tmp")
    return True


def _capabilities(_: Ground) -> bool:
    header = struct.pack("=Ii", 0x20080522, 0)
    return syscall("capset", header, struct.pack("=6I", *(0xFFFFFFFF,) * 6)) == 0


def _mount(_: Ground) -> bool:
    return syscall("mount", b"none", b"/tmp", b"tmpfs", 0, b"") == 0


def _clone_namespace(_: Ground) -> bool:
    """A thread in namespaces of its own, if only the thread flag is looked at."""
    child = syscall("clone", 0x00020000 | 0x00010000 | 0x00000900, 0, 0, 0, 0)
    return child >= 0


def _other_filter(_: Ground) -> bool:
    """It could have a listener that lets everything through."""
    code = ctypes.create_string_buffer(struct.pack("=HBBI", 6, 0, 0, 0x7FFF0000))
    return syscall("seccomp", 1, 0, struct.pack("=HxxxxxxQ", 1, ctypes.addressof(code))) >= 0


def _queue_signal(ground: Ground) -> bool:
    return syscall("rt_sigqueueinfo", ground["victim"], 15, bytes(128)) == 0


def _numbered(name: str, *arguments: int | bytes) -> Callable[[Ground], bool]:
    def attack(_: Ground) -> bool:
        return syscall(name, *arguments) >= 0

    return attack


def _write_kernel_setting(_: Ground) -> bool:
    return Path("/proc/sys/kernel/core_pattern").write_text("|true") > 0


def _other_environments(ground: Ground) -> bool:
    """Any process but this one, by /proc."""
    others = [name for name in os.listdir("/proc") if name.isdigit() and int(name) != os.getpid()]
    return any(_readable(name) for name in [*others, str(ground["victim"])])


def _readable(process: str) -> bool:
    try:
        return Path("/proc", process, "maps").read_text() != "" and int(process) != os.getpid()
    except OSError:
        return False


def _root_of_another(ground: Ground) -> bool:
    return os.listdir(f"/proc/{ground['victim']}/root") != []


def _old_root(_: Ground) -> bool:
    return any(os.path.isdir(path) for path in ("/.old", "/../.old", "/proc/1/root/.old"))


KERNEL_ATTACKS: dict[str, Callable[[Ground], object]] = {
    "ptrace": _ptrace,
    "process_vm_readv": _read_memory,
    "pidfd_getfd": _take_descriptor,
    "memfd_create": _execute_memfd,
    "unshare a user namespace": _user_namespace,
    "chroot": _chroot,
    "userfaultfd": _numbered("userfaultfd", 1),
    "keyctl": _numbered("keyctl", 0, -3, 1),
    "personality": _numbered("personality", 0x0040000),
    "io_uring": _numbered("io_uring_setup", 8, bytes(120)),
    "SysV shared memory": _numbered("shmget", 0, 4096, 0o1600),
    "mount": _mount,
    "bpf": _numbered("bpf", 0, bytes(128), 128),
    "perf_event_open": _numbered("perf_event_open", struct.pack("=II120x", 1, 128), 0, -1, -1, 0),
    "gain capabilities": _capabilities,
    "setns": _numbered("setns", 0, 0),
    "open_tree": _numbered("open_tree", -100, b"/", 1),
    "new mount": _numbered("fsopen", b"tmpfs", 0),
    "clone into a namespace": _clone_namespace,
    "a filter of its own": _other_filter,
    "kill by pidfd": _kill_by_pidfd,
    "queue a signal": _queue_signal,
    "memfd_secret": _numbered("memfd_secret", 0),
    "file handles": _numbered("name_to_handle_at", -100, b"/", bytes(128), bytes(8), 0),
    "kernel settings": _write_kernel_setting,
    "other processes in /proc": _other_environments,
    "root of another process": _root_of_another,
    "the host's old root": _old_root,
}
