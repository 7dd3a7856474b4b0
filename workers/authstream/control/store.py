"""The store: a live view of the control log, and writes that the log itself arbitrates."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from types import TracebackType
from typing import Self

import structlog

from authstream.contracts.avro import encode
from authstream.contracts.budgets import OBJECT_BYTES
from authstream.contracts.control import ControlRecord, ObjectKey
from authstream.control.objects import Body
from authstream.control.signing import Signing
from authstream.control.view import Entry, Stored, View
from authstream.engine.log import Log
from authstream.engine.ports import Clock, SystemClock
from authstream.errors import (
    AuthstreamError,
    BrokerUnreachableError,
    ConflictError,
    ControlLogError,
    ProduceError,
    TooLargeError,
)

#: Reading the whole log at the start.
CAUGHT_UP_WITHIN = timedelta(seconds=60)
#: From a record's acknowledgement until it has been read back.
READ_BACK_WITHIN = timedelta(seconds=15)
_READ_WAIT = timedelta(milliseconds=100)
_RETRY_SECONDS = 1.0
_JOIN_SECONDS = 5.0

Listener = Callable[[Entry], None]


@dataclass(frozen=True, slots=True)
class Change:
    """A wish: this object, from this revision on, is to be that; `body` None deletes it."""

    key: ObjectKey
    body: Body | None
    #: The revision that it builds on; 0: there is none yet.
    after: int
    #: For the audit trail, e.g. `deploy version 3`.
    operation: str


@dataclass(eq=False, slots=True)
class _Pending:
    """A write that waits to be read back."""

    done: threading.Event = field(default_factory=threading.Event)
    won: bool = False
    refused: bool = False
    #: The revision that was there when it lost.
    instead: Stored | None = None


class Store:
    """Use as a context manager: on entry the whole log has been read, and it is followed."""

    def __init__(
        self,
        control: Log,
        blobs: Log,
        *,
        signing: Signing | None = None,
        clock: Clock | None = None,
    ) -> None:
        self.blobs = blobs
        self._signing = signing or Signing()
        self.view = View(self._signing.believes)
        self._control = control
        self._clock = clock or SystemClock()
        self._pending: dict[str, _Pending] = {}
        self._listeners: list[Listener] = []
        self._moved = threading.Condition()
        self._stopping = threading.Event()
        self._broken: AuthstreamError | None = None
        #: When the log was last read, by `time.monotonic`, whether there was anything or not.
        self.read_at = time.monotonic()
        self._log = structlog.get_logger("authstream.control")
        self._thread = threading.Thread(target=self._follow, name="authstream-control", daemon=True)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def start(self) -> None:
        """Read everything, then follow.

        Raises:
            BrokerUnreachableError: No broker answered, or not in time.
            ControlLogError: The log does not begin at 0, so its view would be wrong.
        """
        first, end = self._control.span()
        if first != 0:
            raise ControlLogError(
                f"the control log begins at offset {first}, not 0: records are lost, so what it"
                " says is not what was written. Restore the topic, or apply the folder to a new"
                " prefix"
            )
        self._thread.start()
        if not self.reached(end - 1, within=CAUGHT_UP_WITHIN):
            self.close()
            raise self._broken or BrokerUnreachableError(
                f"the control log was not read to offset {end} within"
                f" {CAUGHT_UP_WITHIN.total_seconds():.0f} s: is the broker overloaded?"
            )

    def close(self) -> None:
        """Stop following."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join(_JOIN_SECONDS)
        self._control.close()
        self.blobs.close()

    def now(self) -> int:
        """Milliseconds since the epoch."""
        return self._clock.now()

    def listen(self, listener: Listener) -> None:
        """Call on the following thread for every record from now on."""
        self._listeners.append(listener)

    def reached(self, offset: int, *, within: timedelta) -> bool:
        """Wait until the record at an offset is in the view; whether it is."""
        with self._moved:
            return self._moved.wait_for(
                lambda: self.view.position > offset or self._broken is not None,
                within.total_seconds(),
            ) and (self.view.position > offset)

    def write(self, change: Change, *, actor: str) -> Stored:
        """Make a change, or learn who was first.

        Raises:
            ConflictError: Another change of the object came first; says whose.
            ProduceError: It is not known to be written.
            TooLargeError: The object is over its budget.
        """
        latest = self.view.latest(change.key)
        if self.view.revision(change.key) != change.after:
            raise _conflict(change, latest)
        record = self._record(change, actor)
        pending = self._pending[record.write_id] = _Pending()
        try:
            offset = self._control.append(record.key.to_bytes(), encode(record))
            if not pending.done.wait(READ_BACK_WITHIN.total_seconds()):
                raise self._broken or ProduceError(
                    f"the change of {change.key} is written, but was not read back: look at it"
                    " before you try again"
                )
        finally:
            del self._pending[record.write_id]
        if pending.refused:
            raise ControlLogError(
                f"the change of {change.key} is not signed by a key that is believed here:"
                " check AUTHSTREAM_CONTROL_SIGNING_KEY"
            )
        if not pending.won:
            raise _conflict(change, pending.instead)
        return Stored(record, offset)

    def _record(self, change: Change, actor: str) -> ControlRecord:
        body = None if change.body is None else change.body.to_json()
        if body is not None and len(body) > OBJECT_BYTES:
            raise TooLargeError(
                f"{change.key} is {len(body)} bytes, the limit is {OBJECT_BYTES}: make it smaller"
            )
        record = ControlRecord(
            kind=change.key.kind,
            tenant=change.key.tenant,
            name=change.key.name,
            revision=change.after + 1,
            body=body,
            write_id=uuid.uuid4().hex,
            actor=actor,
            operation=change.operation,
            at=self._clock.now(),
        )
        return self._signing.sign(record)

    def _follow(self) -> None:
        while not self._stopping.is_set():
            try:
                records = self._control.read(self.view.position, wait=_READ_WAIT)
            except AuthstreamError as error:
                self._log.warning("control_log_unreachable", reason=str(error))
                self._stopping.wait(_RETRY_SECONDS)
                continue
            except Exception as error:  # noqa: BLE001 - said to whoever waits
                self._break(error)
                return
            self.read_at = time.monotonic()
            for record in records:
                self._take(self.view.apply(record))
            if records:
                with self._moved:
                    self._moved.notify_all()

    def _take(self, entry: Entry | None) -> None:
        if entry is None:
            return
        pending = self._pending.get(entry.record.write_id)
        if pending is not None:
            pending.won, pending.refused = entry.fate == "won", entry.fate == "refused"
            pending.instead = self.view.latest(entry.record.key)
            pending.done.set()
        if entry.fate == "refused":
            self._log.error(
                "control_record_refused", offset=entry.offset, object=str(entry.record.key)
            )
        for listener in self._listeners:
            listener(entry)

    def _break(self, error: Exception) -> None:
        self._log.exception("control_log_broken")
        with self._moved:
            self._broken = BrokerUnreachableError(
                f"the control log cannot be followed ({error}): restart this process"
            )
            self._moved.notify_all()


def _conflict(change: Change, instead: Stored | None) -> ConflictError:
    if instead is None:
        return ConflictError(
            f"{change.key} is not there (any more), so it has no revision {change.after}:"
            " look at what there is"
        )
    record = instead.record
    when = datetime.fromtimestamp(record.at / 1000, UTC).isoformat(timespec="seconds")
    return ConflictError(
        f"{change.key} was changed meanwhile: revision {record.revision} is by {record.actor},"
        f" {when} ({record.operation}); look at it, then try again"
    )
