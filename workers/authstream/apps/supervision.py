"""What a supervised worker and its parent say: beats, what was met, set aside, whose turn."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
from dataclasses import dataclass, field
from typing import Any, Self

import orjson

#: The worker writes its lines to this descriptor.
REPORT_FD = "AUTHSTREAM_SUPERVISOR_FD"
#: The worker reads one line from this descriptor before it starts: its history, and that it may.
TURN_FD = "AUTHSTREAM_TURN_FD"
#: Set by a process whose worker must not outlive it, however it ends.
END_WITH_PARENT = "AUTHSTREAM_END_WITH_PARENT"
_PR_SET_PDEATHSIG = 1
#: Loaded early: between fork and exec nothing may be loaded.
_LIBC: ctypes.CDLL | None = ctypes.CDLL(None) if sys.platform == "linux" else None

Place = tuple[str, int, int]


@dataclass(frozen=True, slots=True)
class History:
    """What earlier runs of this worker died on. Places are (topic, partition, offset)."""

    #: From these places on, messages are worked on one at a time.
    suspects: tuple[Place, ...] = ()
    #: These messages are set aside unread.
    offenders: tuple[Place, ...] = ()
    #: How many there were.
    restarts: int = 0

    @classmethod
    def awaited(cls) -> Self:
        """Wait for our turn, then as the parent says; at once and empty without a parent.

        A spare that is never needed ends here.
        """
        number = os.environ.pop(TURN_FD, None)
        if number is None:
            return cls()
        with os.fdopen(int(number), "rb") as pipe:
            line = pipe.readline()
        if not line:
            raise SystemExit(0)
        return cls.from_line(line)

    @classmethod
    def from_line(cls, line: bytes) -> Self:
        """What `to_line` wrote."""
        said = orjson.loads(line)
        return cls(
            _places(said["suspects"]), _places(said["offenders"]), int(said.get("restarts", 0))
        )

    def to_line(self) -> bytes:
        """One line for the worker."""
        members = {
            "suspects": self.suspects,
            "offenders": self.offenders,
            "restarts": self.restarts,
        }
        return orjson.dumps(members, option=orjson.OPT_APPEND_NEWLINE)


def _places(said: list[list[Any]]) -> tuple[Place, ...]:
    return tuple((str(topic), int(number), int(offset)) for topic, number, offset in said)


class Report:
    """The worker's end. Does nothing without a parent; never blocks and never raises."""

    def __init__(self) -> None:
        number = os.environ.get(REPORT_FD)
        self._descriptor = int(number) if number else None
        if self._descriptor is not None:
            os.set_inheritable(self._descriptor, False)  # noqa: FBT003 - its only signature
            os.set_blocking(self._descriptor, False)

    def beat(self) -> None:
        """The event loop turns."""
        self._say({"beat": True})

    def met(self, topic: str, partition: int, offset: int) -> None:
        """The first uncommitted message of an assigned partition."""
        self._say({"met": [topic, partition, offset]})

    def alone(self, topic: str, partition: int, offset: int) -> None:
        """A message that is worked on with nothing else in work."""
        self._say({"alone": [topic, partition, offset]})

    def _say(self, line: dict[str, Any]) -> None:
        if self._descriptor is None:
            return
        try:
            os.write(self._descriptor, orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE))
        except OSError:
            # A full pipe: the parent is slow. A closed one: it is gone, and so are we in a moment.
            return


@dataclass(slots=True)
class Verdicts:
    """The parent's judgement of crashes: who ended the worker, from where runs began and ended."""

    #: Runs in a row that ended in a crash with the same message first.
    starts: int
    met: dict[tuple[str, int], int] = field(default_factory=dict[tuple[str, int], int])
    counts: dict[Place, int] = field(default_factory=dict[Place, int])
    alone: Place | None = None
    alone_counts: dict[Place, int] = field(default_factory=dict[Place, int])
    history: History = History()

    def heard(self, line: dict[str, Any]) -> None:
        """Take in one line of the worker."""
        if "met" in line:
            topic, partition, offset = line["met"]
            self.met.setdefault((topic, partition), offset)
        if "alone" in line:
            self.alone = tuple(line["alone"])

    def crashed(self) -> History:
        """What the next run must know."""
        places = {(topic, partition, offset) for (topic, partition), offset in self.met.items()}
        self.counts = {place: self.counts.get(place, 0) + 1 for place in places}
        suspects = {place for place, count in self.counts.items() if count >= self.starts}
        offenders = set(self.history.offenders)
        if self.alone is not None:
            self.alone_counts[self.alone] = self.alone_counts.get(self.alone, 0) + 1
            # Twice alone: once may have been somebody's kill.
            offenders |= {place for place, count in self.alone_counts.items() if count > 1}
        self.history = History(
            tuple(sorted(suspects | set(self.history.suspects))),
            tuple(sorted(offenders)),
            self.history.restarts + 1,
        )
        self.met, self.alone = {}, None
        return self.history

    def survived(self) -> None:
        """The worker ran long enough: what is past is past, but what was set aside stays so."""
        self.counts, self.alone_counts = {}, {}
        self.history = History(offenders=self.history.offenders, restarts=self.history.restarts)


def die_with_parent(number: int = signal.SIGTERM) -> None:
    """End when the process that started us ends, however that is (Linux; elsewhere nothing)."""
    if _LIBC is not None:
        _LIBC.prctl(_PR_SET_PDEATHSIG, number)
