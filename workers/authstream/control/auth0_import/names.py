"""Folder names for exported names, which may hold what no folder's name can."""

from __future__ import annotations

import re

# Of every file system, as the sanitize-filename package has it; what Windows reserves is left.
_NOT_IN_A_FOLDER = re.compile(r'[/\\?<>:*|"\x00-\x1f\x7f]')
_ENDS = re.compile(r"^\.+|[. ]+$")


class FolderNames:
    """Gives each name a folder of its own, the same in every run over the same names."""

    def __init__(self) -> None:
        self._taken: set[str] = set()

    def take(self, name: str) -> str:
        """The name itself where it can be a folder's, else one like it that is not taken."""
        plain = _ENDS.sub("-", _NOT_IN_A_FOLDER.sub("-", name)) or "-"
        found, number = plain, 1
        while found.lower() in self._taken:
            number += 1
            found = f"{plain}-{number}"
        self._taken.add(found.lower())
        return found
