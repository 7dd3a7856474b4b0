"""TypeScript actions to CommonJS, by a pinned compiler, fetched when one is met."""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
import tempfile
from datetime import timedelta
from pathlib import Path

from authstream.control.dependencies import READ_ONLY, Say, Tools, cache_folder, installed
from authstream.errors import ConfigurationError

COMPILE_WITHIN = timedelta(seconds=30)
_FOLDER_MODE = 0o755
_COMPILER = {"esbuild": "0.28.2"}
_LOCK = Path(__file__).parent / "compiler" / "package-lock.json"
#: Types are removed, not checked. Relative imports are bundled; packages are left to `require`.
_FLAGS = (
    *("--bundle", "--packages=external", "--platform=node", "--format=cjs", "--target=node20"),
    *("--sourcemap=inline", "--sources-content=true", "--log-level=error", "--color=false"),
)
#: For looking only: nothing beside the text is read, and nothing is made.
_LOOK = ("--loader=ts", "--format=cjs", "--log-level=error", "--log-limit=1", "--color=false")
_LOOKED = re.compile(r"\[ERROR\] (.+?)\s+<stdin>:(\d+):(\d+):")
_ERROR = re.compile(r"\[ERROR\] (.+?)\s+(\S+\.ts):(\d+):\d+:")


def compiled(source: Path, *, tools: Tools, say: Say) -> Path:
    """The JavaScript of an `action.ts`, in a folder of its own that is named by its content.

    Errors at run time show the lines of the TypeScript: the source map is inside.

    Raises:
        ConfigurationError: It is not TypeScript, with file and line; or there is no compiler.
    """
    done = subprocess.run(  # noqa: S603 - the pinned compiler
        [_compiler(tools, say), source.name, *_FLAGS],
        cwd=source.parent,
        capture_output=True,
        timeout=COMPILE_WITHIN.total_seconds(),
        check=False,
    )
    if done.returncode:
        raise ConfigurationError(_problem(source, done.stderr.decode(errors="replace")))
    return _kept(done.stdout)


def syntax(code: bytes, *, tools: Tools, say: Say) -> tuple[int, int, str] | None:
    """Line (from 1), column (from 0) and words of the first error; None without any.

    Raises ConfigurationError where there is no compiler.
    """
    done = subprocess.run(  # noqa: S603 - the pinned compiler
        [_compiler(tools, say), *_LOOK],
        input=code,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        timeout=COMPILE_WITHIN.total_seconds(),
        check=False,
    )
    match = _LOOKED.search(done.stderr.decode(errors="replace"))
    return (int(match[2]), int(match[3]), match[1]) if match else None


def _compiler(tools: Tools, say: Say) -> Path:
    lock = _LOCK.read_bytes()
    packages = installed("the TypeScript compiler", lock, _COMPILER, tools=tools, say=say)
    (esbuild,) = packages.glob("node_modules/@esbuild/*/bin/esbuild")
    return esbuild


def _problem(source: Path, said: str) -> str:
    match = _ERROR.search(said)
    if match is None:
        return f"{source} cannot be compiled: {' '.join(said.split())}; correct the code"
    problem, name, line = match.groups()
    return f"{source.parent / name}, line {line}: {problem}; correct the code"


def _kept(code: bytes) -> Path:
    target = cache_folder() / "compiled" / hashlib.sha256(code).hexdigest() / "action.js"
    if not target.is_file():
        target.parent.mkdir(parents=True, exist_ok=True)
        target.parent.chmod(_FOLDER_MODE)
        descriptor, name = tempfile.mkstemp(dir=target.parent)
        with os.fdopen(descriptor, "wb") as file:
            file.write(code)
            os.fchmod(file.fileno(), READ_ONLY)
        Path(name).rename(target)
    return target
