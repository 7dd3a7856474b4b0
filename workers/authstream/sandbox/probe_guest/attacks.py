"""The attacks: each returns what it got, or fails because something protects the host."""

from __future__ import annotations

import contextlib
import ctypes
import fcntl
import mmap
import os
import resource
import signal
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from .kernel import KERNEL_ATTACKS, syscall

OPEN, BLOCKED = "open", "blocked"
#: What the host prepared: paths, ports, process numbers and the secret itself.
Ground = dict[str, Any]
#: True, or what was got: the attack succeeded. False or an exception: it is blocked.
Attack = Callable[[Ground], object]
MIB = 1024 * 1024
#: How soon a host answers that nobody listens, seconds.
_REFUSED_WITHIN = 0.3
TEMPORARY = "/tmp"
#: Nothing of the worker's; Python itself may add LC_CTYPE.
_ENVIRONMENT = {"PATH", "LANG", "TZ", "RES_OPTIONS", "LC_CTYPE"}


def run(ground: Ground) -> Iterator[tuple[str, str]]:
    """Each attack's name and outcome: `open`, or `blocked: why`."""
    for name in ground["attacks"]:
        yield name, _outcome(ATTACKS[name], ground)


def _outcome(attack: Attack, ground: Ground) -> str:
    try:
        got = attack(ground)
    except BaseException as error:
        return f"{BLOCKED}: {type(error).__name__}: {error}"[:200]
    return OPEN if got else f"{BLOCKED}: nothing was got"


# Files --------------------------------------------------------------------------------------


def _read_passwd(_: Ground) -> bool:
    return "root:" in Path("/etc/passwd").read_text()


def _read_secret(ground: Ground) -> bool:
    return ground["secret"] in Path(ground["secret_file"]).read_text()


def _list_folder(ground: Ground) -> bool:
    secret = Path(ground["secret_file"])
    return secret.name in os.listdir(secret.parent)


def _stat_secret(ground: Ground) -> bool:
    return os.stat(ground["secret_file"]).st_size > 0


def _write_host(ground: Ground) -> bool:
    return Path(ground["public_folder"], "written").write_text("x") > 0


def _write_own_folder(_: Ground) -> bool:
    return Path("written").write_text("x") > 0


def _own_environment(_: Ground) -> bool:
    return not {*os.environ} <= _ENVIRONMENT


def _parent_environment(ground: Ground) -> bool:
    return Path(f"/proc/{ground['parent']}/environ").read_bytes() != b""


def _parent_descriptors(ground: Ground) -> bool:
    return os.listdir(f"/proc/{ground['parent']}/fd") != []


def _parent_command(ground: Ground) -> bool:
    return Path(f"/proc/{ground['parent']}/cmdline").read_bytes() != b""


def _inherited_descriptor(ground: Ground) -> bool:
    return any(ground["secret"].encode() in _content(number) for number in range(3, 256))


def _content(number: int) -> bytes:
    try:
        return os.pread(number, 4096, 0)
    except OSError:
        return b""


def _device_memory(_: Ground) -> bool:
    return len(Path("/dev/mem").read_bytes()[:1]) > 0


# Network ------------------------------------------------------------------------------------


def _connect(family: int, kind: int, address: Any) -> bool:
    with socket.socket(family, kind) as made:
        made.settimeout(2)
        made.connect(address)
        return made.send(b"x") == 1


def _broker(ground: Ground) -> bool:
    return _connect(socket.AF_INET, socket.SOCK_STREAM, ("127.0.0.1", ground["tcp_port"]))


