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
#: How writing of a temporary file fails where there is no folder for it.
_NO_TEMPORARY = re.compile(
    r"No usable temporary directory|permission denied.* '/(?:var/)?tmp", re.IGNORECASE
)
#: Node's words for whatever its permission flag forbids.
_RESTRICTED = "Access to this API has been restricted"
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


def _temporary_folder(_program: Program, thrown: Thrown) -> str | None:
    if not _NO_TEMPORARY.search(thrown.message):
        return None
    return (
        f"{thrown.message}: at level landlock an action has no temporary folder, as nothing there "
        "would limit it; keep the content in memory, or use a host with level namespaces"
    )


def _restricted(_program: Program, thrown: Thrown) -> str | None:
    if not thrown.message.startswith(_RESTRICTED):
        return None
    return (
        f"{_RESTRICTED}: an action reads its own files, writes no files but temporary ones (at "
        "level landlock not even those), starts no processes and loads no native code"
    )


_REMEDIES: tuple[Callable[[Program, Thrown], str | None], ...] = (
    _memory,
    _missing_module,
    _module_system,
    _temporary_folder,
    _restricted,
)
