"""Ids: the flow a login belongs to, the effects of a verdict, stable over every repetition."""

from __future__ import annotations

import hashlib
import os
import time
import uuid

#: Namespace of all our version 5 UUIDs (made once, never changed).
_NAMESPACE = uuid.UUID("5f0f3b1e-6c1d-5d0a-9a57-0c0b8f3a7e11")
#: Separates the parts of a name; cannot occur in them unescaped.
_UNIT_SEPARATOR = "\x1f"


_BEGUN = hashlib.sha1(_NAMESPACE.bytes, usedforsecurity=False)


def _named(*parts: str) -> str:
    """The UUIDv5 (RFC 9562) of a name in our namespace; `uuid.uuid5` takes ten times as long."""
    digest = _BEGUN.copy()
    escaped = [part.replace(_UNIT_SEPARATOR, _UNIT_SEPARATOR * 2) for part in parts]
    digest.update(_UNIT_SEPARATOR.join(escaped).encode())
    made = bytearray(digest.digest()[:16])
    made[6] = made[6] & 0x0F | 0x50
    made[8] = made[8] & 0x3F | 0x80
    return _text(made)


def _text(made: bytes | bytearray) -> str:
    digits = made.hex()
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))


def flow_id(tenant: str, trigger: str, source: str, event_id: str, *, subject: str | None) -> str:
    """The flow of a login: a provider's retry under the same event id is the same flow (UUIDv5).

    The subject is part of it: a provider that uses an id twice must not get one user's verdict for
    another (ADR 0013).
    """
    return _named("flow", tenant, trigger, source, event_id, subject or "")


def fresh_flow_id() -> str:
    """A new flow for a provider without a stable event id.

    UUIDv7 (RFC 9562): 48 bits of milliseconds first.
    """
    value = (time.time_ns() // 1_000_000 << 80) | int.from_bytes(os.urandom(10))
    value = value & ~(0xF << 76) | 0x7 << 76
    value = value & ~(0x3 << 62) | 0x2 << 62
    return str(uuid.UUID(int=value))


def effect_id(flow: str, leg: int, index: int) -> str:
    """The id of a verdict's effect, used as Message-ID and idempotency key."""
    return _named("effect", flow, str(leg), str(index))


def retry_id(flow: str) -> str:
    """The id of the event that is published again after a failed flow, the same whoever does it."""
    return _named("retry", flow)


def patch_id(flow: str, leg: int) -> str:
    """The id of a verdict's metadata patch."""
    return _named("metadata", flow, str(leg))