def _udp(ground: Ground) -> bool:
    """Sending always goes well; where nobody listens, the sender is then told that."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as made:
        made.connect(("127.0.0.1", ground["udp_port"]))
        made.settimeout(_REFUSED_WITHIN)
        made.send(b"x")
        with contextlib.suppress(TimeoutError):
            made.recv(1)
        return True


def _udp_socket(_: Ground) -> bool:
    return _socket(socket.AF_INET, socket.SOCK_DGRAM)


def _ipv6(ground: Ground) -> bool:
    return _connect(socket.AF_INET6, socket.SOCK_STREAM, ("::1", ground["tcp_port"]))


def _unix(ground: Ground) -> bool:
    return _connect(socket.AF_UNIX, socket.SOCK_STREAM, ground["unix_path"])


def _abstract(ground: Ground) -> bool:
    return _connect(socket.AF_UNIX, socket.SOCK_STREAM, "\0" + ground["abstract_name"])


def _socket(family: int, kind: int, protocol: int = 0) -> bool:
    socket.socket(family, kind, protocol).close()
    return True


def _netlink(_: Ground) -> bool:
    return _socket(socket.AF_NETLINK, socket.SOCK_RAW)


def _raw(_: Ground) -> bool:
    return _socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP)


def _multipath(_: Ground) -> bool:
    return _socket(socket.AF_INET, socket.SOCK_STREAM, 262)


def _listen(_: Ground) -> bool:
    with socket.socket() as made:
        made.bind(("127.0.0.1", 0))
        made.listen()
        return True


def _fast_open(ground: Ground) -> bool:
    with socket.socket() as made:
        return made.sendto(b"x", 0x20000000, ("127.0.0.1", ground["tcp_port"])) == 1


def _connect_untyped(ground: Ground) -> bool:
    """By an address whose family changes between check and use."""
    with socket.socket() as made:
        address = struct.pack("=H", 0) + struct.pack("!H4s8x", ground["tcp_port"], b"\x7f\0\0\1")
        return syscall("connect", made.fileno(), address, len(address)) == 0


# Processes ----------------------------------------------------------------------------------


def _kill_parent(ground: Ground) -> bool:
    os.kill(ground["parent"], 0)
    return True


def _kill_victim(ground: Ground) -> bool:
    os.kill(ground["victim"], signal.SIGTERM)
    return True


def _kill_all(_: Ground) -> bool:
    os.kill(-1, 0)
    return True


def _signal_by_descriptor(ground: Ground) -> bool:
    """Have the kernel send SIGKILL to another process when a pipe is written to."""
    reading, writing = os.pipe()
    fcntl.fcntl(reading, fcntl.F_SETOWN, ground["victim"])
    fcntl.fcntl(reading, 10, int(signal.SIGTERM))
    fcntl.fcntl(reading, fcntl.F_SETFL, os.O_ASYNC)
    return os.write(writing, b"x") == 1


def _affinity(ground: Ground) -> bool:
    os.sched_setaffinity(ground["victim"], {0})
    return True


def _fork(_: Ground) -> bool:
    child = os.fork()
    if child == 0:
        os._exit(0)
    os.waitpid(child, 0)
    return True


def _execute(_: Ground) -> None:
    os.execv("/bin/sh", ["sh", "-c", "exit 0"])


def _set_user(_: Ground) -> bool:
    os.setuid(0)
    return os.getuid() == 0


def _own_program(_: Ground) -> None:
    """Execute a file of its own making."""
    path = Path(TEMPORARY, "program")
    path.write_bytes(b"#!/proc/self/exe\n")
    path.chmod(0o755)
    os.execv(path, ["program"])


# Resources ----------------------------------------------------------------------------------


def _memory(_: Ground) -> bool:
    return len(bytearray(2048 * MIB)) > 0


def _shared_memory(_: Ground) -> bool:
    return len(mmap.mmap(-1, 64 * MIB, mmap.MAP_SHARED | mmap.MAP_ANONYMOUS)) > 0


def _zero_device(_: Ground) -> bool:
    """Pages of a shared mapping of /dev/zero are in no limit of the process."""
    opened = os.open("/dev/zero", os.O_RDONLY)
    return len(mmap.mmap(opened, 64 * MIB, mmap.MAP_SHARED, mmap.PROT_READ)) > 0


def _threads(_: Ground) -> bool:
    release, started = threading.Event(), 0
    try:
        for _number in range(600):
            threading.Thread(target=release.wait, daemon=True).start()
            started += 1
    finally:
        release.set()
    return started > 0


def _processes(_: Ground) -> bool:
    return any(_fork({}) for _number in range(600))


def _descriptors(_: Ground) -> bool:
    opened: list[int] = []
    try:
        opened.extend(os.dup(0) for _number in range(5000))
    finally:
        for number in opened:
            os.close(number)
    return True


def _disk(_: Ground) -> bool:
    path = Path(TEMPORARY, "large")
    try:
        with path.open("wb") as file:
            for _number in range(64):
                file.write(bytes(MIB))
    finally:
        path.unlink(missing_ok=True)
    return True


def _raise_limit(_: Ground) -> bool:
    resource.setrlimit(resource.RLIMIT_DATA, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    return True


def _reap_itself(_: Ground) -> bool:
    """Survive the worker."""
    return bool(ctypes.CDLL(None, use_errno=True).prctl(1, 0, 0, 0, 0) == 0)


def _host_name(ground: Ground) -> bool:
    return socket.gethostname() == str(ground["host_name"])


#: By name. Those of the study's matrix first, then resources, then our own.
ATTACKS: dict[str, Attack] = {
    "read /etc/passwd": _read_passwd,
    "read a secret file": _read_secret,
    "list a folder of the host": _list_folder,
    "stat a secret file": _stat_secret,
    "write to the host": _write_host,
    "write to its own folder": _write_own_folder,
    "environment of its own": _own_environment,
    "environment of the worker": _parent_environment,
    "descriptors of the worker": _parent_descriptors,
    "command line of the worker": _parent_command,
    "inherited descriptor": _inherited_descriptor,
    "connect to the broker": _broker,
    "send UDP": _udp,
    "connect AF_UNIX": _unix,
    "connect abstract AF_UNIX": _abstract,
    "netlink socket": _netlink,
    "listen": _listen,
    "kill the worker": _kill_parent,
    "kill another process": _kill_victim,
    "kill all": _kill_all,
    "set another's CPUs": _affinity,
    "fork": _fork,
    "execute /bin/sh": _execute,
    "host name": _host_name,
    "become root": _set_user,
    "/dev/mem": _device_memory,
    **KERNEL_ATTACKS,
    "2 GB of memory": _memory,
    "shared memory": _shared_memory,
    "600 threads": _threads,
    "600 processes": _processes,
    "5000 descriptors": _descriptors,
    "64 MB of files": _disk,
    "connect IPv6": _ipv6,
    "UDP socket": _udp_socket,
    "raw socket": _raw,
    "multipath TCP": _multipath,
    "connect by MSG_FASTOPEN": _fast_open,
    "connect by no family": _connect_untyped,
    "signal by a descriptor": _signal_by_descriptor,
    "execute its own file": _own_program,
    "shared memory of /dev/zero": _zero_device,
    "raise a limit": _raise_limit,
    "survive the worker": _reap_itself,
}
#: What level `landlock` cannot hide; harmless.
ONLY_HIDDEN_BY_NAMESPACES = frozenset({"stat a secret file", "host name"})
#: What reaches the worker, its files or its broker: blocked by anything that deserves the name of
#: confinement, also by a command of the operator.
ON_THE_WORKER = frozenset(
    {
        "read a secret file",
        "list a folder of the host",
        "write to the host",
        "environment of the worker",
        "descriptors of the worker",
        "inherited descriptor",
        "connect to the broker",
        "send UDP",
        "connect abstract AF_UNIX",
        "connect AF_UNIX",
        "connect IPv6",
        "kill the worker",
        "kill another process",
        "signal by a descriptor",
        "queue a signal",
        "ptrace",
        "process_vm_readv",
        "pidfd_getfd",
        "kill by pidfd",
        "root of another process",
    }
)
#: What would change the host, or end the probe, where nothing stops it: only tried where our own
#: launcher confines.
DRASTIC = frozenset(
    {
        "execute /bin/sh",
        "execute its own file",
        "mount",
        "kernel settings",
        "/dev/mem",
        "chroot",
        "become root",
        "bpf",
        "setns",
        "unshare a user namespace",
        "clone into a namespace",
    }
)
