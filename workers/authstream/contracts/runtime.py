"""The runtimes that an action may name, and the files that its code may be in."""

from __future__ import annotations

import re
from typing import Literal

from authstream.errors import ConfigurationError

Language = Literal["python", "javascript"]

#: Auth0's names; what runs is the Node that is there, at least version 20.
NODE_RUNTIMES = ("node18", "node20", "node22")
DEFAULT_RUNTIMES: dict[Language, str] = {"python": "python3.11", "javascript": "node22"}
CODE_FILES: dict[str, Language] = {
    "action.py": "python",
    "action.js": "javascript",
    "action.ts": "javascript",
}
_PYTHON = re.compile(r"python3\.(\d{1,3})")
_OLDEST_PYTHON = 11


def runtime_of(code_file: str, said: str | None) -> str:
    """The runtime of a code file, the default of its language where none is said.

    Raises:
        ConfigurationError: It is not supported, or not for this file.
    """
    runtime = said or DEFAULT_RUNTIMES[CODE_FILES[code_file]]
    if language(runtime) != CODE_FILES[code_file]:
        raise ConfigurationError(f"runtime {runtime} does not run {code_file}: change one of them")
    return runtime


def language(runtime: str) -> Language:
    """The language of a runtime.

    Raises:
        ConfigurationError: It is not supported.
    """
    if runtime in NODE_RUNTIMES:
        return "javascript"
    match = _PYTHON.fullmatch(runtime)
    if match is None or int(match[1]) < _OLDEST_PYTHON:
        raise ConfigurationError(
            f"runtime {runtime} is not supported: use python3.{_OLDEST_PYTHON} or newer,"
            f" or {', '.join(NODE_RUNTIMES)}"
        )
    return "python"
