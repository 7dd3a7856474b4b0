"""Remembers the first record of each id within a window of broker time, in little memory.

Assemble uses it for legs it decided, fanout and the SDK's reader for first-wins, effects for ids
done.
"""

from __future__ import annotations

from datetime import timedelta

#: Parts of the window; a part is dropped whole, so memory is bounded by window + 1 part.
_PARTS = 8
#: Of a UUID.
_ID_BYTES = 16


def leg_key(flow_id: str, leg: int) -> bytes:
    """A compact key of a leg: 16 bytes of the id and the leg number."""
    try:
        number = bytes.fromhex(flow_id.replace("-", ""))
        if len(number) == _ID_BYTES:
            return number + leg.to_bytes(2)
    except (ValueError, OverflowError):
        pass
    return f"{flow_id}/{leg}".encode()


class FirstWindow:
    """First offset seen of each key.

    Times are broker milliseconds; late ones do not move the window back.
    """

    def __init__(self, window: timedelta) -> None:
        self._part = max(1, int(window / timedelta(milliseconds=1)) // _PARTS)
        #: (part number, offsets by key), newest last.
        self._parts: list[tuple[int, dict[bytes, int]]] = []

    def get(self, key: bytes) -> int | None:
        """The first offset of a key, or None when it was not seen within the window."""
        for _, offsets in reversed(self._parts):
            found = offsets.get(key)
            if found is not None:
                return found
        return None

    def first(self, key: bytes, offset: int, *, at: int) -> int:
        """Remember a key unless it is known; the offset that was first."""
        known = self.get(key)
        if known is not None:
            return known
        self._current(at)[key] = offset
        return offset

    def replace(self, key: bytes, offset: int, *, at: int) -> None:
        """Remember a key, whatever is known of it."""
        for _, offsets in self._parts:
            if key in offsets:
                offsets[key] = offset
                return
        self._current(at)[key] = offset

    def latest(self, key: bytes, value: int, *, at: int) -> None:
        """Remember the newest value of a key, for a whole window from now on."""
        self._current(at)[key] = value

    def __len__(self) -> int:
        return sum(len(offsets) for _, offsets in self._parts)

    def _current(self, at: int) -> dict[bytes, int]:
        number = at // self._part
        if not self._parts or number > self._parts[-1][0]:
            self._parts.append((number, {}))
            oldest = self._parts[-1][0] - _PARTS
            self._parts = [part for part in self._parts if part[0] >= oldest]
        return self._parts[-1][1]
