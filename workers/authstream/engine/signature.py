"""Signs and verifies routing slips: who can only write to a topic does not decide what runs."""

from __future__ import annotations

import hashlib
import hmac

import orjson

from authstream.contracts.envelope import Envelope
from authstream.errors import UnsignedSlipError


def _digest(envelope: Envelope, key: bytes) -> bytes:
    slip = envelope.slip
    steps = [
        [s.action, s.version, s.topic, s.timeout_ms, s.on_error, s.skipped] for s in slip.steps
    ]
    said = [
        envelope.flow_id,
        envelope.leg,
        envelope.tenant,
        envelope.trigger,
        envelope.key,
        envelope.subject,
        slip.control_offset,
        steps,
    ]
    return hmac.digest(key, orjson.dumps(said), hashlib.sha256)


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
