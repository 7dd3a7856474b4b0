"""The one code file of an action or module: found, measured, and its Python compiled."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from authstream.contracts.budgets import CODE_BYTES
from authstream.errors import ConfigurationError


def code_file(folder: Path, names: Collection[str], *, holds: str) -> Path:
    """The file of one of these names in a folder.

    Raises ConfigurationError when there is not exactly one, or it is too long or no Python.
    """
    found = [path for name in names if (path := folder / name).is_file()]
    if not found:
        raise ConfigurationError(f"{folder} has no code: put {holds} into {', '.join(names)}")
    if len(found) > 1:
        said = " and ".join(path.name for path in found)
        raise ConfigurationError(f"{folder} has {said}: an action is one file; remove others")
    (code,) = found
    if code.stat().st_size > CODE_BYTES:
        raise ConfigurationError(f"{code} is over {CODE_BYTES} bytes: move data out of the code")
    if code.suffix == ".py":
        _check_python(code)
    return code


def _check_python(code: Path) -> None:
    try:
        compile(code.read_bytes(), code.name, "exec")
    except SyntaxError as error:
        raise ConfigurationError(
            f"{code}, line {error.lineno}: {error.msg}; correct the code"
        ) from None
    except ValueError as error:
        raise ConfigurationError(
            f"{code} is no Python source ({error}); correct the file"
        ) from None
