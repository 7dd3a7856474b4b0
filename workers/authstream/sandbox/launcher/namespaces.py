"""Namespaces of its own and an empty root, in which only what the policy names can be read."""

from __future__ import annotations

import os
import stat
import struct
from _socket import sethostname  # not `socket`: it takes longer to import than all of this

from .system import call, detach, mount

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .policy import Policy

_NEW_NS, _NEW_CGROUP, _NEW_UTS, _NEW_IPC = 0x00020000, 0x02000000, 0x04000000, 0x08000000
_NEW_USER, _NEW_PID, _NEW_NET = 0x10000000, 0x20000000, 0x40000000
_CLONE_PARENT, _SIGCHLD = 0x00008000, 17
_READ_ONLY, _NOSUID, _NODEV, _NOEXEC, _BIND, _RECURSIVE, _PRIVATE = 1, 2, 4, 8, 4096, 16384, 1 << 18
_AT_FDCWD, _AT_RECURSIVE = -100, 0x8000
_MOUNT_ATTRIBUTES = struct.Struct("=QQQQ")
_OLD = "/.old"
_DEVICES = ("/dev/null", "/dev/random", "/dev/urandom")
_TMP_INODES = 4096
#: What the root holds besides binds: folders, links and a few small files.
_ROOT = "size=1m,nr_inodes=4096,mode=755"


def enter(policy: Policy) -> None:
    """Leave the host's namespaces and root. Raises OSError where the host does not allow it."""
    user, group = os.getuid(), os.getgid()
    flags = _NEW_NS | _NEW_UTS | _NEW_IPC | _NEW_NET | _NEW_CGROUP
    call("unshare", flags | (_NEW_USER if user else 0))
    if user:
        _write("/proc/self/setgroups", "deny")
        _write("/proc/self/uid_map", f"{user} {user} 1")
        _write("/proc/self/gid_map", f"{group} {group} 1")
    os.umask(0o022)
    mount("", "/", "", _RECURSIVE | _PRIVATE)
    _new_root()
    _fill(policy)


def be_first() -> int:
    """Go on as process 1 of a process namespace, a child of the worker, not of this process.

    Returns 0 there, and here the number of that process as the worker knows it.
    """
    return call("clone", _NEW_PID | _CLONE_PARENT | _SIGCHLD, 0, 0, 0, 0)


def close_root() -> None:
    """As process 1: its own /proc, and no way back to the host's root."""
    for options in ("subset=pid", ""):
        try:
            mount("proc", "/proc", "proc", _NOSUID | _NODEV | _NOEXEC, options)
            break
        except OSError:
            continue  # a container may mask it; nothing depends on it
    detach(_OLD)
    os.rmdir(_OLD)
    _protect("/", _READ_ONLY | _NOSUID | _NODEV, recursive=False)


def _new_root() -> None:
    mount("tmpfs", "/tmp", "tmpfs", _NOSUID | _NODEV, _ROOT)  # noqa: S108 - any folder that exists
    os.chdir("/tmp")  # noqa: S108 - as above
    os.mkdir(_OLD[1:])
    call("pivot_root", b".", os.fsencode(_OLD[1:]))
    os.chdir("/")


def _fill(policy: Policy) -> None:
    for name in ("/proc", "/etc", "/dev", "/tmp"):  # noqa: S108 - in the new root
        os.mkdir(name)
    options = f"size={policy.tmp_bytes},nr_inodes={_TMP_INODES},mode=1777"
    mount("tmpfs", "/tmp", "tmpfs", _NOSUID | _NODEV | _NOEXEC, options)  # noqa: S108 - as above
    for path in sorted({*policy.readable, policy.folder}):
        _show(path)
    for path in _DEVICES:
        if _bind(path):
            _protect(path, _READ_ONLY | _NOSUID | _NOEXEC)
    _write_etc(policy)


def _show(path: str) -> None:
    """The host's file or folder, to read; a link of the host as a link."""
    parts = path.split("/")
    above = ("/".join(parts[:count]) for count in range(2, len(parts)))
    if any(os.path.islink(_OLD + folder) for folder in above):
        return  # shown at its real place
    if os.path.islink(_OLD + path):
        os.makedirs(os.path.dirname(path), exist_ok=True)
        os.symlink(os.readlink(_OLD + path), path)
    elif _bind(path):
        _protect(path, _READ_ONLY | _NOSUID | _NODEV)


def _bind(path: str) -> bool:
    try:
        kind = os.stat(_OLD + path).st_mode
    except OSError:
        return False
    os.makedirs(path if stat.S_ISDIR(kind) else os.path.dirname(path), exist_ok=True)
    if not stat.S_ISDIR(kind) and not os.path.exists(path):
        _write(path, "")
    mount(_OLD + path, path, "", _BIND | _RECURSIVE)
    return True


def _write(path: str, text: str) -> None:
    with open(path, "w") as file:
        file.write(text)


def _protect(path: str, attributes: int, *, recursive: bool = True) -> None:
    """Set attributes of mounts; those the host set stay. MS_ and MOUNT_ATTR_ bits are the same."""
    wanted = _MOUNT_ATTRIBUTES.pack(attributes, 0, 0, 0)
    flags = _AT_RECURSIVE if recursive else 0
    call("mount_setattr", _AT_FDCWD, os.fsencode(path), flags, wanted, len(wanted))


def _write_etc(policy: Policy) -> None:
    user = policy.uid if policy.uid is not None else os.getuid()
    group = policy.uid if policy.uid is not None else os.getgid()
    content = {
        "passwd": f"action:x:{user}:{group}::/tmp:/nonexistent\n",
        "group": f"action:x:{group}:\n",
        "hosts": "127.0.0.1 localhost\n",
        "nsswitch.conf": "passwd: files\ngroup: files\nhosts: files dns\n",
        "resolv.conf": "nameserver 127.0.0.1\nsearch .\n",
    }
    for name, text in content.items():
        if not os.path.exists(f"/etc/{name}"):
            _write(f"/etc/{name}", text)
    sethostname("action")
