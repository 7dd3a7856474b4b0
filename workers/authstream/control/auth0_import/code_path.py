"""Finds the code that an export's item names: its paths come from other machines."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

from authstream.errors import AuthstreamError


class CodePathError(AuthstreamError):
    """The code of an exported action cannot be had."""

    code = "code_path"
    exit_status = 65


def code_of(root: Path, said: str) -> tuple[str, str]:
    """The path of a code file within an export, and its text; code in place of a path is itself.

    Backslashes are slashes, and folders in front that are not here are left out.

    Raises CodePathError: there is no such file, or it lies outside of the export.
    """
    if not said.strip():
        raise CodePathError("it has no code: a Marketplace integration, or an incomplete export")
    if "\n" in said:
        return "the export", said
    file = _file(root, PurePosixPath(said.replace("\\", "/")))
    try:
        return file.relative_to(root.resolve()).as_posix(), file.read_bytes().decode("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise CodePathError(f"{said} cannot be read ({type(error).__name__})") from None


def _file(root: Path, said: PurePosixPath) -> Path:
    parts = [part for part in said.parts if part != "."]
    for start in range(len(parts)):
        file = root.joinpath(*parts[start:]).resolve()
        if not file.is_file():
            continue
        if not file.is_relative_to(root.resolve()):
            raise CodePathError(f"{said} lies outside of the export, so it is not read")
        return file
    raise CodePathError(f"there is no file {said}")
