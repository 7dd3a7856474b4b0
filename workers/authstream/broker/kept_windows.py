"""Windows in a file beside the process (LMDB): a restart reads back only what came since.

The log stays the truth: the file may be deleted at any time, and is not read after a reboot.
Everything but `position` is called on one thread, the event loop's.
"""

from __future__ import annotations

import fcntl
import hashlib
import time
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any, TextIO

import lmdb

from authstream.errors import ConfigurationError
from authstream.settings import Settings

#: Address space, not disk: the file grows as it is needed (50 bytes for each leg or effect).
_MAP_BYTES = 64 * 1024**3
_MAX_TABLES = 16_384
#: What a kill may cost is read back from the log; a write of its own for each login is dear.
COMMIT_EVERY = timedelta(milliseconds=500)
#: Parts of the window; a part is dropped whole, so what is kept is bounded by window + 1 part.
_PARTS = 2
_VALUE_BYTES = 8
#: LMDB's own limit is 511 bytes.
_LONGEST_KEY = 500
#: Changes with each boot: without fsync a file may be broken after a crash of the machine.
_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


class WindowFile:
    """One file of one process. Raises ConfigurationError when another process has it open."""

    def __init__(self, folder: Path) -> None:
        self._lock = _locked(folder)
        _empty_after_reboot(folder)
        self._env = lmdb.open(
            f"{folder}", map_size=_MAP_BYTES, max_dbs=_MAX_TABLES, sync=False, metasync=False
        )
        self._positions = self._env.open_db(b"positions")
        self._reached: dict[bytes, int] = {}
        self._writing: Any = None
        self._began = 0.0

    def stage(self, name: str, window: timedelta) -> KeptWindows:
        """The windows of one stage."""
        return KeptWindows(self, name, window)

    def close(self) -> None:
        """Write what is left."""
        self._commit()
        self._env.close()
        self._lock.close()

    @property
    def transaction(self) -> Any:  # noqa: ANN401 - the library has no types
        """What to read and write with; committed now and then."""
        if self._writing is None or time.monotonic() - self._began > COMMIT_EVERY.total_seconds():
            self._commit()
            self._writing, self._began = self._env.begin(write=True), time.monotonic()
        return self._writing

    def tables(self, prefix: bytes) -> list[bytes]:
        """The tables there are whose names begin so."""
        with self.transaction.cursor() as cursor:
            found = cursor.set_range(prefix)
            names: list[bytes] = []
            while found and cursor.key().startswith(prefix):
                names.append(bytes(cursor.key()))
                found = cursor.next()
        return names

    def table(self, name: bytes) -> Any:  # noqa: ANN401 - as above
        """A table, made if need be."""
        return self._env.open_db(name, txn=self.transaction)

    def drop(self, table: Any) -> None:  # noqa: ANN401 - as above
        """Delete a table."""
        self.transaction.drop(table)

    def position(self, source: bytes) -> int | None:
        """As committed. From any thread."""
        with self._env.begin(db=self._positions) as reading:
            return _number(reading.get(source))

    def reached(self, source: bytes, position: int) -> None:
        """Written with the next commit, together with everything before."""
        self._reached[source] = position

    def _commit(self) -> None:
        if self._writing is None:
            return
        for source, position in self._reached.items():
            self._writing.put(source, _bytes(position), db=self._positions)
        self._reached.clear()
        self._writing.commit()
        self._writing = None


