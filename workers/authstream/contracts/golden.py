"""Files that are rendered from the code: written, or compared with what is in the repository."""

from __future__ import annotations

import difflib
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

#: Lines of a difference shown for one file.
_SHOWN = 12
CHECK = "--check"
REMEDY = "make contracts"


@dataclass(frozen=True, slots=True)
class Golden:
    """Text by path, and the patterns of the paths where no other file belongs."""

    files: Mapping[str, str]
    owned: Sequence[str] = ()

    def write(self, root: Path) -> None:
        """Make the repository equal to what the code says."""
        for path in self._foreign(root):
            (root / path).unlink()
        for path, text in self.files.items():
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_text(text, encoding="utf-8")

    def stale(self, root: Path) -> dict[str, str]:
        """What differs, by path; empty when the repository is what the code says."""
        found = dict.fromkeys(self._foreign(root), "is no longer rendered: remove it")
        for path, text in self.files.items():
            file = root / path
            if not file.is_file():
                found[path] = "is missing"
            elif (there := file.read_text(encoding="utf-8")) != text:
                found[path] = _difference(there, text)
        return found

    def _foreign(self, root: Path) -> list[str]:
        there = {f"{file.relative_to(root)}" for glob in self.owned for file in root.glob(glob)}
        return sorted(there - self.files.keys())


def _difference(there: str, text: str) -> str:
    lines = difflib.unified_diff(
        there.splitlines(),
        text.splitlines(),
        "in the repository",
        "from the code",
        lineterm="",
        n=1,
    )
    return "\n".join(["differs", *[f"  {line}" for line in list(lines)[:_SHOWN]]])


def checkout() -> Path:
    """The folder of the repository this package runs from. Ends the program outside of one."""
    root = Path(__file__).resolve().parents[3]
    if not (root / "pyproject.toml").is_file():
        sys.exit(f"{root} is no checkout of the repository: rendered files live only there")
    return root


def render(golden: Golden, root: Path, arguments: Sequence[str]) -> int:
    """Write the files, or with `--check` name the stale ones on stderr; the exit status."""
    if CHECK not in arguments:
        golden.write(root)
        return 0
    stale = golden.stale(root)
    for path, what in stale.items():
        sys.stderr.write(f"{path} {what}\n")
    if stale:
        sys.stderr.write(f"{len(stale)} rendered files are stale. Run: {REMEDY}\n")
    return 1 if stale else 0
