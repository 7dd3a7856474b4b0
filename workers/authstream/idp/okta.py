"""okta: inline hooks of Okta for tokens and for registration.

Source: okta/okta-developer-docs 468de9c, inline hooks; okta-management-openapi-spec b2fa7b8.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import orjson

from authstream.contracts.verdict import Verdict
from authstream.engine.call_body import filled, inner, members, needed, text, texts
from authstream.engine.keyed_provider import KeyedProvider
from authstream.engine.provider import (
    Answer,
    Asked,
    Call,
    Peer,
    Refusal,
    Sample,
    json_answer,
    lost_parts,
)

TOKEN = "com.okta.oauth2.tokens.transform"  # noqa: S105 - the name of an event
REGISTRATION = "com.okta.user.pre-registration"
TRIGGERS = {TOKEN: "post-login", REGISTRATION: "pre-user-registration"}
#: Where Okta has the claims of our tokens, and the command that changes them.
_TOKENS = (
    ("id_token", "identity", "com.okta.identity.patch"),
    ("access_token", "access", "com.okta.access.patch"),
)


class Okta(KeyedProvider):
    """Claims added, replaced and removed; a denial with its text."""

    name = "okta"
    title = "Okta"
    #: Okta waits 3 s.
    deadline = timedelta(milliseconds=2500)
    retries = True
    #: The value of the hook's authentication field.
    header = "authorization"

    def parse(self, call: Call, peer: Peer) -> Asked:
        """The hook is what `eventType` says."""
        said = members(call.body)
        hook = needed(text(said, "eventType"), "eventType")
        context = inner(said, "data", "context")
        client, request = inner(context, "protocol", "client"), inner(context, "request")
        source = text(context, "session", "idp", "type")
        event = self.event(
            peer,
            user=_user(said, hook),
            client={"client_id": text(client, "id"), "name": text(client, "name")},
            connection={"name": source, "strategy": source},
            request={"ip": text(request, "ipAddress"), "method": text(request, "method")},
        )
        session = text(context, "session", "id")
        if hook == TOKEN and session is not None:
            event["session"] = {"id": session}
            methods = texts(context, "session", "amr")
            event["authentication"] = {"methods": [{"name": name.lower()} for name in methods]}
        trigger = peer.triggers.get(hook, TRIGGERS.get(hook))
        return Asked(hook, trigger, event, text(said, "eventId"), said)

    def allow(self, asked: Asked, verdict: Verdict, peer: Peer) -> Answer:  # noqa: ARG002 - nothing of it is needed
        """Commands, and only for tokens that were asked for: any other voids the whole answer."""
        if asked.hook == REGISTRATION:
            return _registered(verdict)
        commands: list[object] = []
        carried: list[str] = []
        for token, place, command in _TOKENS:
            claims: dict[str, Any] = getattr(verdict.claims, token)
            if place not in inner(asked.said, "data"):
                continue
            carried.append(f"claims.{token}")
            patch = _patch(claims, inner(asked.said, "data", place, "claims"))
            if patch:
                commands.append({"type": command, "value": patch})
        lost = lost_parts(verdict, *carried)
        return (
            json_answer(200, {"commands": commands}, lost=lost)
            if commands
            else Answer(204, lost=lost)
        )

    def deny(self, asked: Asked, refusal: Refusal, peer: Peer) -> Answer:  # noqa: ARG002 - as above
        """An error, and for a registration the command too."""
        said: dict[str, object] = {"error": {"errorSummary": refusal.message}}
        if asked.hook == REGISTRATION:
            denied = {"type": "com.okta.action.update", "value": {"registration": "DENY"}}
            said["commands"] = [denied]
        return json_answer(200, said)

    def unchanged(self, asked: Asked, peer: Peer) -> Answer:  # noqa: ARG002 - as above
        """204: as if there were no hook."""
        return Answer(204)

    def samples(self) -> tuple[Sample, ...]:
        """Both hooks."""
        plain = {"content-type": "application/json"}
        return (
            Sample("token", orjson.dumps(_TOKEN_SAMPLE), plain),
            Sample("registration", orjson.dumps(_REGISTRATION_SAMPLE), plain),
        )

    def setup(self, url: str) -> str:
        """Two calls of Okta's API."""
        return _SETUP.format(url=url)


_SETUP = """\
POST /api/v1/inlineHooks
{{"name": "authstream token", "type": "com.okta.oauth2.tokens.transform", "version": "1.0.0",
 "channel": {{"type": "HTTP", "version": "1.0.0", "config": {{
   "uri": "{url}/token", "method": "POST",
   "authScheme": {{"type": "HEADER", "key": "Authorization", "value": "SECRET"}}}}}}}}
# Then choose it in a rule of the authorization server's access policy. For registration the same
# with "type": "com.okta.user.pre-registration" and "uri": "{url}/registration".
"""


def _user(said: dict[str, Any], hook: str) -> dict[str, Any]:
    known = inner(said, "data", "context", "user")
    profile = inner(known, "profile") if hook == TOKEN else inner(said, "data", "userProfile")
    login = text(profile, "login") or text(profile, "email")
    return filled(
        {
            "user_id": needed(text(known, "id") or login, "data.context.user.id"),
            "email": text(profile, "email") or login,
            "username": text(profile, "login"),
            "given_name": text(profile, "firstName"),
            "family_name": text(profile, "lastName"),
        }
    )


def _patch(claims: dict[str, Any], known: dict[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for name, value in claims.items():
        # A JSON Pointer (RFC 6901).
        path = "/claims/" + name.replace("~", "~0").replace("/", "~1")
        if value is not None:
            operation = "replace" if name in known else "add"
            found.append({"op": operation, "path": path, "value": value})
        elif name in known:
            found.append({"op": "remove", "path": path})
    return found


def _registered(verdict: Verdict) -> Answer:
    allowed = {"type": "com.okta.action.update", "value": {"registration": "ALLOW"}}
    return json_answer(200, {"commands": [allowed]}, lost=lost_parts(verdict))


_EVENT = {
    "source": "https://example.okta.com/oauth2/default/v1/authorize",
    "eventId": "event-1",
    "eventTime": "2026-11-23T19:00:00.000Z",
    "eventTypeVersion": "1.0",
    "cloudEventVersion": "0.1",
    "contentType": "application/json",
}
_TOKEN_SAMPLE: dict[str, Any] = {
    **_EVENT,
    "eventType": TOKEN,
    "data": {
        "context": {
            "request": {"id": "r-1", "method": "GET", "ipAddress": "203.0.113.7"},
            "protocol": {"type": "OAUTH2.0", "client": {"id": "shop", "name": "Shop"}},
            "session": {"id": "s-1", "amr": ["PASSWORD"], "idp": {"id": "i-1", "type": "OKTA"}},
            "user": {
                "id": "u-1",
                "profile": {"login": "ada@example.com", "firstName": "Ada", "lastName": "L"},
            },
        },
        "identity": {"claims": {"sub": "u-1"}, "token": {"lifetime": {"expiration": 3600}}},
        "access": {"claims": {"ver": 1}, "token": {"lifetime": {"expiration": 3600}}},
    },
}
_REGISTRATION_SAMPLE: dict[str, Any] = {
    **_EVENT,
    "eventId": "event-2",
    "eventType": REGISTRATION,
    "requestType": "self.service.registration",
    "data": {
        "context": {"request": {"id": "r-1", "method": "POST", "ipAddress": "203.0.113.7"}},
        "userProfile": {"login": "ada@example.com", "firstName": "Ada", "lastName": "L"},
        "action": "ALLOW",
    },
}

PLUGIN = Okta()
