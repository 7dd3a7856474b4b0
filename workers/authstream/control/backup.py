"""Copies the control plane's two logs to a file and back, each record at its old offset.

JSON Lines: a header, the records of both logs in order, and an end that says how many there are, so
that half a file is not taken for a whole one. Values are as they are in the log: secrets sealed,
signatures whole.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import IO, Any, Final

import orjson

from authstream.engine.log import Log, LogRecord
from authstream.errors import ControlLogError

FORMAT: Final = "authstream-control-backup-1"
_READ_WAIT: Final = timedelta(seconds=10)
_OWNER_ONLY: Final = 0o600
#: Stands in a compacted log for a record that is gone, so that the next one has its old offset.
_FILLER: Final = b"gap"


def backup(logs: Mapping[str, Log], file: Path) -> dict[str, int]:
    """Write what the logs hold now; how many records of each. The file appears when it is whole.

    Raises BrokerUnreachableError, ControlLogError.
    """
    making = file.with_name(f"{file.name}.part")
    making.touch(_OWNER_ONLY)
    with making.open("wb") as out:
        _line(out, {"format": FORMAT})
        counts = {name: _copied(name, log, out) for name, log in logs.items()}
        _line(out, {"end": counts})
    making.replace(file)
    return counts


def restore(file: Path, logs: Mapping[str, Log]) -> dict[str, int]:
    """Write a backup into logs that have nothing in them; how many records of each.

    Raises:
        ControlLogError: The file is no whole backup, or a log is not empty.
    """
    _check(file, logs)
    for name, log in logs.items():
        if log.span()[1] != 0:
            raise ControlLogError(
                f"the log of {name} is not empty: restore into new topics, made by"
                " `authstream topics apply` with another prefix or after they were deleted"
            )
    counts = dict.fromkeys(logs, 0)
    for said in _lines(file):
        if "log" in said:
            _put_back(logs[said["log"]], said)
            counts[said["log"]] += 1
    return counts


def _copied(name: str, log: Log, out: IO[bytes]) -> int:
    count = 0
    for record in _records(log):
        value = None if record.value is None else base64.b64encode(record.value).decode()
        key = base64.b64encode(record.key).decode()
        _line(out, {"log": name, "offset": record.offset, "key": key, "value": value})
        count += 1
    return count


def _records(log: Log) -> Iterator[LogRecord]:
    """Everything up to where the log ends now."""
    position, end = log.span()
    while position < end:
        found = log.read(position, wait=_READ_WAIT)
        if not found:
            raise ControlLogError(
                f"nothing more came at offset {position} of {end}: is the broker overloaded?"
            )
        yield from (record for record in found if record.offset < end)
        position = found[-1].offset + 1


def _put_back(log: Log, said: Mapping[str, Any]) -> None:
    key = base64.b64decode(said["key"])
    value = None if said["value"] is None else base64.b64decode(said["value"])
    while (offset := log.span()[1]) < said["offset"]:
        log.append(_FILLER, None)
    if offset != said["offset"] or log.append(key, value) != offset:
        raise ControlLogError(
            f"somebody else writes to the log: offset {said['offset']} was taken. Stop every"
            " worker, make the topics anew and restore again"
        )


def _check(file: Path, logs: Mapping[str, Log]) -> None:
    """Read it once before anything is written."""
    counts = dict.fromkeys(logs, 0)
    end: object = None
    header: object = None
    for said in _lines(file):
        header = header or said.get("format")
        end = said.get("end", end)
        if said.get("log") in counts:
            counts[said["log"]] += 1
    if header != FORMAT:
        raise ControlLogError(f"{file} is no backup of a control log")
    if end != counts:
        raise ControlLogError(f"{file} is not whole: it says {end} and holds {counts}")


def _lines(file: Path) -> Iterator[dict[str, Any]]:
    with file.open("rb") as lines:
        for line in lines:
            try:
                yield orjson.loads(line)
            except orjson.JSONDecodeError as error:
                raise ControlLogError(f"{file} is no backup of a control log: {error}") from None


def _line(out: IO[bytes], said: Mapping[str, object]) -> None:
    out.write(orjson.dumps(said, option=orjson.OPT_APPEND_NEWLINE))
