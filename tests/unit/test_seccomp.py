"""The seccomp filter, run by a small interpreter of BPF: which calls get which answer."""

from __future__ import annotations

import errno
import struct

import pytest

from authstream.sandbox.launcher import bpf
from authstream.sandbox.launcher.numbers import AUDIT_ARCHES, TABLES
from authstream.sandbox.launcher.seccomp import filter_program

MACHINES = sorted(TABLES)
PID = 4711
DENIED = bpf.errno_action(errno.EPERM)
ABSENT = bpf.errno_action(errno.ENOSYS)


def verdict(machine: str, name: str | int, *arguments: int, arch: int | None = None) -> int:
    """The action for a system call."""
    number = TABLES[machine][name] if isinstance(name, str) else name
    padded = (*arguments, *(0,) * (6 - len(arguments)))
    masked = [argument & 0xFFFFFFFFFFFFFFFF for argument in padded]
    arch = AUDIT_ARCHES[machine] if arch is None else arch
    return interpret(filter_program(PID, machine), struct.pack("=IIQ6Q", number, arch, 0, *masked))


def interpret(program: bytes, data: bytes) -> int:
    """What the kernel would answer."""
    at = accumulator = 0
    code = list(struct.iter_unpack("=HBBI", program))
    while True:
        operation, if_true, if_false, operand = code[at]
        at += 1
        match operation:
            case 0x20:
                (accumulator,) = struct.unpack_from("=I", data, operand)
            case 0x54:
                accumulator &= operand
            case 0x15:
                at += if_true if accumulator == operand else if_false
            case 0x35:
                at += if_true if accumulator >= operand else if_false
            case 0x06:
                return int(operand)
            case _:
                pytest.fail(f"instruction {operation:#x} is not known")


@pytest.mark.parametrize("machine", MACHINES)
@pytest.mark.parametrize(
    ("name", "arguments", "action"),
    [
        ("read", (), bpf.ALLOW),
        ("execve", (), bpf.ALLOW),
        ("connect", (), bpf.USER_NOTIFICATION),
        ("unshare", (), DENIED),
        ("mount_setattr", (), DENIED),
        ("seccomp", (), DENIED),
        ("landlock_restrict_self", (), DENIED),
        ("capset", (), DENIED),
        ("clone3", (), ABSENT),
        ("clone", (0x003D0F00,), bpf.ALLOW),  # what glibc makes a thread with
        ("clone", (17,), DENIED),
        ("clone", (0x003D0F00 | 0x00020000,), DENIED),
        ("clone", (0x003D0F00 | 0x10000000,), DENIED),
        ("clone", (0x003D0F00 | 0x02000000,), DENIED),
        ("kill", (PID, 9), bpf.ALLOW),
        ("kill", (PID + 1, 9), DENIED),
        ("kill", (0, 9), DENIED),
        ("kill", (-1, 9), DENIED),
        ("kill", (-PID, 9), DENIED),
        ("tgkill", (PID, 1, 9), bpf.ALLOW),
        ("tgkill", (1, 1, 9), DENIED),
        ("prlimit64", (0,), bpf.ALLOW),
        ("prlimit64", (PID,), bpf.ALLOW),
        ("prlimit64", (1,), DENIED),
        ("ioctl", (0, 0x541B), bpf.ALLOW),
        ("ioctl", (0, 0x5412), DENIED),
        ("ioctl", (0, 0x541C), DENIED),
        ("ioctl", (0, 0x1_0000_5412), DENIED),  # the kernel reads 32 bits
        ("ioctl", (0, 0x8901), DENIED),
        ("fcntl", (0, 4), bpf.ALLOW),
        ("fcntl", (0, 8), DENIED),
        ("fcntl", (0, 10), DENIED),
        ("fcntl", (0, 15), DENIED),
        ("prctl", (15,), bpf.ALLOW),
        ("prctl", (1,), DENIED),
        ("prctl", (22,), DENIED),
        ("prctl", (35,), DENIED),
        ("prctl", (0x59616D61,), DENIED),
        ("mmap", (0, 0, 0, 0x22), bpf.ALLOW),
        ("mmap", (0, 0, 0, 0x01), bpf.ALLOW),
        ("mmap", (0, 0, 0, 0x21), DENIED),
        ("mmap", (0, 0, 0, 0x23), DENIED),
        ("socket", (2, 1, 0), bpf.ALLOW),
        ("socket", (2, 1 | 0o2004000, 6), bpf.ALLOW),
        ("socket", (2, 2, 0), DENIED),
        ("socket", (2, 3, 1), DENIED),
        ("socket", (2, 1, 262), DENIED),
        ("socket", (10, 1, 0), DENIED),
        ("socket", (1, 1, 0), DENIED),
        ("socket", (16, 3, 0), DENIED),
        ("socketpair", (1, 1, 0), bpf.ALLOW),
        ("socketpair", (30, 1, 0), DENIED),
        ("sendto", (3, 0, 0, 0x4000), bpf.ALLOW),
        ("sendto", (3, 0, 0, 0x20000000), DENIED),
        ("sendmsg", (3, 0, 0x20004000), DENIED),
        ("sendmmsg", (3, 0, 1, 0x20000000), DENIED),
    ],
)
def test_each_call_has_its_answer(
    machine: str, name: str, arguments: tuple[int, ...], action: int
) -> None:
    """On both architectures alike."""
    assert verdict(machine, name, *arguments) == action


@pytest.mark.parametrize("machine", MACHINES)
def test_another_architecture_ends_the_process(machine: str) -> None:
    """Its numbers mean other calls: i386 on x86-64, 32-bit arm on arm64."""
    for foreign in (0x40000003, 0x40000028):
        assert verdict(machine, "read", arch=foreign) == bpf.KILL_PROCESS


def test_x32_numbers_do_not_exist() -> None:
    """They reach the same kernel functions by other numbers."""
    assert verdict("x86_64", 0x40000000 | 42) == ABSENT


@pytest.mark.parametrize("machine", MACHINES)
def test_what_nobody_named_is_denied(machine: str) -> None:
    """Also numbers that a later kernel gives a meaning."""
    allowed = {number for number in range(700) if verdict(machine, number) == bpf.ALLOW}
    assert allowed <= set(TABLES[machine].values())
    assert verdict(machine, 699) == DENIED


def test_a_jump_that_does_not_fit_is_refused() -> None:
    """A jump is 8 bits wide: it must not wrap around in silence."""
    with pytest.raises(ValueError, match="longer than 255"):
        bpf.if_equal(1, bpf.give(bpf.ALLOW) * 256)
