"""Packages of actions: installed from an exact lock when an action is deployed, and never later."""

from __future__ import annotations

import contextlib
import hashlib
import os
import stat
import subprocess
import sys
import tempfile
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from authstream.contracts.runtime import Language, language
from authstream.control import npm_lock, pip_lock
from authstream.control.folder import DeployedAction
from authstream.control.modules import DeployedModule
from authstream.errors import ConfigurationError

LOCK_FILES: dict[Language, str] = {
    "javascript": "package-lock.json",
    "python": "requirements.lock",
}
INSTALL_WITHIN = timedelta(minutes=5)
BUILD_LOG = "build.log"
_LOG_LINES_SHOWN = 5
#: For everybody: a guest has a user of its own where the worker is root.
READ_ONLY, EXECUTABLE = 0o444, 0o555

Say = Callable[[str], None]
#: What has packages.
Packaged = DeployedAction | DeployedModule


@dataclass(frozen=True, slots=True)
class Tools:
    """The package managers: the npm that belongs to the guests' Node, and this Python's pip."""

    #: Raises ConfigurationError where there is none.
    npm: Callable[[], Sequence[str]]
    python: str = sys.executable


def cache_folder() -> Path:
    """Where installed packages are kept: `$XDG_CACHE_HOME/authstream`."""
    home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(home) / "authstream"


def lock_file(action: Packaged) -> Path:
    """The lock of an action, beside its code."""
    return action.code.parent / LOCK_FILES[language(action.runtime)]


def lock(action: Packaged, tools: Tools) -> Path:
    """Resolve what an action's dependencies need, with hashes, into its lock file.

    Raises ConfigurationError as `locked` does.
    """
    file = lock_file(action)
    spoken = language(action.runtime)
    file.write_bytes(locked(action.name, spoken, action.dependencies, tools=tools))
    return file


def locked(
    name: str,
    spoken: Language,
    dependencies: Mapping[str, str],
    *,
    tools: Tools,
    say: Say = lambda _text: None,
) -> bytes:
    """The content of a lock for dependencies of the action `name`; nothing of theirs is run.

    Raises:
        ConfigurationError: A version is not exact or cannot be resolved, or a package has an
            install script.
    """
    with _workspace() as work:
        file = work / LOCK_FILES[spoken]
        say(f"resolving {len(dependencies)} packages of {name} …")
        if spoken == "javascript":
            npm_lock.write_package(work, dependencies)
            _run([*tools.npm(), *npm_lock.LOCK], work, name)
        else:
            report = work / "report.json"
            wanted = pip_lock.requirements(dependencies)
            _run([tools.python, *pip_lock.LOCK, str(report), *wanted], work, name)
            file.write_text(pip_lock.from_report(report.read_bytes()), encoding="utf-8")
        for line in (work / BUILD_LOG).read_text(errors="replace").splitlines():
            say(line)
        content = file.read_bytes()
    checks = npm_lock if spoken == "javascript" else pip_lock
    checks.check(content, dependencies, Path(file.name))
    for pin in checks.pins(content):
        say(pin)
    return content


def install(action: Packaged, tools: Tools, say: Say) -> Path | None:
    """The folder with an action's packages, installed unless that lock was; None without any.

    The folder is named by the lock's content and read-only, with a `build.log` in it.

    Raises:
        ConfigurationError: There is no lock, it does not fit `dependencies:`, a package has an
            install script or native code, or the package manager failed.
    """
    if not action.dependencies:
        return None
    file = lock_file(action)
    if not file.is_file():
        raise ConfigurationError(
            f"{file} is missing: run authstream deps lock on the folder, and commit the file"
        )
    content = file.read_bytes()
    javascript = language(action.runtime) == "javascript"
    (npm_lock if javascript else pip_lock).check(content, action.dependencies, file)
    target = installed(action.name, content, action.dependencies, tools=tools, say=say)
    return target if javascript else target / pip_lock.FOLDER


def installed(
    name: str,
    content: bytes,
    dependencies: Mapping[str, str],
    *,
    tools: Tools,
    say: Say,
) -> Path:
    """The folder of what a lock holds, installed unless it was before. Raises as `install`."""
    javascript = content.lstrip().startswith(b"{")
    target = cache_folder() / "dependencies" / _digest(content, javascript=javascript)
    if not target.is_dir():
        say(f"installing the packages of {name} …")
        with _workspace() as work:
            if javascript:
                npm_lock.write_package(work, dependencies)
                (work / LOCK_FILES["javascript"]).write_bytes(content)
                _run([*tools.npm(), *npm_lock.INSTALL], work, name)
                npm_lock.refuse_native(work)
            else:
                (work / LOCK_FILES["python"]).write_bytes(content)
                _run([tools.python, *pip_lock.INSTALL], work, name)
            _publish(work, target)
        say(f"installed the packages of {name}; log: {target / BUILD_LOG}")
    return target


def _digest(content: bytes, *, javascript: bool) -> str:
    """Wheels differ by interpreter and platform; packages without native code do not."""
    platform = b"" if javascript else pip_lock.PLATFORM.encode()
    return hashlib.sha256(b"\0".join((content, platform))).hexdigest()


@contextlib.contextmanager
def _workspace() -> Generator[Path]:
    parent = cache_folder() / "dependencies"
    parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(
        dir=parent, prefix="building-", ignore_cleanup_errors=True
    ) as name:
        yield Path(name)


def _publish(work: Path, target: Path) -> None:
    """Give a finished folder its name, so that a name is never half an installation."""
    for path in [*work.rglob("*")]:
        if not path.is_symlink():
            execute = path.is_dir() or path.stat().st_mode & stat.S_IXUSR
            path.chmod(EXECUTABLE if execute else READ_ONLY)
    try:
        work.rename(target)
    except OSError:
        if not target.is_dir():  # another process was first: the same content
            raise
    else:
        target.chmod(EXECUTABLE)


def _run(command: Sequence[str], folder: Path, name: str) -> None:
    log = folder / BUILD_LOG
    with log.open("wb") as output:
        try:
            done = subprocess.run(  # noqa: S603 - a package manager, found by path
                command,
                cwd=folder,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                timeout=INSTALL_WITHIN.total_seconds(),
                check=False,
            )
            failure = f"status {done.returncode}" if done.returncode else ""
        except (OSError, subprocess.TimeoutExpired) as error:
            failure = type(error).__name__
    if failure:
        lines = [line for line in log.read_text(errors="replace").splitlines() if line.strip()]
        said = " | ".join(lines[-_LOG_LINES_SHOWN:])
        raise ConfigurationError(
            f"the packages of {name} cannot be had ({failure}): {said}; check names and versions"
            " in dependencies:, and that the registry can be reached"
        )
