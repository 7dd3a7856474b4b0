"""The work that every engine does on a message: decode the envelope, add a run, encode it."""

from __future__ import annotations

from datetime import timedelta

from authstream.contracts.avro import decode, encode
from authstream.contracts.envelope import Envelope, Run

#: What a stage waits for that asks another service.
CALL = timedelta(milliseconds=20)
_RUN = Run(action="claims", version=1, started_at=1, duration_ms=0.5, status="ok")


def changed(value: bytes | None) -> bytes:
    """The envelope's bytes with one more run in it."""
    envelope = decode(Envelope, value)
    return encode(envelope.model_copy(update={"runs": (*envelope.runs, _RUN)}))
