"""The contract of every log: order, offsets, reading from any place, waiting for what comes."""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

from authstream.control import blobs
from authstream.control.store import Store
from authstream.engine.log import Log, LogRecord

SOON = timedelta(seconds=10)
NOT_LONG = timedelta(milliseconds=200)


def read_all(log: Log, start: int = 0) -> list[LogRecord]:
    """Everything from a place to the end."""
    found: list[LogRecord] = []
    while start < log.span()[1]:
        found += log.read(start, wait=SOON)
        start = found[-1].offset + 1
    return found


class LogSuite(ABC):
    """Run against each implementation by a subclass."""

    @abstractmethod
    def make(self) -> Log:
        """Another connection to the same, at first empty, log."""

    def test_what_is_appended_is_read_in_order(self) -> None:
        """Offsets count from 0 without gaps; keys, values and deletions come back."""
        log = self.make()
        written = [(b"a", b"1"), (b"b", b"2"), (b"a", None)]
        assert [log.append(key, value) for key, value in written] == [0, 1, 2]
        assert log.span() == (0, 3)
        assert [(one.key, one.value) for one in read_all(log)] == written
        assert [one.offset for one in read_all(log, 1)] == [1, 2]
        log.close()

    def test_a_reader_waits_for_what_is_not_there_yet(self) -> None:
        """Nothing within the wait is nothing; something is given soon after it is written."""
        log, writer = self.make(), self.make()
        assert list(log.read(0, wait=NOT_LONG)) == []
        thread = threading.Timer(0.1, lambda: writer.append(b"k", b"v"))
        thread.start()
        assert [one.value for one in log.read(0, wait=SOON)] == [b"v"]
        thread.join()
        log.close()
        writer.close()

    def test_appends_of_many_threads_all_count(self) -> None:
        """Each gets an offset of its own, and all are there."""
        log = self.make()

        def append(number: int) -> int:
            return log.append(b"%d" % number, b"x")

        with ThreadPoolExecutor(8) as pool:
            offsets = list(pool.map(append, range(40)))
        assert sorted(offsets) == list(range(40))
        assert {one.offset: one.key for one in read_all(log)} == {
            offset: b"%d" % number for number, offset in enumerate(offsets)
        }
        log.close()

    def test_a_large_content_comes_back_whole(self) -> None:
        """In chunks, with others' records between and after them."""
        log = self.make()
        content = bytes(range(256)) * 5000
        log.append(b"other", b"x")
        ref = blobs.write(log, content)
        log.append(b"other", b"y")
        empty = blobs.write(log, b"")
        assert len(ref.offsets) == 3
        assert blobs.read(log, ref) == content
        assert blobs.read(log, empty) == b""
        log.close()

    def test_a_content_written_again_is_found_at_its_later_place(self) -> None:
        """Compaction keeps the last record of a key, so an earlier place may be gone."""
        log = self.make()
        lost = log.append(b"gone", b"x")
        ref = blobs.write(log, b"content").model_copy(update={"offsets": (lost,)})
        assert blobs.read(log, ref) == b"content"
        log.close()

    def test_a_store_follows_it(self) -> None:
        """A store on it starts, and closes."""
        with Store(self.make(), self.make()) as store:
            assert store.view.position == 0
