"""The frames of `actions-runner/1`: whole, cut anywhere, too long, or nonsense."""

from __future__ import annotations

import struct
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from authstream.sandbox.protocol import (
    FRAME_BYTES,
    Frame,
    FrameError,
    FrameReader,
    FrameType,
    encode,
    encode_event,
)

FRAMES = st.tuples(st.sampled_from(FrameType), st.integers(0, 2**32 - 1), st.binary(max_size=200))


@given(frames=st.lists(FRAMES, max_size=5), cuts=st.lists(st.integers(0, 1100), max_size=6))
def test_frames_survive_any_cut_of_the_stream(frames: list[Frame], cuts: list[int]) -> None:
    """A stream may arrive in any pieces; the frames are the same."""
    data = b"".join(encode(*frame) for frame in frames)
    edges = [0, *sorted(min(cut, len(data)) for cut in cuts), len(data)]
    reader, read = FrameReader(), list[Frame]()
    for start, end in pairwise(edges):
        read += reader.feed(data[start:end])
    assert read == frames


def test_a_frame_is_laid_out_as_documented() -> None:
    """`u32 length | u8 type | u32 id | payload`, big-endian; the length counts what follows it."""
    assert encode(FrameType.RESULT, 258, b"[]") == b"\0\0\0\7\5\0\0\1\2[]"


def test_an_event_passes_its_bytes_untouched() -> None:
    """The payload is the header's length, the header, and the event as it came."""
    ((_, number, payload),) = FrameReader().feed(
        b"".join(encode_event(9, b'{"h":1}', b"not even JSON"))
    )
    assert number == 9
    assert payload == struct.pack(">I", 7) + b'{"h":1}' + b"not even JSON"


def test_the_longest_frame_passes_and_one_byte_more_does_not() -> None:
    """The limit is the same in both directions."""
    fits = b"x" * (FRAME_BYTES - 5)
    assert len(FrameReader().feed(encode(FrameType.EVENT, 1, fits))) == 1
    with pytest.raises(FrameError, match="over the limit"):
        encode(FrameType.EVENT, 1, fits + b"x")


@pytest.mark.parametrize("length", [0, 4, FRAME_BYTES + 1, 2**32 - 1])
def test_a_bad_length_is_refused_before_anything_is_buffered(length: int) -> None:
    """Four bytes are enough to refuse; stray text is such a length."""
    with pytest.raises(FrameError, match="outside"):
        FrameReader().feed(struct.pack(">I", length))


def test_text_between_frames_is_refused() -> None:
    """Output that got among the frames reads as an absurd length."""
    with pytest.raises(FrameError, match="outside"):
        FrameReader().feed(encode(FrameType.PONG, 0) + b"hello\n")


def test_an_unknown_type_is_refused() -> None:
    """A frame of no known type is not skipped."""
    with pytest.raises(FrameError, match="no frame type 99"):
        FrameReader().feed(struct.pack(">IBI", 5, 99, 0))
