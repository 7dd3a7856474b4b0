"""The state of a suspended flow: a signed pointer that a browser carries away and brings back.

`authstream.1.<body>.<mac>`, all of it safe in a URL. The body says where the flow waits and until
when; it names no user. The MAC is HMAC-SHA256 under a key derived from the configured one and the
topic prefix, so that no other signature of ours can be passed off as a state.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from dataclasses import astuple, dataclass
from typing import cast

import orjson

from authstream.errors import StateForeignError, StateInvalidError
from authstream.settings import Settings

_FORM = "authstream.1"
#: Enough to tell keys apart, too little to learn anything of one.
_KEY_ID_CHARACTERS = 8
_LONGEST = 1024  # characters; what is longer was not made here
_INVALID = "the state is not one that we made: begin the login again"


@dataclass(frozen=True, slots=True)
class State:
    """Where a flow waits: the record of its suspended leg."""

    flow_id: str
    leg: int
    partition: int
    offset: int
    #: Broker time, milliseconds since the epoch.
    expires_at: int


class StateKeys:
    """Makes states with one key and reads those of an earlier one too."""

    def __init__(self, key: bytes, *earlier: bytes, prefix: str) -> None:
        derived = [_derived(one, prefix) for one in (key, *earlier)]
        self._keys = {_key_id(one): one for one in derived}
        self._signs = next(iter(self._keys))

    def sealed(self, state: State) -> str:
        """The state as text that goes into a URL."""
        body = _text(orjson.dumps([self._signs, *astuple(state)]))
        return f"{_FORM}.{body}.{_text(_mac(self._keys[self._signs], body))}"

    def opened(self, text: str) -> State:
        """A state that we made, not yet judged by its time. Raises StateError."""
        key_id, state = _read(text)
        key = self._keys.get(key_id)
        if key is None:
            raise StateForeignError(
                "the state was signed with a key that is not valid here: "
                "it is of another installation, or older than the last change of the key"
            )
        body, mac = text.split(".")[2:]
        if not hmac.compare_digest(_text(_mac(key, body)), mac):
            raise StateInvalidError(_INVALID)
        return state


def state_keys(settings: Settings) -> StateKeys | None:
    """The keys of an installation; None where none is set, and no flow can be suspended."""
    key = settings.state_key or settings.slip_key
    if key is None:
        return None
    earlier = [settings.state_key_before] if settings.state_key_before else []
    secrets = [secret.get_secret_value().encode() for secret in (key, *earlier)]
    return StateKeys(*secrets, prefix=settings.prefix)


def unverified(text: str) -> State:
    """What a state says, whoever made it. Raises StateInvalidError when it cannot be read.

    For who publishes a resume record without the key: it goes to the partition that the state
    names, as the flow's user, who decides every other partition, is not in it.
    """
    return _read(text)[1]


def _read(text: str) -> tuple[str, State]:
    parts = text.split(".")
    if len(text) > _LONGEST or not text.isascii() or ".".join(parts[:2]) != _FORM:
        raise StateInvalidError(_INVALID)
    try:
        _, _, body, _ = parts
        key_id, *members = cast("list[object]", orjson.loads(base64.urlsafe_b64decode(body + "==")))
        flow_id, *numbers = members
        leg, partition, offset, expires_at = numbers
    except (ValueError, TypeError, binascii.Error) as error:
        raise StateInvalidError(_INVALID) from error
    if not isinstance(key_id, str) or not isinstance(flow_id, str) or not _all_counts(numbers):
        raise StateInvalidError(_INVALID)
    counts = cast("list[int]", [leg, partition, offset, expires_at])
    return key_id, State(flow_id, *counts)


def _all_counts(values: list[object]) -> bool:
    return all(type(value) is int and 0 <= value < 2**63 for value in values)


def _derived(key: bytes, prefix: str) -> bytes:
    return hmac.digest(key, f"authstream state {prefix}".encode(), hashlib.sha256)


def _key_id(key: bytes) -> str:
    return hashlib.sha256(key).hexdigest()[:_KEY_ID_CHARACTERS]


def _mac(key: bytes, body: str) -> bytes:
    return hmac.digest(key, body.encode(), hashlib.sha256)


def _text(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()
