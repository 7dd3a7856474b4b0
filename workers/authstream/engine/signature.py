"""Signs and verifies routing slips: who can only write to a topic does not decide what runs."""

from __future__ import annotations

import hashlib
import hmac
from functools import cache
from operator import attrgetter
from typing import Any

import orjson

from authstream.contracts.envelope import Envelope
from authstream.errors import UnsignedSlipError

#: What is signed of a step; another order would be another signature.
_OF_STEP = attrgetter("action", "version", "topic", "timeout_ms", "on_error", "skipped")
_BLOCK_BYTES = 64


def _digest(envelope: Envelope, key: bytes) -> bytes:
    slip = envelope.slip
    said = [
        envelope.flow_id,
        envelope.leg,
        envelope.tenant,
        envelope.trigger,
        envelope.key,
        envelope.subject,
        slip.control_offset,
        [_OF_STEP(step) for step in slip.steps],
    ]
    inner, outer = _halves(key)
    begun, ended = inner.copy(), outer.copy()
    begun.update(orjson.dumps(said))
    ended.update(begun.digest())
    signature: bytes = ended.digest()
    return signature


@cache
def _halves(key: bytes) -> tuple[Any, Any]:  # hash objects, whose type has no public name
    """HMAC-SHA256 (RFC 2104) with the key already in: OpenSSL's takes 4 µs a hop, this 2 µs."""
    short = key if len(key) <= _BLOCK_BYTES else hashlib.sha256(key).digest()
    padded = short.ljust(_BLOCK_BYTES, b"\0")
    inner, outer = (bytes(byte ^ pad for byte in padded) for pad in (0x36, 0x5C))
    return hashlib.sha256(inner), hashlib.sha256(outer)


def signed(envelope: Envelope, key: bytes | None) -> Envelope:
    """The envelope with its slip signed (HMAC-SHA256), unchanged when no key is configured."""
    if key is None:
        return envelope
    slip = envelope.slip.model_copy(update={"signature": _digest(envelope, key)})
    return envelope.model_copy(update={"slip": slip})


def verify(envelope: Envelope, key: bytes | None) -> None:
    """Raises UnsignedSlipError when a key is configured and the slip was not signed with it."""
    if key is not None and not hmac.compare_digest(_digest(envelope, key), envelope.slip.signature):
        raise UnsignedSlipError(
            f"the routing slip of flow {envelope.flow_id} is not signed with our key: "
            "check who may write to the topics"
        )
