"""Tells whether code is of its language, without running it: by Python, Node or esbuild."""

from __future__ import annotations

import re
import subprocess
import threading
from datetime import timedelta

from authstream.apps.build import TOOLS, say_nothing
from authstream.control import typescript
from authstream.control.code_problems import Problem, python_syntax
from authstream.errors import BackPressureError
from authstream.sandbox import runtimes
from authstream.sandbox.launch import ENVIRONMENT

#: Looks at a time, and how long one more waits for its turn.
LOOKS = 2
TURN_WITHIN = timedelta(seconds=5)
LOOK_WITHIN = timedelta(seconds=20)
#: MiB of V8's heap: for a megabyte of code it is enough.
_HEAP_MIB = 128
#: Line, the carets under it (none at the end of the code), and what is wrong.
_SAID = re.compile(r"^\[stdin\]:(\d+)\n.*\n([ \t]*)(\^*)\n\n(?:\w*Error: )?(.*)", re.MULTILINE)


class CodeSyntax:
    """Looks at code in processes of its own, a few at a time."""

    def __init__(self) -> None:
        self._turns = threading.BoundedSemaphore(LOOKS)

    def __call__(self, code_file: str, code: str, /) -> Problem | None:
        """The first error; None without any, or where nothing can tell.

        Blocks. Raises BackPressureError, ConfigurationError.
        """
        if code_file.endswith(".py"):
            return python_syntax(code)
        if not self._turns.acquire(timeout=TURN_WITHIN.total_seconds()):
            raise BackPressureError(f"{LOOKS} checks are under way: try again in a moment")
        try:
            return _typescript(code) if code_file.endswith(".ts") else _javascript(code)
        except subprocess.TimeoutExpired:
            return None
        finally:
            self._turns.release()


def _javascript(code: str) -> Problem | None:
    done = subprocess.run(  # noqa: S603 - the Node that runs guests
        [runtimes.node().binary, f"--max-old-space-size={_HEAP_MIB}", "--check", "-"],
        input=code.encode(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        env=ENVIRONMENT,
        timeout=LOOK_WITHIN.total_seconds(),
        check=False,
    )
    match = _SAID.search(done.stderr.decode(errors="replace"))
    if not done.returncode or match is None:
        return None
    return Problem("syntax", int(match[1]), len(match[2]), len(match[3]) or 1, match[4])


def _typescript(code: str) -> Problem | None:
    found = typescript.syntax(code.encode(), tools=TOOLS, say=say_nothing)
    return Problem("syntax", found[0], found[1], 1, found[2]) if found else None
