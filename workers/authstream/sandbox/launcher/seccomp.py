"""The seccomp filter: which system calls a guest has; everything else is EPERM."""

from __future__ import annotations

import ctypes
import errno

from .bpf import (
    ALLOW,
    ARCHITECTURE,
    KILL_PROCESS,
    NUMBER,
    USER_NOTIFICATION,
    Block,
    assemble,
    errno_action,
    give,
    if_at_least,
    if_equal,
    keep_bits,
    load,
    load_argument,
    unless_equal,
)
from .numbers import AUDIT_ARCHES, TABLES
from .system import call

#: What Python 3.11, uvloop, Node 20 and 24 and Deno 2.9 need (measured), whatever the arguments.
_ALLOWED = """
read write readv writev pread64 pwrite64 preadv pwritev preadv2 pwritev2 close close_range lseek
fstat stat lstat newfstatat statx access faccessat faccessat2 open openat readlink readlinkat
getdents64 getcwd chdir fchdir dup dup2 dup3 pipe pipe2 poll ppoll select pselect6
epoll_create epoll_create1 epoll_ctl epoll_wait epoll_pwait epoll_pwait2 eventfd eventfd2
timerfd_create timerfd_settime timerfd_gettime signalfd signalfd4 mprotect munmap mremap madvise
brk mincore membarrier pkey_alloc pkey_mprotect pkey_free rt_sigaction rt_sigprocmask
rt_sigreturn rt_sigpending rt_sigtimedwait rt_sigsuspend sigaltstack futex futex_waitv
set_robust_list get_robust_list set_tid_address rseq arch_prctl gettid getpid getppid getuid
geteuid getgid getegid getresuid getresgid getgroups getpgrp getpgid getsid uname sysinfo times
getrusage getrlimit setrlimit clock_gettime clock_getres clock_nanosleep nanosleep gettimeofday
time getrandom getcpu sched_yield sched_getaffinity sched_getparam sched_getscheduler
sched_get_priority_max sched_get_priority_min getpriority capget exit exit_group restart_syscall
execve getsockname getpeername getsockopt setsockopt recvfrom recvmsg recvmmsg
shutdown ftruncate fallocate fsync fdatasync unlink unlinkat rename renameat renameat2 mkdir
mkdirat rmdir umask chmod fchmod utimensat flock statfs fstatfs symlink symlinkat link linkat
wait4 waitid setitimer getitimer alarm pause copy_file_range sendfile fchmodat
"""

_DENIED = give(errno_action(errno.EPERM))
_ABSENT = give(errno_action(errno.ENOSYS))
#: x32 numbers have this bit; the table above is not about them.
_X32 = 0x40000000
#: clone: a thread, and no flag that makes a namespace (linux/sched.h).
_CLONE_THREAD, _CLONE_NAMESPACES = 0x00010000, 0x7E020000
_MAP_SHARED, _MAP_ANONYMOUS = 0x01, 0x20
_AF_UNIX, _AF_INET, _SOCK_STREAM, _SOCK_FLAGS = 1, 2, 1, 0o2004000
_IPPROTO_TCP = 6
_MSG_FASTOPEN = 0x20000000
#: Type into a terminal; have the kernel signal another process.
_IOCTLS = (0x5412, 0x541C, 0x8901, 0x8902)  # TIOCSTI TIOCLINUX FIOSETOWN SIOCSPGRP
_FCNTLS = (8, 10, 15)  # F_SETOWN F_SETSIG F_SETOWN_EX
#: PDEATHSIG, SECCOMP, SET_MM, SET_PTRACER.
_PRCTLS = (1, 22, 35, 0x59616D61)

_SECCOMP_SET_MODE_FILTER, _SECCOMP_FILTER_FLAG_NEW_LISTENER = 1, 8


def _except(argument: int, *values: int) -> Block:
    refused = (if_equal(value, _DENIED) for value in values)
    return [*load_argument(argument), *(line for block in refused for line in block), *give(ALLOW)]


def _only(argument: int, *values: int) -> Block:
    accepted = (if_equal(value, give(ALLOW)) for value in values)
    return [*load_argument(argument), *(line for block in accepted for line in block), *_DENIED]


def _masked(argument: int, mask: int, value: int) -> Block:
    """Denied unless the masked argument is the value; then on."""
    return [*load_argument(argument), *keep_bits(mask), *unless_equal(value, _DENIED)]


def _without(argument: int, mask: int) -> Block:
    """Denied if all bits of the mask are set."""
    return [*load_argument(argument), *keep_bits(mask), *if_equal(mask, _DENIED), *give(ALLOW)]


def argument_rules(pid: int) -> dict[str, Block]:
    """What depends on arguments, by call; `pid` is the guest as it sees itself."""
    return {
        "clone": [*_masked(0, _CLONE_THREAD | _CLONE_NAMESPACES, _CLONE_THREAD), *give(ALLOW)],
        "clone3": _ABSENT,  # its flags are behind a pointer; the C library falls back to clone
        "kill": _only(0, pid),
        "tgkill": _only(0, pid),
        "prlimit64": _only(0, 0, pid),
        "ioctl": _except(1, *_IOCTLS),
        "fcntl": _except(1, *_FCNTLS),
        "prctl": _except(0, *_PRCTLS),
        # Such memory is not in RLIMIT_DATA.
        "mmap": _without(3, _MAP_SHARED | _MAP_ANONYMOUS),
        "socketpair": _only(0, _AF_UNIX),
        "socket": [
            *_masked(0, 0xFFFFFFFF, _AF_INET),
            *_masked(1, ~_SOCK_FLAGS & 0xFFFFFFFF, _SOCK_STREAM),
            *_only(2, 0, _IPPROTO_TCP),
        ],
        # It would connect by itself.
        "sendto": _without(3, _MSG_FASTOPEN),
        "sendmsg": _without(2, _MSG_FASTOPEN),
        "sendmmsg": _without(3, _MSG_FASTOPEN),
        "connect": give(USER_NOTIFICATION),
    }


def filter_program(pid: int, machine: str) -> bytes:
    """The filter for a machine, `x86_64` or `aarch64`, as `struct sock_filter[]`."""
    numbers, rules = TABLES[machine], argument_rules(pid)
    block = [
        *load(ARCHITECTURE),
        *unless_equal(AUDIT_ARCHES[machine], give(KILL_PROCESS)),
        *load(NUMBER),
        *if_at_least(_X32, _ABSENT),
    ]
    for name in _ALLOWED.split():
        if name in numbers and name not in rules:
            block += if_equal(numbers[name], give(ALLOW))
    for name, rule in rules.items():
        block += if_equal(numbers[name], rule)
    return assemble([*block, *_DENIED])


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_void_p))


def install(program: bytes) -> int:
    """Put the filter on this process; the descriptor on which `connect` is notified."""
    code = ctypes.create_string_buffer(program, len(program))
    header = _Program(len(program) // 8, ctypes.cast(code, ctypes.c_void_p).value)
    passed = ctypes.create_string_buffer(bytes(header), ctypes.sizeof(header))
    return call("seccomp", _SECCOMP_SET_MODE_FILTER, _SECCOMP_FILTER_FLAG_NEW_LISTENER, passed)