class KeptWindows:
    """As `engine.windows.Windows`, in a file."""

    def __init__(self, file: WindowFile, stage: str, window: timedelta) -> None:
        self._file = file
        self._stage = stage
        self._part = max(1, int(window / timedelta(milliseconds=1)) // _PARTS)
        self._windows: dict[tuple[str, int], KeptWindow] = {}

    def of(self, name: str, partition: int) -> KeptWindow:
        """As `Windows.of`."""
        window = self._windows.get((name, partition))
        if window is None:
            table = f"{self._stage}|{name}|{partition}|".encode()
            window = self._windows[name, partition] = KeptWindow(self._file, table, self._part)
        return window

    def forget(self, name: str, partition: int) -> None:
        """It stays in the file: with its position it is as good when the partition comes back."""
        self._windows.pop((name, partition), None)

    def position(self, topic: str, partition: int) -> int | None:
        """As `Windows.position`."""
        return self._file.position(self._source(topic, partition))

    def reached(self, topic: str, partition: int, position: int) -> None:
        """As `Windows.reached`."""
        self._file.reached(self._source(topic, partition), position)

    def _source(self, topic: str, partition: int) -> bytes:
        return f"{self._stage}|{topic}|{partition}".encode()


class KeptWindow:
    """As `engine.window.FirstWindow`, one table for each part of the window."""

    def __init__(self, file: WindowFile, name: bytes, part: int) -> None:
        self._file = file
        self._name = name
        self._part = part
        #: (part number, table), newest last.
        self._parts = sorted(
            (int(table.removeprefix(name)), file.table(table)) for table in file.tables(name)
        )

    def get(self, key: bytes) -> int | None:
        """As `Window.get`."""
        reading, key = self._file.transaction, _key(key)
        for _, table in reversed(self._parts):
            found = reading.get(key, db=table)
            if found is not None:
                return _number(found)
        return None

    def first(self, key: bytes, offset: int, *, at: int) -> int:
        """As `Window.first`."""
        known = self.get(key)
        if known is None:
            self.latest(key, offset, at=at)
            return offset
        return known

    def replace(self, key: bytes, offset: int, *, at: int) -> None:
        """As `Window.replace`."""
        self.latest(key, offset, at=at)

    def latest(self, key: bytes, value: int, *, at: int) -> None:
        """As `Window.latest`."""
        table = self._current(at)
        self._file.transaction.put(_key(key), _bytes(value), db=table)

    def _current(self, at: int) -> Any:  # noqa: ANN401 - a table
        number = at // self._part
        if not self._parts or number > self._parts[-1][0]:
            # Of a fixed width, so that tables are found in their order.
            self._parts.append((number, self._file.table(self._name + b"%020d" % number)))
            while self._parts[0][0] < number - _PARTS:
                self._file.drop(self._parts.pop(0)[1])
        return self._parts[-1][1]


def opened(settings: Settings) -> WindowFile | None:
    """The process's own file, if it has a state folder. Raises ConfigurationError."""
    if not settings.state_folder:
        return None
    return WindowFile(Path(settings.state_folder) / (settings.instance or "worker"))


def _locked(folder: Path) -> TextIO:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = (folder / "lock").open("w")
    except OSError as error:
        raise ConfigurationError(
            f"the state folder {folder} cannot be written ({error.strerror}): set"
            " AUTHSTREAM_STATE_FOLDER to one that can"
        ) from error
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        lock.close()
        raise ConfigurationError(
            f"another worker uses the state folder {folder}: give each worker a name of its own"
            " (AUTHSTREAM_INSTANCE)"
        ) from error
    return lock


def _empty_after_reboot(folder: Path) -> None:
    boot = _BOOT_ID.read_text() if _BOOT_ID.exists() else ""
    note = folder / "boot"
    if boot and note.exists() and note.read_text() == boot:
        return
    for name in ("data.mdb", "lock.mdb"):
        with suppress(FileNotFoundError):
            (folder / name).unlink()
    note.write_text(boot)


def _key(key: bytes) -> bytes:
    """LMDB takes neither empty keys nor long ones."""
    if len(key) > _LONGEST_KEY:
        return b"h" + hashlib.blake2b(key, digest_size=32).digest()
    return b"k" + key


def _bytes(number: int) -> bytes:
    return number.to_bytes(_VALUE_BYTES, signed=True)


def _number(stored: bytes | None) -> int | None:
    return None if stored is None else int.from_bytes(stored, signed=True)
