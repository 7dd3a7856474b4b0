"""Snapshots of verdicts: what of a result stays the same, kept in `snapshots/` and compared."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, cast

from authstream.control.differences import differences
from authstream.errors import ConfigurationError

FOLDER = "snapshots"
#: `none`: there is none to compare with.
Status = Literal["none", "same", "differs", "written"]
#: Different each time, or with each deployment.
_VOLATILE = frozenset({"flow_id", "requested_at", "decided_at", "state", "id", "ms", "version"})


@dataclass(frozen=True, slots=True)
class Compared:
    """How a result stands to its snapshot, and each difference as a line."""

    status: Status
    lines: tuple[str, ...] = ()


class Snapshots:
    """The snapshots of one folder, one file for each sample event, to be committed."""

    def __init__(self, folder: Path, *, update: bool) -> None:
        """`update` writes what it is asked to compare."""
        self._root = folder / FOLDER
        self._update = update

    def compare(self, name: str, result: Mapping[str, Any]) -> Compared:
        """Compare a result with the snapshot of its event. Raises ConfigurationError."""
        file, after = self._root / f"{name}.json", stable(result)
        before = _read(file) if file.is_file() else None
        if before == after:
            return Compared("same")
        lines = tuple(str(one) for one in differences(before, after)) if before is not None else ()
        if not self._update:
            return Compared("none") if before is None else Compared("differs", lines)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"{json.dumps(after, indent=2, ensure_ascii=False)}\n", encoding="utf-8")
        return Compared("written", lines)


def stable(result: Mapping[str, Any]) -> dict[str, Any]:
    """The verdict of a result without ids, times and versions, and without what is empty."""
    members = {
        name: _steady(value)
        for name, value in result["verdict"].items()
        if name not in _VOLATILE and value not in (None, [], {})
    }
    members["errors"] = {
        run["action"]: run["error"].partition("\n")[0] for run in result["runs"] if run["error"]
    }
    return {name: value for name, value in members.items() if not _empty(value)}


def _steady(value: object) -> object:
    """The records of a verdict (effects, steps, …) without what is volatile in them."""
    if isinstance(value, list):
        return [_without(item) for item in cast("list[object]", value)]
    return value


def _without(item: object) -> object:
    if isinstance(item, dict):
        members = cast("Mapping[str, object]", item)
        return {name: value for name, value in members.items() if name not in _VOLATILE}
    return item


def _empty(value: object) -> bool:
    """Whether there is nothing in it, however deep."""
    if isinstance(value, dict):
        return all(_empty(inner) for inner in cast("Mapping[str, object]", value).values())
    return value is None or value == []


def _read(file: Path) -> object:
    try:
        return json.loads(file.read_bytes())
    except ValueError as error:
        raise ConfigurationError(
            f"{file} is no JSON ({error}): write it again with authstream test --update"
        ) from None
