"""The view of the control log: every object as the first record of its latest revision says."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, TypeVar

import structlog

from authstream.contracts.avro import decode
from authstream.contracts.control import ControlRecord, ObjectKey
from authstream.control.objects import Body, parsed
from authstream.engine.log import LogRecord
from authstream.errors import NotFoundError, RecordError

B = TypeVar("B", bound=Body)
Fate = Literal["won", "lost", "refused"]


@dataclass(frozen=True, slots=True)
class Stored:
    """The latest revision of an object; `body` None: it was deleted."""

    record: ControlRecord
    offset: int

    @property
    def deleted(self) -> bool:
        """Nothing is left of it but its revision."""
        return self.record.body is None

    @property
    def key(self) -> ObjectKey:
        """The object's name."""
        return self.record.key

    def read(self, model: type[B]) -> B:
        """The object. Raises ControlLogError, NotFoundError when it was deleted."""
        if self.record.body is None:
            raise NotFoundError(f"{self.key} was deleted by {self.record.actor}")
        return parsed(model, self.key, self.record.body)


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the audit trail: who asked for what, and whether it took effect."""

    offset: int
    record: ControlRecord
    fate: Fate


class View:
    """A function of the log's records alone: every reader of the same log has the same view.

    One thread applies, any thread reads.
    """

    def __init__(self, accepts: Callable[[ControlRecord], bool] = lambda _: True) -> None:
        self._accepts = accepts
        self._lock = threading.Lock()
        self._objects: dict[ObjectKey, Stored] = {}
        self._trail: list[Entry] = []
        #: The offset of the next record to apply.
        self.position = 0

    def apply(self, message: LogRecord) -> Entry | None:
        """Take in the next record; None for one that is no control record."""
        try:
            record = decode(ControlRecord, message.value)
        except RecordError as error:
            self.position = message.offset + 1
            structlog.get_logger("authstream.control").error(
                "control_record_unreadable", offset=message.offset, reason=str(error)
            )
            return None
        with self._lock:
            entry = Entry(message.offset, record, self._fate(record))
            if entry.fate == "won":
                self._objects[record.key] = Stored(record, message.offset)
            self._trail.append(entry)
            self.position = message.offset + 1
        return entry

    def _fate(self, record: ControlRecord) -> Fate:
        if not self._accepts(record):
            return "refused"
        latest = self._objects.get(record.key)
        wanted = latest.record.revision + 1 if latest else 1
        return "won" if record.revision == wanted else "lost"

    def latest(self, key: ObjectKey) -> Stored | None:
        """The last revision, also of a deleted object."""
        return self._objects.get(key)

    def revision(self, key: ObjectKey) -> int:
        """The last revision's number; 0 for what never was."""
        latest = self._objects.get(key)
        return latest.record.revision if latest else 0

    def find(self, key: ObjectKey) -> Stored | None:
        """An object that is there."""
        latest = self._objects.get(key)
        return None if latest is None or latest.deleted else latest

    def get(self, key: ObjectKey) -> Stored:
        """An object that must be there. Raises NotFoundError."""
        found = self.find(key)
        if found is None:
            raise NotFoundError(f"there is no {key}")
        return found

    def of_kind(self, kind: str, tenant: str | None = None) -> list[Stored]:
        """All objects of a kind, of one tenant or of all, by tenant and name."""
        with self._lock:
            found = [
                stored
                for key, stored in self._objects.items()
                if key.kind == kind and tenant in (None, key.tenant) and not stored.deleted
            ]
        return sorted(found, key=lambda stored: stored.key)

    def keys(self, kind: str, tenant: str) -> list[ObjectKey]:
        """The keys of a kind of a tenant, those of deleted objects too."""
        with self._lock:
            return [key for key in self._objects if (key.kind, key.tenant) == (kind, tenant)]

    def trail(self) -> list[Entry]:
        """The audit trail, oldest first."""
        with self._lock:
            return list(self._trail)
