"""ory-kratos: the web_hook of Ory Kratos, with the Jsonnet body that `setup` prints.

Source: ory/kratos b86338d, `selfservice/hook/web_hook.go`; recorded requests of v1.3.1. Kratos has
no claims to give: an answer changes the identity, or shows a message.
"""

from __future__ import annotations

import base64
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

TRIGGERS = {"registration": "pre-user-registration", "login": "post-login"}
#: Of an identity that is not stored yet.
_NOBODY = "00000000-0000-0000-0000-000000000000"
#: Kratos wants a number; this one is in no range of its own.
_MESSAGE_ID = 7_000_001
#: What the hook's body is made of.
JSONNET = """\
function(ctx)
local kept(name) = if std.objectHas(ctx.identity, name) then ctx.identity[name];
{
  flow: {id: ctx.flow.id, type: ctx.flow.type},
  identity: {
    id: ctx.identity.id,
    traits: ctx.identity.traits,
    metadata_public: kept("metadata_public"),
    metadata_admin: kept("metadata_admin"),
  },
  request: {method: ctx.request_method, url: ctx.request_url, headers: ctx.request_headers},
}
"""


class OryKratos(KeyedProvider):
    """Metadata at registration; a denial with its text."""

    name = "ory-kratos"
    title = "Ory Kratos"
    #: Kratos waits 30 s, and tries three times.
    deadline = timedelta(seconds=5)
    retries = True

    def parse(self, call: Call, peer: Peer) -> Asked:
        """`registration` or `login`, as the hook's path says."""
        said = members(call.body)
        hook = call.hook.partition("/")[0]
        headers = {name.lower(): value for name, value in inner(said, "request", "headers").items()}
        request = {"headers": headers, **inner(said, "request")}
        event = self.event(
            peer,
            user=_user(said),
            request={
                "ip": _first(headers, "x-forwarded-for"),
                "user_agent": _first(headers, "user-agent"),
                "method": text(request, "method"),
            },
        )
        trigger = peer.triggers.get(call.hook, peer.triggers.get(hook, TRIGGERS.get(hook)))
        event_id = call.headers.get("ory-webhook-trigger-id")
        return Asked(hook, trigger, event, event_id, said)

    def allow(self, asked: Asked, verdict: Verdict, peer: Peer) -> Answer:  # noqa: ARG002 - nothing of it is needed
        """Metadata of a registration: each field is replaced whole, so what is there is kept."""
        lost = lost_parts(verdict, "metadata.app_metadata", "metadata.user_metadata")
        if asked.hook != "registration":
            return json_answer(200, {}, lost=lost)
        identity = {
            kind: filled({**inner(asked.said, "identity", kind), **patch})
            for kind, patch in (
                ("metadata_public", verdict.metadata.user_metadata),
                ("metadata_admin", verdict.metadata.app_metadata),
            )
            if patch
        }
        return json_answer(200, {"identity": identity} if identity else {}, lost=lost)

    def deny(self, asked: Asked, refusal: Refusal, peer: Peer) -> Answer:  # noqa: ARG002 - as above
        """A message of the form; needs `response.parse: true`."""
        message = {"id": _MESSAGE_ID, "text": refusal.message, "type": "error"}
        shown = {"instance_ptr": "#/", "messages": [message]}
        return json_answer(400, {"messages": [shown]})

    def unchanged(self, asked: Asked, peer: Peer) -> Answer:  # noqa: ARG002 - as above
        """An object that changes nothing."""
        return json_answer(200, {})

    def samples(self) -> tuple[Sample, ...]:
        """A registration and a login."""
        return (
            Sample("registration", orjson.dumps(_sample(_NOBODY)), _HEADERS),
            Sample("login/after", orjson.dumps(_sample("c1b7e1ca")), _HEADERS),
        )

    def setup(self, url: str) -> str:
        """kratos.yml, the Jsonnet body in it."""
        body = base64.b64encode(JSONNET.encode()).decode()
        return _SETUP.format(url=url, body=body)


_SETUP = """\
selfservice:
  flows:
    registration:
      after:
        password:
          hooks:
            - hook: web_hook
              config: &authstream
                url: {url}/registration
                method: POST
                body: base64://{body}
                response: {{ignore: false, parse: true}}
                auth: {{type: api_key, config: {{in: header, name: X-Api-Key, value: "SECRET"}}}}
            - hook: session # always last
    login:
      after:
        hooks:
          - hook: web_hook
            config:
              <<: *authstream
              url: {url}/login
"""


def _user(said: dict[str, Any]) -> dict[str, Any]:
    traits = inner(said, "identity", "traits")
    known = text(said, "identity", "id")
    name = traits.get("name")
    return filled(
        {
            "user_id": needed(
                known if known != _NOBODY else text(traits, "email") or text(traits, "username"),
                "identity.id",
            ),
            "email": text(traits, "email"),
            "username": text(traits, "username"),
            "name": name if isinstance(name, str) else None,
            "user_metadata": inner(said, "identity", "metadata_public"),
            "app_metadata": inner(said, "identity", "metadata_admin"),
        }
    )


def _first(headers: dict[str, Any], name: str) -> str | None:
    return next(iter(texts(headers, name)), None)


_HEADERS = {"content-type": "application/json"}


def _sample(identity: str) -> dict[str, Any]:
    return {
        "flow": {"id": "e7f23349", "type": "api"},
        "identity": {
            "id": identity,
            "metadata_public": None,
            "traits": {"email": "ada@example.com"},
        },
        "request": {
            "headers": {"User-Agent": ["python-requests/2.34.2"]},
            "method": "POST",
            "url": "http://127.0.0.1:4433/self-service/registration?flow=e7f23349",
        },
    }


PLUGIN = OryKratos()
