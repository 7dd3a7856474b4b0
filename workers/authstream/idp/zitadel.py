"""zitadel: Actions v2 of Zitadel, functions that complement tokens and user info.

Source: Zitadel's guides on Actions, `pkg/actions/signing.go`. Claims are appended: what is there
already stays.
"""

from __future__ import annotations

import base64
import binascii
from datetime import timedelta
from typing import Any

import orjson

from authstream.contracts.verdict import Verdict
from authstream.engine.authenticity import TOLERANCE, timestamped, timestamped_signature
from authstream.engine.call_body import filled, inner, members, needed, objects, text, texts
from authstream.engine.provider import (
    Answer,
    Asked,
    Call,
    Peer,
    Provider,
    Refusal,
    Sample,
    json_answer,
    lost_parts,
)

HEADER = "zitadel-signature"
FUNCTION = "function/"
_SECOND = timedelta(seconds=1)
#: Which token's claims a function takes.
_TOKENS = {"preaccesstoken": "access_token", "preuserinfo": "id_token"}


class Zitadel(Provider):
    """Claims and user metadata; a denial with its text."""

    name = "zitadel"
    title = "Zitadel"
    #: Zitadel waits as long as its target says; this fits one of 5 s.
    deadline = timedelta(seconds=4)

    def authenticate(self, call: Call, peer: Peer) -> None:
        """The target's signing key; two while it is rotated."""
        timestamped(call, HEADER, peer.secrets, unit=_SECOND, tolerance=TOLERANCE)

    def parse(self, call: Call, peer: Peer) -> Asked:
        """A function; conditions of other kinds go on unchanged."""
        said = members(call.body)
        kind = text(said, "function") or text(said, "fullMethod") or text(said, "event_type")
        function = (text(said, "function") or "").removeprefix(FUNCTION)
        needed(kind, "function, fullMethod or event_type")
        user_id = text(said, "user", "id") or text(said, "userinfo", "sub")
        known = function in _TOKENS
        trigger = peer.triggers.get(function, "post-login" if known else None)
        human = inner(said, "user", "human")
        event = self.event(
            peer,
            user={
                "user_id": needed(user_id, "user.id") if trigger else "",
                "username": text(said, "user", "username"),
                "email": text(human, "email"),
                "given_name": text(human, "first_name"),
                "family_name": text(human, "last_name"),
                "user_metadata": _metadata(said),
            },
            authorization={"roles": _roles(said)},
        )
        organization = text(said, "org", "id")
        if organization:
            event["organization"] = filled({"id": organization, "name": text(said, "org", "name")})
        return Asked(function, trigger, event, None, said)

    def allow(self, asked: Asked, verdict: Verdict, peer: Peer) -> Answer:  # noqa: ARG002 - nothing of it is needed
        """Claims for the token of this function, and user metadata, base64 as Zitadel keeps it."""
        token = _TOKENS.get(asked.hook, "id_token")
        claims: dict[str, Any] = getattr(verdict.claims, token)
        said: dict[str, object] = {}
        if claims:
            said["append_claims"] = [
                {"key": name, "value": value} for name, value in filled(claims).items()
            ]
        patch = verdict.metadata.user_metadata
        if filled(patch):
            said["set_user_metadata"] = [
                {"key": name, "value": base64.b64encode(_bytes(value)).decode()}
                for name, value in filled(patch).items()
            ]
        lost = tuple(f"claims.{token}.{name}" for name, value in claims.items() if value is None)
        return json_answer(200, said, lost=lost + _others(verdict, token))

    def deny(self, asked: Asked, refusal: Refusal, peer: Peer) -> Answer:  # noqa: ARG002 - as above
        """A status to forward, inside a 200."""
        said = {"forwardedStatusCode": 403, "forwardedErrorMessage": refusal.message}
        return json_answer(200, said)

    def unchanged(self, asked: Asked, peer: Peer) -> Answer:  # noqa: ARG002 - as above
        """Nothing to append; of another condition, its own message."""
        kept = inner(asked.said, "response") or inner(asked.said, "request")
        return json_answer(200, {} if asked.hook else kept)

    def samples(self) -> tuple[Sample, ...]:
        """Both functions."""
        return tuple(
            Sample(function, orjson.dumps({**_SAMPLE, "function": f"{FUNCTION}{function}"}))
            for function in _TOKENS
        )

    def sign(self, call: Call, peer: Peer) -> Call:
        """With the first secret."""
        at = str(call.received_at // 1000)
        signature = timestamped_signature(peer.secrets[0], at, call.body)
        return call.signed(**{HEADER: f"t={at},v1={signature}"})

    def setup(self, url: str) -> str:
        """Two calls of Zitadel's API."""
        return _SETUP.format(url=url)


_SETUP = """\
POST /v2/actions/targets
{{"name": "authstream", "endpoint": "{url}", "timeout": "5s",
 "restCall": {{"interruptOnError": true}}}}
# The answer's signingKey is the connection's secret; its id goes into:
PUT /v2/actions/executions
{{"condition": {{"function": {{"name": "preaccesstoken"}}}}, "targets": ["ID"]}}
PUT /v2/actions/executions
{{"condition": {{"function": {{"name": "preuserinfo"}}}}, "targets": ["ID"]}}
"""


def _others(verdict: Verdict, token: str) -> tuple[str, ...]:
    """The other token's claims are asked for by the other function: they are not lost."""
    return tuple(
        part for part in lost_parts(verdict, f"claims.{token}") if not part.startswith("claims.")
    )


def _bytes(value: object) -> bytes:
    return value.encode() if isinstance(value, str) else orjson.dumps(value)


def _metadata(said: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for one in objects(said, "user_metadata"):
        key, value = text(one, "key"), text(one, "value")
        if key is None or value is None:
            continue
        try:
            found[key] = base64.b64decode(value, validate=True).decode()
        except (binascii.Error, ValueError):
            found[key] = value
    return found


def _roles(said: dict[str, Any]) -> list[str]:
    return [role for one in objects(said, "user_grants") for role in texts(one, "roles")]


_SAMPLE: dict[str, Any] = {
    "userinfo": {"sub": "u-1"},
    "user": {
        "id": "u-1",
        "username": "ada",
        "human": {"first_name": "Ada", "last_name": "L", "email": "ada@example.com"},
    },
    "user_metadata": [{"key": "plan", "value": "Z29sZA=="}],
    "org": {"id": "o-1", "name": "Acme", "primary_domain": "acme.example.com"},
    "user_grants": [{"id": "g-1", "roles": ["staff"]}],
}

PLUGIN = Zitadel()
