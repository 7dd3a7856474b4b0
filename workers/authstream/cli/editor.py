"""Lets a person change a text in the editor of their choice."""

from __future__ import annotations

import os
import shlex
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path

from authstream.errors import ConfigurationError


def edited(text: bytes, file_name: str, types: Mapping[str, str]) -> bytes:
    """The text as it was left in $VISUAL or $EDITOR, which finds `types` where it names them.

    Those are texts by path in a folder of actions. Raises ConfigurationError.
    """
    editor = os.environ.get("VISUAL") or os.environ.get("EDITOR")
    if not editor:
        raise ConfigurationError("no editor: set EDITOR, or give a folder with --from")
    with tempfile.TemporaryDirectory(prefix="authstream-edit-") as folder:
        file = Path(folder) / "actions" / "edited" / file_name
        for path, content in {file: text, **_encoded(Path(folder), types)}.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        done = subprocess.run([*shlex.split(editor), str(file)], check=False)  # noqa: S603 - theirs
        if done.returncode:
            raise ConfigurationError(
                f"{editor} ended with status {done.returncode}: nothing is changed"
            )
        return file.read_bytes()


def _encoded(folder: Path, types: Mapping[str, str]) -> dict[Path, bytes]:
    return {folder / path: text.encode() for path, text in types.items()}
