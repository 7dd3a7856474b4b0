"""Calls of every provider, signed as the provider would: what tests of adapters share."""

from __future__ import annotations

import base64
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import jwt
import orjson
from cryptography.hazmat.primitives.asymmetric import rsa

from authstream.apps.gateway import providers
from authstream.engine.provider import Call, Peer, Provider, Sample
from authstream.idp import entra, google

#: Nobody's: made for this run, with the key id that its tokens name.
KEY_ID = "test-key"
PRIVATE_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
OTHER_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
SECRET = "v1,whsec_" + base64.b64encode(b"0123456789abcdef0123456789abcdef").decode()
NEXT_SECRET = "v1,whsec_" + base64.b64encode(b"fedcba9876543210fedcba9876543210").decode()
OPTIONS: dict[str, dict[str, str]] = {
    "google": {"project": "demo-actions", "audience": "http://127.0.0.1/hooks/google"},
    "entra": {"audience": "app-1", "issuer": "https://login.microsoftonline.com/t-1/v2.0"},
}


@dataclass(frozen=True, slots=True)
class Example:
    """One sample of one provider."""

    provider: Provider
    sample: Sample
    number: int

    def __str__(self) -> str:
        return f"{self.provider.name}-{self.number}-{self.sample.hook.replace('/', '.')}"

    def call(self, *, secret: str = SECRET, at: int | None = None, key: Any = PRIVATE_KEY) -> Call:
        """The call, signed with this secret, or key, at this time (milliseconds)."""
        now = at or time.time_ns() // 1_000_000
        call = Call(
            hook=self.sample.hook,
            body=self.sample.body,
            headers={"host": "gateway", **self.sample.headers},
            received_at=now,
            path=f"/hooks/x/{self.sample.hook}",
        )
        if self.provider.name == "google":
            return replace(call, body=_google(call, now, key))
        if self.provider.name == "entra":
            return call.signed(authorization=f"Bearer {_entra(now, key)}")
        return self.provider.sign(call, peer(self.provider, secrets=(secret,)))


def peer(provider: Provider, *, secrets: tuple[str, ...] = (SECRET,)) -> Peer:
    """The operator's side of a connection."""
    return Peer(
        name="x",
        tenant="acme",
        secrets=secrets,
        keys={KEY_ID: PRIVATE_KEY.public_key()},
        options=OPTIONS.get(provider.name, {}),
    )


def examples() -> list[Example]:
    """Every sample of every installed provider."""
    return [
        Example(provider, sample, number)
        for _, provider in sorted(providers().items())
        for number, sample in enumerate(provider.samples())
    ]


def _google(call: Call, now: int, key: Any) -> bytes:
    claims = _claims(call.body)
    times = {"iat": now // 1000 - 1, "exp": now // 1000 + 600}
    signed = {**claims, **times, "aud": f"{OPTIONS['google']['audience']}/{call.hook}"}
    token = jwt.encode(signed, key, algorithm="RS256", headers={"kid": KEY_ID})
    return orjson.dumps({"data": {"jwt": token}})


def _claims(body: bytes) -> dict[str, Any]:
    token = orjson.loads(body)["data"]["jwt"]
    found: dict[str, Any] = jwt.decode(token, options={"verify_signature": False})
    assert found["iss"] == f"{google.ISSUER}demo-actions"
    return found


def _entra(now: int, key: Any) -> str:
    claims = {
        "iss": OPTIONS["entra"]["issuer"],
        "aud": OPTIONS["entra"]["audience"],
        "azp": entra.CALLER,
        "iat": now // 1000 - 1,
        "exp": now // 1000 + 600,
    }
    return jwt.encode(claims, key, algorithm="RS256", headers={"kid": KEY_ID})


def lowered(headers: Mapping[str, str]) -> dict[str, str]:
    """Header names in small letters, as an adapter gets them."""
    return {name.lower(): value for name, value in headers.items()}
