"""Requests that real providers really sent, byte for byte: what the adapters make of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson
import pytest

from authstream.apps.gateway import providers
from authstream.contracts.verdict import Claims
from authstream.engine.provider import Answer, Call, Peer, Refusal
from authstream.errors import UnauthenticatedError
from tests.provider_calls import SECRET, lowered
from tests.samples import verdict

FILE = Path(__file__).resolve().parent.parent / "recorded_requests.jsonl"
RECORDED: dict[str, dict[str, Any]] = {
    record["kind"]: record for record in map(orjson.loads, FILE.read_bytes().splitlines())
}
CLAIMS = {"tenant": "acme", "plan": "gold"}
ADAPTERS = {
    "hydra": "ory-hydra",
    "kratos": "ory-kratos",
    "supabase": "supabase",
    "google": "google",
    "2015-03-31": "aws-cognito",
}
SECRETS = {"hydra": "test-key", "kratos": "test-key", "2015-03-31": "local:local"}


def family(kind: str) -> str:
    """The first part of a path."""
    return kind.split("/")[1]


def call_of(record: dict[str, Any]) -> Call:
    """The call as the gateway would hand it on."""
    headers = lowered(record["headers"])
    at = headers.get("webhook-timestamp")
    path = record["path"]
    return Call(
        hook=path.split("/", 2)[2] if family(path) != "2015-03-31" else path[1:],
        body=record["request_raw"].encode(),
        headers=headers,
        received_at=int(at) * 1000 if at else 0,
        path=path,
    )


def peer_of(kind: str) -> Peer:
    """A connection with the secret of that recording."""
    options = {"emulator": "true"} if family(kind) == "google" else {}
    return Peer("x", "acme", (SECRETS.get(family(kind), SECRET),), options=options)


def answered(kind: str) -> Answer:
    """Our answer: both claims, the same as metadata, or a denial if theirs was one."""
    provider, peer = providers()[ADAPTERS[family(kind)]], peer_of(kind)
    asked = provider.parse(call_of(RECORDED[kind]), peer)
    if asked.trigger is None:
        return provider.unchanged(asked, peer)
    if RECORDED[kind]["answered"] != 200:
        return provider.deny(asked, Refusal("Blocked by policy", "access_denied"), peer)
    metadata = {"app_metadata": CLAIMS, "user_metadata": CLAIMS}
    claims = Claims(id_token=CLAIMS, access_token=CLAIMS)
    return provider.allow(asked, verdict(claims=claims, metadata=metadata), peer)


@pytest.mark.parametrize("kind", [kind for kind in RECORDED if family(kind) != "2015-03-31"])
def test_a_recorded_proof_is_right(kind: str) -> None:
    """The real signer's signature and the real client's key are taken; a changed body is not."""
    provider = providers()[ADAPTERS[family(kind)]]
    call = call_of(RECORDED[kind])
    provider.authenticate(call, peer_of(kind))
    if family(kind) == "supabase":
        changed = Call(call.hook, call.body + b" ", call.headers, call.received_at, path=call.path)
        with pytest.raises(UnauthenticatedError):
            provider.authenticate(changed, peer_of(kind))


@pytest.mark.parametrize("kind", [kind for kind in RECORDED if family(kind) == "hydra"])
def test_hydra_is_answered_as_it_understood(kind: str) -> None:
    """Consent claims are said again beside ours, as in the answer that it took; 403 denies."""
    answer = answered(kind)
    assert answer.status == RECORDED[kind]["answered"]
    if answer.status == 200:
        assert orjson.loads(answer.body) == RECORDED[kind]["response"]


@pytest.mark.parametrize("kind", [kind for kind in RECORDED if "custom_access_token" in kind])
def test_supabase_gets_all_claims_again(kind: str) -> None:
    """With `aud` in the form it came in, which differs between sign-up and login."""
    said = orjson.loads(answered(kind).body)
    assert said == RECORDED[kind]["response"]
    sent = orjson.loads(RECORDED[kind]["request_raw"])
    assert said["claims"]["aud"] == sent["claims"]["aud"]


@pytest.mark.parametrize("kind", [kind for kind in RECORDED if "pretoken" in kind])
def test_cognito_gets_its_event_with_claims(kind: str) -> None:
    """The same event with our claims in its response, as the emulator took them."""
    said = orjson.loads(answered(kind).body)
    theirs = RECORDED[kind]["response"]
    details = said["response"]["claimsOverrideDetails"]
    assert details["claimsToAddOrOverride"] == CLAIMS
    assert {**said, "response": 0} == {**theirs, "response": 0}


@pytest.mark.parametrize("kind", [kind for kind in RECORDED if "kratos" in kind])
def test_kratos_stores_metadata_or_shows_the_text(kind: str) -> None:
    """Metadata at registration, nothing at login, a message where denied."""
    answer = answered(kind)
    said, theirs = orjson.loads(answer.body), RECORDED[kind]["response"]
    assert answer.status == RECORDED[kind]["answered"]
    if answer.status == 400:
        shown = said["messages"][0]["messages"][0]
        assert shown["text"] == theirs["messages"][0]["messages"][0]["text"]
    elif "registration" in kind:
        assert said["identity"]["metadata_public"] == theirs["identity"]["metadata_public"]
    else:
        assert said == {}


def test_google_names_what_it_changes() -> None:
    """`updateMask` has every member, or Google ignores it."""
    said = orjson.loads(answered("/google/beforeSignIn|200").body)["userRecord"]
    assert said["updateMask"].split(",") == [name for name in said if name != "updateMask"]
    assert said["sessionClaims"] == CLAIMS
