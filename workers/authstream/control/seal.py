"""Seals secrets with AES-GCM under a ring of keys; the place of a secret is part of its seal."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import os
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from authstream.contracts.control import ObjectKey
from authstream.control.objects import SecretObject
from authstream.errors import SealError
from authstream.settings import Settings

_KEY_BYTES = 32
_NONCE_BYTES = 12
_ENTRY = "id:base64 of 32 bytes"
_HOW = "set AUTHSTREAM_SECRET_KEYS or AUTHSTREAM_SECRET_KEY_FILE (docs/how-to/secrets.md)"


class Keyring:
    """Keys by id; the first seals, all open."""

    def __init__(self, keys: dict[str, bytes]) -> None:
        self._keys = keys

    def __repr__(self) -> str:
        """Ids only."""
        return f"Keyring({', '.join(self._keys)})"

    def __len__(self) -> int:
        """How many there are."""
        return len(self._keys)

    @property
    def first(self) -> str:
        """The id of the key that seals. Raises SealError when there is none."""
        if not self._keys:
            raise SealError(f"no key for secrets is configured: {_HOW}")
        return next(iter(self._keys))

    def seal(self, place: ObjectKey, value: str) -> SecretObject:
        """A value as it may be written down. Raises SealError without a key."""
        key_id, nonce = self.first, os.urandom(_NONCE_BYTES)
        sealed = AESGCM(self._keys[key_id]).encrypt(nonce, value.encode(), _associated(place))
        return SecretObject(
            key_id=key_id,
            nonce=base64.b64encode(nonce).decode(),
            sealed=base64.b64encode(sealed).decode(),
            fingerprint=self._fingerprint(key_id, place, value),
        )

    def open(self, place: ObjectKey, secret: SecretObject) -> str:
        """The value. Raises SealError: another key, or it was sealed for another place."""
        try:
            return (
                AESGCM(self._key(place, secret))
                .decrypt(
                    base64.b64decode(secret.nonce),
                    base64.b64decode(secret.sealed),
                    _associated(place),
                )
                .decode()
            )
        except (InvalidTag, binascii.Error, ValueError):
            raise SealError(
                f"{place} cannot be opened with key {secret.key_id}:"
                " it was changed, or sealed for another place; set it again"
            ) from None

    def same(self, place: ObjectKey, secret: SecretObject, value: str) -> bool:
        """Whether a sealed value is this one, without opening it. Raises SealError."""
        self._key(place, secret)
        return hmac.compare_digest(
            secret.fingerprint, self._fingerprint(secret.key_id, place, value)
        )

    def _key(self, place: ObjectKey, secret: SecretObject) -> bytes:
        key = self._keys.get(secret.key_id)
        if key is None:
            raise SealError(
                f"{place} is sealed with key {secret.key_id}, which is not here: {_HOW}"
            )
        return key

    def _fingerprint(self, key_id: str, place: ObjectKey, value: str) -> str:
        derived = hmac.digest(self._keys[key_id], b"authstream fingerprint", "sha256")
        text = b"\0".join((_associated(place), value.encode()))
        return hmac.new(derived, text, hashlib.sha256).hexdigest()


def _associated(place: ObjectKey) -> bytes:
    """Tenant, action and name, so that a sealed value is worth nothing elsewhere."""
    return place.to_bytes()


def keyring(settings: Settings) -> Keyring:
    """The keys of the settings. Raises SealError for a wrong one; no key is an empty ring."""
    text = settings.secret_keys.get_secret_value() if settings.secret_keys else ""
    if settings.secret_key_file:
        try:
            text += "\n" + Path(settings.secret_key_file).read_text(encoding="utf-8")
        except OSError as error:
            raise SealError(
                f"AUTHSTREAM_SECRET_KEY_FILE {settings.secret_key_file} cannot be read"
                f" ({error.strerror}): check its path and permissions"
            ) from None
    entries = [entry for entry in text.replace(",", "\n").split() if entry]
    return Keyring(dict(map(_entry, entries)))


def new_key(key_id: str) -> str:
    """A fresh entry for the ring."""
    return f"{key_id}:{base64.b64encode(os.urandom(_KEY_BYTES)).decode()}"


def _entry(text: str) -> tuple[str, bytes]:
    key_id, _, encoded = text.partition(":")
    try:
        key = base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if not key_id or len(key) != _KEY_BYTES:
        raise SealError(f"an entry of the secrets' keys is not {_ENTRY}: correct it")
    return key_id, key
