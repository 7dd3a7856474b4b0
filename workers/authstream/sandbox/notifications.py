"""The kernel's notifications of a guest's `connect`: read, checked, answered; linux/seccomp.h."""

from __future__ import annotations

import ctypes
import errno
import fcntl
import os
import select
import socket
import struct
from dataclasses import dataclass

_RECEIVE, _SEND, _VALID, _ADD_DESCRIPTOR = 0xC0502100, 0xC0182101, 0x40082102, 0x40182103
_NOTIFICATION = struct.Struct("=QIIiIQ6Q")
_RESPONSE = struct.Struct("=QqiI")
_DESCRIPTOR = struct.Struct("=QIIII")
_SET_NUMBER = 1
_ADDRESS_BYTES = 128
_FAMILY = struct.Struct("=H")
_INTERNET = struct.Struct("!2xH4s")


@dataclass(frozen=True, slots=True)
class Attempt:
    """One `connect` of a guest, which waits for its answer."""

    id: int
    thread: int
    descriptor: int
    blocking: bool
    #: None: not an IPv4 address.
    address: tuple[str, int] | None
    family: int


class Notifications:
    """The listener of one guest. Owns the descriptor."""

    def __init__(self, listener: int, *, uid: int | None) -> None:
        """`uid` is the guest's user where it is not the worker's."""
        self.listener = listener
        self._uid = uid

    def receive(self) -> Attempt | None:
        """The next attempt; None if its thread is gone or it is answered already."""
        buffer = bytearray(_NOTIFICATION.size)
        try:
            fcntl.ioctl(self.listener, _RECEIVE, buffer)
        except OSError:
            return None
        number, thread, _, _, _, _, *arguments = _NOTIFICATION.unpack(buffer)
        descriptor = ctypes.c_int(arguments[0] & 0xFFFFFFFF).value
        try:
            flags = self._flags(thread, descriptor)
            address = self._memory(thread, arguments[1], min(arguments[2], _ADDRESS_BYTES))
        except (OSError, ValueError, OverflowError):
            self.fail(number, errno.EBADF)
            return None
        if not self._is_valid(number):  # what was read may be another process's
            return None
        family = _FAMILY.unpack_from(address)[0] if len(address) >= _FAMILY.size else -1
        return Attempt(
            number,
            thread,
            descriptor,
            not flags & os.O_NONBLOCK,
            _internet(address) if family == socket.AF_INET else None,
            family,
        )

    @property
    def gone(self) -> bool:
        """Whether the guest has ended."""
        poll = select.poll()
        poll.register(self.listener, 0)
        return any(events & select.POLLHUP for _, events in poll.poll(0))

    def fail(self, number: int, error: int) -> None:
        """Have the call fail with an errno."""
        self._answer(number, -error)

    def succeed(self, attempt: Attempt, connected: socket.socket, *, pending: bool = False) -> None:
        """Put a socket in the place of the guest's; `pending`: it is still connecting."""
        connected.setblocking(attempt.blocking)
        wanted = (_SET_NUMBER, connected.fileno(), attempt.descriptor, os.O_CLOEXEC)
        try:
            fcntl.ioctl(self.listener, _ADD_DESCRIPTOR, _DESCRIPTOR.pack(attempt.id, *wanted))
        except OSError:
            self.fail(attempt.id, errno.EBADF)
            return
        self._answer(attempt.id, -errno.EINPROGRESS if pending else 0)

    def close(self) -> None:
        """From now on every `connect` of the guest fails with ENOSYS."""
        os.close(self.listener)

    def _answer(self, number: int, error: int) -> None:
        try:
            fcntl.ioctl(self.listener, _SEND, _RESPONSE.pack(number, 0, error, 0))
        except OSError:
            return  # the thread that asked is gone

    def _is_valid(self, number: int) -> bool:
        try:
            fcntl.ioctl(self.listener, _VALID, struct.pack("=Q", number))
        except OSError:
            return False
        return True

    def _flags(self, thread: int, descriptor: int) -> int:
        text = self._read(f"/proc/{thread}/fdinfo/{descriptor}", 0, 4096).decode()
        return int(text.split("flags:")[1].split()[0], 8)

    def _memory(self, thread: int, address: int, size: int) -> bytes:
        return self._read(f"/proc/{thread}/mem", address, size)

    def _read(self, path: str, offset: int, size: int) -> bytes:
        opened = self._open(path)
        try:
            return os.pread(opened, size, offset)
        finally:
            os.close(opened)

    def _open(self, path: str) -> int:
        try:
            return os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        except PermissionError:
            if self._uid is None:
                raise
        # Root without CAP_SYS_PTRACE, as in a container: this thread takes the guest's user.
        libc = ctypes.CDLL(None)
        user, group = os.geteuid(), os.getegid()
        libc.setfsgid(self._uid)
        libc.setfsuid(self._uid)
        try:
            return os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        finally:
            libc.setfsuid(user)
            libc.setfsgid(group)


def _internet(address: bytes) -> tuple[str, int] | None:
    try:
        port, packed = _INTERNET.unpack_from(address)
    except struct.error:
        return None
    return socket.inet_ntoa(packed), port
