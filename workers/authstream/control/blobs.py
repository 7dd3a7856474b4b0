"""Contents in the blobs' log: written once in chunks, found by place, believed by digest."""

from __future__ import annotations

import hashlib
from datetime import timedelta

from authstream.contracts.budgets import BLOB_CHUNK_BYTES
from authstream.control.objects import BlobRef
from authstream.engine.log import Log
from authstream.errors import ControlLogError

_READ_WAIT = timedelta(seconds=5)


def digest_of(content: bytes) -> str:
    """What a content is called."""
    return hashlib.sha256(content).hexdigest()


def write(log: Log, content: bytes) -> BlobRef:
    """Store a content; only what refers to it makes it part of anything. Raises ProduceError."""
    sha256 = digest_of(content)
    starts = range(0, len(content), BLOB_CHUNK_BYTES) or range(1)
    offsets = [
        log.append(_key(sha256, number), content[start : start + BLOB_CHUNK_BYTES])
        for number, start in enumerate(starts)
    ]
    return BlobRef(sha256=sha256, size=len(content), offsets=tuple(offsets))


def read(log: Log, ref: BlobRef) -> bytes:
    """A content. Raises ControlLogError when it is not there whole."""
    content = b"".join(
        _chunk(log, _key(ref.sha256, number), offset) for number, offset in enumerate(ref.offsets)
    )
    if digest_of(content) != ref.sha256:
        raise ControlLogError(
            f"blob {ref.sha256} is not what it should be ({len(content)} bytes of {ref.size}):"
            " was the blobs' topic made anew? Apply the folder again"
        )
    return content


def delete(log: Log, ref: BlobRef) -> None:
    """Let the broker forget a content that nothing refers to."""
    for number in range(len(ref.offsets)):
        log.append(_key(ref.sha256, number), None)


def _chunk(log: Log, key: bytes, offset: int) -> bytes:
    """The record at an offset, or a later one of its key: compaction keeps the last."""
    end = log.span()[1]
    while offset < end:
        records = log.read(offset, wait=_READ_WAIT)
        for record in records:
            if record.key == key and record.value is not None:
                return record.value
        if not records:
            break
        offset = records[-1].offset + 1
    return b""


def _key(sha256: str, number: int) -> bytes:
    return f"blob/{sha256}/{number}".encode()
