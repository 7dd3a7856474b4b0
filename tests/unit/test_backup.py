"""A backup of the control plane is whole or none, and comes back record for record."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from authstream.broker.memory_log import MemoryLog
from authstream.control.backup import backup, restore
from authstream.engine.log import LogRecord
from authstream.errors import ControlLogError

NOW = timedelta(0)


class Compacted(MemoryLog):
    """A log of which the broker forgot an offset."""

    def __init__(self, forgotten: int) -> None:
        super().__init__()
        self._forgotten = forgotten

    def read(self, start: int, *, wait: timedelta) -> list[LogRecord]:
        """Without what is forgotten."""
        found = super().read(start, wait=wait)
        return [record for record in found if record.offset != self._forgotten]


def filled() -> dict[str, MemoryLog]:
    """Two logs, of which one has a gap and one a tombstone."""
    blobs, control = Compacted(1), MemoryLog()
    for number in range(4):
        blobs.append(b"blob/%d" % number, b"\x00code %d" % number)
    control.append(b"action/default/claims", b"one")
    control.append(b"action/default/claims", None)
    return {"blobs": blobs, "control": control}


def held(log: MemoryLog) -> dict[int, tuple[bytes, bytes | None]]:
    """What a log has at each offset, fillers aside."""
    found = log.read(0, wait=NOW)
    return {one.offset: (one.key, one.value) for one in found if one.key != b"gap"}


def test_every_record_comes_back_at_its_offset(tmp_path: Path) -> None:
    """Also behind a gap: objects name the places of their code."""
    file, logs = tmp_path / "control.backup", filled()
    assert backup(logs, file) == {"blobs": 3, "control": 2}
    again = {"blobs": MemoryLog(), "control": MemoryLog()}
    assert restore(file, again) == {"blobs": 3, "control": 2}
    assert {name: held(log) for name, log in again.items()} == {
        name: held(log) for name, log in logs.items()
    }
    assert file.stat().st_mode & 0o077 == 0


def test_half_a_file_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    """A copy that was cut off says so."""
    file = tmp_path / "control.backup"
    backup(filled(), file)
    file.write_bytes(b"".join(file.read_bytes().splitlines(keepends=True)[:-1]))
    again = {"blobs": MemoryLog(), "control": MemoryLog()}
    with pytest.raises(ControlLogError, match="is not whole"):
        restore(file, again)
    assert {name: log.span() for name, log in again.items()} == {
        "blobs": (0, 0),
        "control": (0, 0),
    }


@pytest.mark.parametrize("content", [b"", b"{}\n", b"not JSON\n"])
def test_another_file_is_refused(content: bytes, tmp_path: Path) -> None:
    """Nothing of it is written."""
    file = tmp_path / "other"
    file.write_bytes(content)
    with pytest.raises(ControlLogError, match="is no backup"):
        restore(file, {"blobs": MemoryLog(), "control": MemoryLog()})


def test_a_log_in_use_is_not_written_to(tmp_path: Path) -> None:
    """Two histories in one log would be neither."""
    file = tmp_path / "control.backup"
    backup(filled(), file)
    used = {"blobs": MemoryLog(), "control": MemoryLog()}
    used["control"].append(b"action/default/other", b"x")
    with pytest.raises(ControlLogError, match="control is not empty"):
        restore(file, used)
    assert used["blobs"].span() == (0, 0)
