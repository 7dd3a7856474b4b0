"""`api.redirect`: signed tokens to a page and back, in both languages."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from typing import Any

import pytest

from authstream.sandbox.guest import Guest
from tests.contract.test_api_contract import CALLS, EVENT, spelled
from tests.guests import NewGuest, in_both_languages, invocation, texts

SECRET = "s3cret-ü"
INVALID = "The session token is invalid: "


def _encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def signed(claims: object, *, secret: str = SECRET, algorithm: str = "HS256") -> str:
    """A token as the page makes it, by the standard alone (RFC 7515)."""
    head = _encode(json.dumps({"typ": "JWT", "alg": algorithm}).encode())
    body = f"{head}.{_encode(json.dumps(claims).encode())}"
    mac = hmac.new(secret.encode(), body.encode(), hashlib.sha256).digest()
    return f"{body}.{_encode(mac)}"


def claims_of(token: str) -> dict[str, Any]:
    """The claims of a token whose signature is right."""
    head, body, signature = token.split(".")
    mac = hmac.new(SECRET.encode(), f"{head}.{body}".encode(), hashlib.sha256).digest()
    assert signature == _encode(mac)
    assert json.loads(base64.urlsafe_b64decode(head + "==")) == {"alg": "HS256", "typ": "JWT"}
    claims: dict[str, Any] = json.loads(base64.urlsafe_b64decode(body + "=="))
    return claims


async def _called(
    guest: Guest, language: str, path: str, arguments: list[Any], **members: Any
) -> Any:
    event = {**EVENT, **members, "calls": [(spelled(path, language), arguments)]}
    outcome = await guest.run(invocation(event, "onContinuePostLogin"))
    assert (outcome.error, outcome.commands) == (None, ())
    return json.loads(texts(outcome)[0])


@in_both_languages
async def test_a_token_says_who_is_sent(new_guest: NewGuest, language: str) -> None:
    """Issuer, subject, times and address of the login; the payload comes last."""
    guest = new_guest(CALLS, language=language)
    options = {"payload": {"iss": "other", "deep": {"a": ["ü"]}}, "secret": SECRET}
    made = await _called(guest, language, "redirect.encodeToken", [options])
    claims = claims_of(made["answer"])
    assert abs(claims["iat"] - time.time()) < 10
    assert claims.pop("exp") - claims.pop("iat") == 900
    assert claims == {"iss": "other", "sub": "u1", "ip": "10.0.0.1", "deep": {"a": ["ü"]}}


@in_both_languages
async def test_a_token_lives_as_long_as_asked(new_guest: NewGuest, language: str) -> None:
    """`expiresInSeconds` instead of a quarter of an hour."""
    guest = new_guest(CALLS, language=language)
    options: dict[str, Any] = {"payload": {}, "secret": SECRET, "expiresInSeconds": 5}
    made = await _called(guest, language, "redirect.encodeToken", [options])
    claims = claims_of(made["answer"])
    assert (claims["exp"] - claims["iat"], claims["iss"]) == (5, "login.example.com")


def _back(token: object, **more: Any) -> dict[str, Any]:
    query = {"state": "st", "session_token": token, **more}
    return {"request": {"hostname": "login.example.com", "query": query, "body": {}}}


def _claims(**changed: Any) -> dict[str, Any]:
    said = {"sub": "u1", "iss": "login.example.com", "state": "st", "answer": 42}
    return {**said, "exp": int(time.time()) + 86_400, **changed}


@in_both_languages
async def test_the_payload_of_a_valid_token_comes_back(new_guest: NewGuest, language: str) -> None:
    """By query or body, where the body wins, and under another name if asked."""
    guest = new_guest(CALLS, language=language)
    options = {"secret": SECRET}
    claims = _claims()
    found = await _called(
        guest, language, "redirect.validateToken", [options], **_back(signed(claims))
    )
    assert found == {"answer": claims}
    both = _back("rubbish")
    both["request"]["body"] = {"session_token": signed(_claims(answer=43))}
    posted = await _called(guest, language, "redirect.validateToken", [options], **both)
    assert posted["answer"]["answer"] == 43
    named = {**options, "tokenParameterName": "t"}
    other = _back(None, t=signed(claims))
    assert await _called(guest, language, "redirect.validateToken", [named], **other) == found


#: Tokens that are refused, and the reason.
BAD: list[tuple[str, str]] = [
    ("rubbish", "jwt malformed"),
    ("a.b.c", "jwt malformed"),
    (signed([1]), "jwt malformed"),
    (signed(_claims(), secret="other"), "invalid signature"),
    (signed(_claims(), algorithm="none"), "invalid algorithm"),
    (signed(_claims()).rpartition(".")[0] + ".", "jwt malformed"),
    (signed(_claims(exp=1)), "jwt expired"),
    (signed(_claims(exp="soon")), "jwt expired"),
    (signed(_claims(state="x")), "the state in the token is not the state of this request"),
    (signed({"sub": "u1"}), "the state in the token is not the state of this request"),
    (signed(_claims(sub="u2")), "its sub is another one"),
    (signed(_claims(iss="other")), "its iss is another one"),
]


@in_both_languages
async def test_a_token_that_is_not_right_is_refused(new_guest: NewGuest, language: str) -> None:
    """Signature, expiry, state, user and issuer; the method throws with the reason."""
    guest = new_guest(CALLS, language=language)
    for token, reason in BAD:
        called = (spelled("redirect.validateToken", language), [{"secret": SECRET}])
        event = {**EVENT, **_back(token), "calls": [called]}
        outcome = await guest.run(invocation(event, "onContinuePostLogin"))
        assert json.loads(texts(outcome)[0]) == ["ApiError", INVALID + reason], token


@in_both_languages
async def test_what_one_language_signs_the_other_reads(new_guest: NewGuest, language: str) -> None:
    """One format: an action may be rewritten while browsers are away."""
    guest = new_guest(CALLS, language=language)
    other = "javascript" if language == "python" else "python"
    payload = {"state": "st", "text": "ü\u2028", "n": 1.5}
    made = await _called(
        guest, language, "redirect.encodeToken", [{"payload": payload, "secret": SECRET}]
    )
    back = _back(made["answer"])
    read = await _called(
        new_guest(CALLS, language=other),
        other,
        "redirect.validateToken",
        [{"secret": SECRET}],
        **back,
    )
    assert read["answer"] == claims_of(made["answer"])


@in_both_languages
@pytest.mark.parametrize(
    ("members", "expected"),
    [
        ({}, True),
        ({"transaction": {"protocol": "oidc-basic-profile"}}, True),
        ({"transaction": {"protocol": "oauth2-password"}}, False),
        ({"transaction": {"protocol": "oauth2-refresh-token"}}, False),
        ({"request": {"query": {"prompt": "none"}}}, False),
        ({"transaction": {"prompt": ["none"]}}, False),
        ({"transaction": {"prompt": ["login"]}}, True),
    ],
)
async def test_whether_a_redirect_is_possible(
    new_guest: NewGuest,
    language: str,
    members: dict[str, Any],
    expected: bool,  # noqa: FBT001 - a case of the table
) -> None:
    """Not where nobody is there to follow it."""
    guest = new_guest(CALLS, language=language)
    found = await _called(guest, language, "redirect.canRedirect", [], **members)
    assert found == {"answer": expected}


@in_both_languages
async def test_nobody_is_redirected_whose_provider_cannot(
    new_guest: NewGuest, language: str
) -> None:
    """It said `authstream-interactive: no`, or no key signs states: a redirect would fail."""
    guest = new_guest(CALLS, language=language)
    event: dict[str, object] = {
        **EVENT,
        "calls": [(spelled("redirect.canRedirect", language), [])],
    }
    for interactive in (False, True):
        call = invocation(event, "onContinuePostLogin", interactive=interactive)
        assert json.loads(texts(await guest.run(call))[0]) == {"answer": interactive}
