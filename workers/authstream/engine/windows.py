"""Where a stage's windows are: in memory, or kept where a restart finds them again."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Protocol

from authstream.engine.window import FirstWindow


class Window(Protocol):
    """What `FirstWindow` does, wherever it is kept. Times are broker milliseconds."""

    def get(self, key: bytes) -> int | None:
        """The value of a key, or None when it was not seen within the window."""
        ...

    def first(self, key: bytes, offset: int, *, at: int) -> int:
        """Remember a key unless it is known; the value that was first."""
        ...

    def replace(self, key: bytes, offset: int, *, at: int) -> None:
        """Remember a key, whatever is known of it."""
        ...

    def latest(self, key: bytes, value: int, *, at: int) -> None:
        """Remember the newest value of a key, for a whole window from now on."""
        ...


class Windows(Protocol):
    """The windows of one stage, by name and partition, and how far of each source they know."""

    def of(self, name: str, partition: int, /) -> Window:
        """The window of this name and partition, made if need be."""
        ...

    def forget(self, name: str, partition: int, /) -> None:
        """The partition went to another process: what is known of it may be let go."""
        ...

    def position(self, topic: str, partition: int, /) -> int | None:
        """One past the last record that is known, None when nothing is kept. From any thread."""
        ...

    def reached(self, topic: str, partition: int, position: int, /) -> None:
        """Everything before this position is known."""
        ...


#: Makes the windows of a stage: its name, and how long they reach.
WindowsOf = Callable[[str, timedelta], Windows]


class MemoryWindows:
    """Gone with the process: a restart reads everything back from the log."""

    def __init__(self, _stage: str, window: timedelta) -> None:
        self._window = window
        self._windows: dict[tuple[str, int], FirstWindow] = {}

    def of(self, name: str, partition: int) -> FirstWindow:
        """As `Windows.of`."""
        found = self._windows.get((name, partition))
        if found is None:
            found = self._windows[name, partition] = FirstWindow(self._window)
        return found

    def forget(self, name: str, partition: int) -> None:
        """As `Windows.forget`."""
        self._windows.pop((name, partition), None)

    def position(self, _topic: str, _partition: int) -> int | None:
        """Nothing is kept."""
        return None

    def reached(self, _topic: str, _partition: int, _position: int) -> None:
        """Nothing is kept."""
