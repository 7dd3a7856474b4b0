"""What an action's error means to its author: the limit, the setting or the command to look at."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from authstream.contracts.envelope import Thrown
from authstream.engine.program import Program
from authstream.sandbox.answer import thrown as within_budget
from authstream.sandbox.ending import met_limit

#: How an error begins that a memory limit caused without ending the process.
_ALLOCATION_FAILED = ("MemoryError", "RangeError: Array buffer allocation failed")
_NO_MODULE = re.compile(r"(?:Cannot find (?:module|package)|No module named) '([^']+)'")
#: Node's words for code that is written for another module system.
_OTHER_MODULES = re.compile(
    r"Cannot use import statement outside a module|Unexpected token 'export'"
    r"|require\(\) of ES Module|Cannot use 'import\.meta' outside a module"
)
_COMMONJS = (
    "write CommonJS, as Auth0 runs it: const x = require('x'), exports.onExecute… = async …; a "
    "package that is only an ES module is loaded with await import('x') in the handler"
)


def explained(program: Program, thrown: Thrown, *, denied: Iterable[str] = ()) -> Thrown:
    """The error, with what its author can do about it where that is known.

    `denied`: connections of top-level code that were not allowed, which has no console of its own.
    """
    said = (remedy(program, thrown) for remedy in _REMEDIES)
    text = next((text for text in said if text is not None), thrown.message)
    return within_budget(thrown.name, "\n".join([text, *denied]), thrown.stack)


def _memory(program: Program, thrown: Thrown) -> str | None:
    if not thrown.text.startswith(_ALLOCATION_FAILED):
        return None
    return f"{thrown.message or 'out of memory'} (its {met_limit(program)})"


def _missing_module(_program: Program, thrown: Thrown) -> str | None:
    found = _NO_MODULE.match(thrown.message)
    if found is None:
        return None
    name, said = found[1], found[0]
    if name.startswith((".", "/")):
        return f"{said}: there is no such file beside the action"
    if name.startswith("actions:"):
        return f"{said}: name the module under modules: in action.yaml"
    return f"{said}: add it to dependencies: in action.yaml, then run authstream deps lock"


def _module_system(_program: Program, thrown: Thrown) -> str | None:
    found = _OTHER_MODULES.search(thrown.message)
    return f"{thrown.message.partition(chr(10))[0]}: {_COMMONJS}" if found else None


_REMEDIES: tuple[Callable[[Program, Thrown], str | None], ...] = (
    _memory,
    _missing_module,
    _module_system,
)
