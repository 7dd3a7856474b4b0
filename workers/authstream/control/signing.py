"""Ed25519 signatures of control records: workers then believe only those who hold the key."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import (
    Ed25519PrivateKey,
    Ed25519PublicKey,
)

from authstream.contracts.control import ControlRecord
from authstream.errors import ConfigurationError

_LENGTH_BYTES = 8
_KEY_BYTES = 32


def _signed_bytes(record: ControlRecord) -> bytes:
    """What a signature covers, in a form that no later schema changes."""
    parts = [
        *(record.kind, record.tenant, record.name, f"{record.revision}", record.write_id),
        *(record.actor, record.operation, f"{record.at}", "deleted" if record.body is None else ""),
    ]
    texts = [part.encode() for part in parts] + [record.body or b""]
    return b"".join(len(text).to_bytes(_LENGTH_BYTES, "big") + text for text in texts)


class Signing:
    """The key of this process, if it writes, and the keys that it believes.

    Without any key nothing is signed and everything is believed.
    """

    def __init__(self, private: str | None = None, public: Sequence[str] = ()) -> None:
        """Keys are base64 of 32 bytes. Raises ConfigurationError."""
        seed = _bytes(private) if private else None
        self._private = Ed25519PrivateKey.from_private_bytes(seed) if seed else None
        self._public = [Ed25519PublicKey.from_public_bytes(_bytes(key)) for key in public]
        if self._private is not None:
            self._public.append(self._private.public_key())

    def sign(self, record: ControlRecord) -> ControlRecord:
        """The record with our signature. Raises ConfigurationError when it would be refused."""
        if self._private is None:
            if self._public:
                raise ConfigurationError(
                    "changes must be signed here: set AUTHSTREAM_CONTROL_SIGNING_KEY"
                )
            return record
        signature = self._private.sign(_signed_bytes(record))
        return record.model_copy(update={"signature": signature})

    def believes(self, record: ControlRecord) -> bool:
        """Signed by one of the keys, or no keys are configured."""
        return not self._public or any(_valid(key, record) for key in self._public)


def _valid(key: Ed25519PublicKey, record: ControlRecord) -> bool:
    try:
        key.verify(record.signature, _signed_bytes(record))
    except InvalidSignature:
        return False
    return True


def _bytes(text: str) -> bytes:
    try:
        found = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        found = b""
    if len(found) != _KEY_BYTES:
        raise ConfigurationError(
            "a key for signing control records is base64 of 32 bytes:"
            " make one with `openssl rand -base64 32`"
        )
    return found
