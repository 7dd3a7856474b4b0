"""ory-hydra: the token hook of Ory Hydra, asked at every grant of its token endpoint.

Source: ory/hydra 83127c5, `oauth2/token_hook.go`; recorded requests of v2.3.0. The answer replaces
all custom claims, so what came in is said again.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import orjson

from authstream.contracts.verdict import Verdict
from authstream.engine.call_body import inner, members, needed, text, texts
from authstream.engine.keyed_provider import KeyedProvider
from authstream.engine.provider import (
    NOTHING,
    Answer,
    Asked,
    Call,
    Peer,
    Refusal,
    Sample,
    json_answer,
    lost_parts,
)

MACHINE = "client_credentials"


class OryHydra(KeyedProvider):
    """Claims for access and ID token; a denial without a text."""

    name = "ory-hydra"
    title = "Ory Hydra"
    #: Hydra waits 30 s, and tries three times.
    deadline = timedelta(seconds=5)
    retries = True
    carries_message = False

    def parse(self, call: Call, peer: Peer) -> Asked:
        """A grant: of a user, or of a machine by client_credentials."""
        said = members(call.body)
        requester = "requester" if call.hook == "refresh" else "request"
        client = needed(text(said, requester, "client_id"), f"{requester}.client_id")
        grants = texts(said, requester, "grant_types")
        trigger = "credentials-exchange" if MACHINE in grants else "post-login"
        of_user = trigger == "post-login"
        event = self.event(
            peer,
            user=_user(said, call.hook) if of_user else NOTHING,
            client={"client_id": client, "name": client},
            request={"body": {"grant_type": grants[0]} if grants else {}},
            transaction={"requested_scopes": texts(said, requester, "granted_scopes")},
        )
        if of_user:
            event["authentication"] = {"methods": [{"name": name} for name in _methods(said)]}
        else:
            event["accessToken"] = {"customClaims": {}, "scope": []}
            event["resource_server"] = {"identifier": _audience(said)}
        return Asked(call.hook, peer.triggers.get(call.hook, trigger), event, None, said)

    def allow(self, asked: Asked, verdict: Verdict, peer: Peer) -> Answer:  # noqa: ARG002 - nothing of it is needed
        """All claims: those that came in, then the verdict's; null takes one away."""
        session = {
            "access_token": _changed(_access(asked), verdict.claims.access_token),
            "id_token": _changed(_id_token(asked), verdict.claims.id_token),
        }
        lost = lost_parts(verdict, "claims.id_token", "claims.access_token")
        return json_answer(200, {"session": session}, lost=lost)

    def deny(self, asked: Asked, refusal: Refusal, peer: Peer) -> Answer:  # noqa: ARG002 - as above
        """403, which Hydra does not try again; it reads no body."""
        return Answer(403, lost=("message",))

    def unchanged(self, asked: Asked, peer: Peer) -> Answer:  # noqa: ARG002 - as above
        """204: the tokens as they are."""
        return Answer(204)

    def samples(self) -> tuple[Sample, ...]:
        """A code grant as Hydra 2.3.0 sent it, and the older refresh hook."""
        return (
            Sample("token", orjson.dumps(_TOKEN), {"content-type": "application/json"}),
            Sample("refresh", orjson.dumps(_REFRESH), {"content-type": "application/json"}),
        )

    def setup(self, url: str) -> str:
        """hydra.yml."""
        return _SETUP.format(url=url)


_SETUP = """\
oauth2:
  token_hook:
    url: {url}/token
    auth:
      type: api_key
      config: {{in: header, name: X-Api-Key, value: "SECRET"}}
  # allowed_top_level_claims: [tenant]   # others appear under ext
"""


def _user(said: dict[str, Any], hook: str) -> dict[str, Any]:
    subject = text(said, "subject") if hook == "refresh" else None
    subject = subject or text(said, "session", "id_token", "subject")
    found: dict[str, Any] = {"user_id": needed(subject, "session.id_token.subject")}
    known = inner(said, "session", "id_token", "id_token_claims", "ext")
    for name in ("email", "name", "given_name", "family_name", "nickname", "picture"):
        if isinstance(known.get(name), str):
            found[name] = known[name]
    return found


def _methods(said: dict[str, Any]) -> list[str]:
    return texts(said, "session", "id_token", "id_token_claims", "amr")


def _audience(said: dict[str, Any]) -> str:
    return (texts(said, "request", "granted_audience") or [""])[0]


def _access(asked: Asked) -> dict[str, Any]:
    return inner(asked.said, "session", "extra")


def _id_token(asked: Asked) -> dict[str, Any]:
    return inner(asked.said, "session", "id_token", "id_token_claims", "ext")


def _changed(claims: dict[str, Any], by: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in {**claims, **by}.items() if value is not None}


_CLAIMS = {"iss": "http://127.0.0.1:4444/", "sub": "alice", "aud": ["shop"], "amr": ["pwd"]}
_TOKEN = {
    "session": {
        "id_token": {
            "id_token_claims": {**_CLAIMS, "ext": {"from_consent": "kept"}},
            "subject": "alice",
        },
        "extra": {"from_consent": "kept"},
        "client_id": "shop",
    },
    "request": {
        "client_id": "shop",
        "requested_scopes": ["openid"],
        "granted_scopes": ["openid"],
        "granted_audience": [],
        "grant_types": ["authorization_code"],
        "payload": {"grant_type": ["authorization_code"]},
    },
}
_REFRESH = {
    "subject": "alice",
    "session": _TOKEN["session"],
    "requester": {
        "client_id": "shop",
        "granted_scopes": ["openid"],
        "granted_audience": [],
        "grant_types": ["refresh_token"],
    },
    "client_id": "shop",
    "granted_scopes": ["openid"],
    "granted_audience": [],
}

PLUGIN = OryHydra()
