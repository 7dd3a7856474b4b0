"""authgear: blocking webhooks of Authgear, mutations of tokens and users.

Source: authgear/authgear-server, `docs/specs/hook.md` and `event.md`. An object that is named in a
mutation is replaced whole, so what came in is said again.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import orjson

from authstream.contracts.verdict import Verdict
from authstream.engine.authenticity import api_key, hmac_sha256
from authstream.engine.call_body import filled, inner, members, needed, text, texts
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

HEADER = "x-authgear-body-signature"
CREATE, ACCESS, IDENTITY = "user.pre_create", "oidc.jwt.pre_create", "oidc.id_token.pre_create"
TRIGGERS = {CREATE: "pre-user-registration", ACCESS: "post-login", IDENTITY: "post-login"}
#: Where a token's claims are in the payload and in a mutation, and what we call them.
_TOKENS = {ACCESS: ("jwt", "access_token"), IDENTITY: ("id_token", "id_token")}


class Authgear(Provider):
    """Claims of both tokens, attributes at sign-up; a denial with its text."""

    name = "authgear"
    title = "Authgear"
    #: Authgear waits 5 s.
    deadline = timedelta(seconds=4)

    def authenticate(self, call: Call, peer: Peer) -> None:
        """The body's HMAC; it has no time in it, so an old call could be sent again."""
        wanted = [hmac_sha256(secret.encode(), call.body).hex() for secret in peer.secrets]
        api_key(call, HEADER, wanted)

    def parse(self, call: Call, peer: Peer) -> Asked:
        """The hook is what `type` says."""
        said = members(call.body)
        hook = needed(text(said, "type"), "type")
        context, user = inner(said, "context"), inner(said, "payload", "user")
        trigger = peer.triggers.get(hook, TRIGGERS.get(hook))
        standard = inner(user, "standard_attributes")
        user_id = text(context, "user_id") or text(user, "id")
        event = self.event(
            peer,
            user={
                "user_id": needed(user_id, "context.user_id") if trigger else "",
                "email": text(standard, "email"),
                "email_verified": standard.get("email_verified") is True,
                "name": text(standard, "name"),
                "phone_number": text(standard, "phone_number"),
                "user_metadata": inner(user, "custom_attributes"),
            },
            client={"client_id": text(context, "client_id")},
            request={
                "ip": text(context, "ip_address"),
                "user_agent": text(context, "user_agent"),
                "language": text(context, "language"),
                "geoip": filled({"countryCode": text(context, "geo_location_code")}),
            },
            authorization={"roles": texts(user, "roles")},
        )
        return Asked(hook, trigger, event, text(said, "id"), said)

    def allow(self, asked: Asked, verdict: Verdict, peer: Peer) -> Answer:  # noqa: ARG002 - nothing of it is needed
        """The token that is asked about; the other one is asked about in a call of its own."""
        mutations: dict[str, Any] = {}
        if asked.hook in _TOKENS:
            place, token = _TOKENS[asked.hook]
            known = inner(asked.said, "payload", place, "payload")
            claims: dict[str, Any] = getattr(verdict.claims, token)
            mutations[place] = {"payload": filled({**known, **claims})}
        patch = verdict.metadata.user_metadata
        if asked.hook == CREATE and patch:
            known = inner(asked.said, "payload", "user", "custom_attributes")
            mutations["user"] = {"custom_attributes": filled({**known, **patch})}
        lost = tuple(
            part
            for part in lost_parts(verdict, "metadata.user_metadata")
            if asked.hook not in _TOKENS or not part.startswith("claims.")
        )
        answer: dict[str, Any] = {"is_allowed": True}
        return json_answer(200, answer | ({"mutations": mutations} if mutations else {}), lost=lost)

    def deny(self, asked: Asked, refusal: Refusal, peer: Peer) -> Answer:  # noqa: ARG002 - as above
        """The text is the reason that is shown."""
        said = {"is_allowed": False, "title": "Access denied", "reason": refusal.message}
        return json_answer(200, said)

    def unchanged(self, asked: Asked, peer: Peer) -> Answer:  # noqa: ARG002 - as above
        """Allowed."""
        return json_answer(200, {"is_allowed": True})

    def samples(self) -> tuple[Sample, ...]:
        """Both tokens, and a sign-up."""
        return tuple(
            Sample("events", orjson.dumps(body), {"content-type": "application/json"})
            for body in _SAMPLES
        )

    def sign(self, call: Call, peer: Peer) -> Call:
        """With the first secret."""
        return call.signed(**{HEADER: hmac_sha256(peer.secrets[0].encode(), call.body).hex()})

    def setup(self, url: str) -> str:
        """authgear.yaml."""
        return _SETUP.format(url=url)


_SETUP = """\
hook:
  blocking_handlers:
    - event: user.pre_create
      url: {url}/events
    - event: oidc.jwt.pre_create
      url: {url}/events
    - event: oidc.id_token.pre_create
      url: {url}/events
# The webhook secret of authgear.secrets.yaml is the connection's secret.
"""
_USER: dict[str, Any] = {
    "id": "u-1",
    "roles": [],
    "standard_attributes": {"email": "ada@example.com", "email_verified": True},
    "custom_attributes": {},
}
_AROUND = {
    "seq": 1,
    "context": {
        "app_id": "acme",
        "client_id": "shop",
        "user_id": "u-1",
        "ip_address": "203.0.113.7",
        "language": "en",
        "geo_location_code": None,
    },
}
_PAYLOADS: dict[str, dict[str, Any]] = {
    ACCESS: {"jwt": {"payload": {"iss": "x", "aud": ["api"], "sub": "u-1"}}},
    IDENTITY: {"id_token": {"payload": {"iss": "x", "sub": "u-1"}}},
    CREATE: {"identities": []},
}
_SAMPLES = tuple(
    {"id": f"event-{hook}", "type": hook, **_AROUND, "payload": {"user": _USER, **payload}}
    for hook, payload in _PAYLOADS.items()
)

PLUGIN = Authgear()
