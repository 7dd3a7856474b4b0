"""What flows through the benchmarks: a 2 KB post-login event, and envelopes that carry it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from authstream.contracts.avro import encode
from authstream.contracts.envelope import Command, Envelope, Run, Slip, Step

#: Distinct users; enough that keys in a window of 256 rarely meet.
USERS = 2_000
#: Every so many users log in from a country that the flow denies.
DENIED_EVERY = 50
CORRELATION = "authstream-correlation-id"
TRACEPARENT = b"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"

Header = tuple[str, bytes]


@dataclass(frozen=True, slots=True)
class Sample:
    """A record to be published any number of times; each time with an id of its own."""

    key: bytes
    value: bytes
    headers: tuple[Header, ...]


def events() -> list[Sample]:
    """One login event for each user, JSON, as a provider publishes them."""
    fixed = (
        ("ce_source", b"benchmark"),
        ("ce_type", b"authstream.post-login.requested.v1"),
        ("ce_specversion", b"1.0"),
        ("content-type", b"application/json"),
        ("traceparent", TRACEPARENT),
    )
    return [
        Sample(f"u-{number}".encode(), json.dumps(event(number)).encode(), fixed)
        for number in range(USERS)
    ]


def sampled(samples: Sequence[Sample], *, every: int) -> list[Sample]:
    """The same, of which the provider's tracer took one in so many."""
    return [
        sample if number % every == 0 else replace(sample, headers=_left_out(sample.headers))
        for number, sample in enumerate(samples)
    ]


def _left_out(headers: Sequence[Header]) -> tuple[Header, ...]:
    """With the flag of its trace at 0."""
    return tuple(
        (name, value[:-1] + b"0" if name == "traceparent" else value) for name, value in headers
    )


def envelopes() -> list[Sample]:
    """One envelope for each user, Avro, in the middle of a flow of three steps."""
    return [_envelope(number) for number in range(USERS)]


def event(number: int) -> dict[str, Any]:
    """A post-login event of about 2 KB, with the members that Auth0 sends."""
    country = "KP" if number % DENIED_EVERY == DENIED_EVERY - 1 else "DE"
    return {
        "tenant": {"id": "shop"},
        "client": {"client_id": "c4rTqV1Hn2", "name": "Shop", "metadata": {"channel": "web"}},
        "connection": {"id": "con_9f2", "name": "Users", "strategy": "auth0", "metadata": {}},
        "user": _user(number),
        "request": _request(number, country),
        "authentication": _authentication(),
        "authorization": {"roles": ["customer", "newsletter"]},
        "organization": {"id": "org_1", "name": "shop", "display_name": "The Shop", "metadata": {}},
        "resource_server": {"identifier": "https://api.shop.example"},
        "session": {"id": f"ses_{number}", "created_at": "2026-01-05T10:00:00.000Z"},
        "stats": {"logins_count": 7},
        "transaction": {
            "id": f"txn_{number}",
            "acr_values": [],
            "locale": "de",
            "protocol": "oidc-basic-profile",
            "redirect_uri": "https://shop.example/callback",
            "requested_scopes": ["openid", "profile", "email"],
            "response_type": ["code"],
            "state": "hKFo2SBUNk9ySGZ0aGhEUWc3",
            "ui_locales": ["de"],
        },
    }


def _user(number: int) -> dict[str, Any]:
    return {
        "user_id": f"auth0|{number:024d}",
        "email": f"user{number}@example.com",
        "email_verified": True,
        "name": f"User Number {number}",
        "nickname": f"user{number}",
        "picture": "https://cdn.example.com/avatars/default.png",
        "created_at": "2024-03-01T08:30:00.000Z",
        "updated_at": "2026-01-05T10:00:00.000Z",
        "app_metadata": {"plan": "gold", "crm": "customer"},
        "user_metadata": {"color": "green", "language": "de"},
        "identities": [
            {"connection": "Users", "provider": "auth0", "user_id": f"{number}", "isSocial": False}
        ],
        "multifactor": ["otp"],
    }


def _request(number: int, country: str) -> dict[str, Any]:
    return {
        "ip": f"192.0.2.{number % 256}",
        "hostname": "login.shop.example",
        "method": "POST",
        "language": "de-DE,de;q=0.9,en;q=0.8",
        "query": {"client_id": "c4rTqV1Hn2", "scope": "openid profile email"},
        "user_agent": "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko)",
        "geoip": {
            "countryCode": country,
            "countryName": "a country",
            "cityName": "a city",
            "latitude": 52.5,
            "longitude": 13.4,
            "timeZone": "Europe/Berlin",
        },
    }


def _authentication() -> dict[str, Any]:
    assessments = {"code": "match", "details": {"device": "known"}}
    return {
        "methods": [{"name": "pwd", "timestamp": "2026-01-05T10:00:00.000Z"}],
        "riskAssessment": {
            "confidence": "high",
            "version": "1",
            "assessments": {
                "NewDevice": {"confidence": "high", **assessments},
                "ImpossibleTravel": {"confidence": "high", **assessments},
            },
        },
    }


def _envelope(number: int) -> Sample:
    key = f"shop/auth0|{number:024d}"
    names = ("enrich", "claims", "deny")
    steps = tuple(
        Step(action=name, version=1, topic=f"auth.action.{name}.v1", timeout_ms=10_000)
        for name in names
    )
    claim = Command(
        action="enrich",
        name="idToken.setCustomClaim",
        arguments=b'["https://shop.example/plan","gold"]',
    )
    run = Run(action="enrich", version=1, started_at=1, duration_ms=1.5, status="ok")
    made = Envelope(
        flow_id=f"0198f1a0-0000-7000-8000-{number:012d}",
        tenant="shop",
        trigger="post-login",
        key=key,
        subject=f"auth0|{number:024d}",
        requested_at=1_700_000_000_000,
        deadline_at=4_000_000_000_000,
        event=json.dumps(event(number)).encode(),
        slip=Slip(steps=steps, position=1),
        commands=(claim, claim),
        runs=(run,),
    )
    headers = (("content-type", b"application/avro"), ("traceparent", TRACEPARENT))
    return Sample(key.encode(), encode(made), headers)
