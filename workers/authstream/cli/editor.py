"""Lets a person change a text in the editor of their choice."""

from __future__ import annotations

import os
import shlex
import subprocess
import tempfile
from pathlib import Path

from authstream.errors import ConfigurationError


def edited(text: bytes, file_name: str) -> bytes:
    """The text as it was left in $VISUAL or $EDITOR. Raises ConfigurationError."""
    editor = os.environ.get("VISUAL") or os.environ.get("EDITOR")
    if not editor:
        raise ConfigurationError("no editor: set EDITOR, or give a folder with --from")
    with tempfile.TemporaryDirectory(prefix="authstream-edit-") as folder:
        file = Path(folder) / file_name
        file.write_bytes(text)
        done = subprocess.run([*shlex.split(editor), str(file)], check=False)  # noqa: S603 - theirs
        if done.returncode:
            raise ConfigurationError(
                f"{editor} ended with status {done.returncode}: nothing is changed"
            )
        return file.read_bytes()
