"""generic: our own JSON, for every provider that can send a request from a script."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import orjson

from authstream.contracts.verdict import Verdict
from authstream.engine.authenticity import api_key, standard_webhook
from authstream.engine.call_body import inner, members, text
from authstream.engine.provider import (
    Answer,
    Asked,
    Call,
    Peer,
    Provider,
    Refusal,
    Sample,
    json_answer,
)
from authstream.errors import InvalidCallError

STRUCTURED = "application/cloudevents+json"
#: Headers by which callers that speak no CloudEvents say which calls are the same.
_ALSO_NAME_EVENTS = ("webhook-id", "idempotency-key")
_SAMPLE = {
    "client": {"client_id": "shop", "name": "Shop"},
    "connection": {"name": "database"},
    "request": {"ip": "192.0.2.1"},
    "user": {"user_id": "sample|1", "email": "ada@example.com"},
}


class Generic(Provider):
    """An event of the trigger in, the verdict out."""

    name = "generic"
    title = "Any provider, by JSON"
    deadline = timedelta(seconds=20)
    retries = True
    redirects = True

    def authenticate(self, call: Call, peer: Peer) -> None:
        """`Authorization: Bearer <secret>`, or a signature after Standard Webhooks."""
        if "webhook-signature" in call.headers:
            standard_webhook(call, peer.secrets)
        else:
            api_key(call, "authorization", peer.secrets, scheme="Bearer")

    def parse(self, call: Call, peer: Peer) -> Asked:
        """Plain JSON, or CloudEvents 1.0 in structured or binary mode (HTTP binding)."""
        said = members(call.body)
        event, event_id = said, call.headers.get("ce-id")
        if call.headers.get("content-type", "").partition(";")[0].strip().lower() == STRUCTURED:
            event, event_id = _structured(said)
        elif event_id is not None:
            _check_version(call.headers.get("ce-specversion"))
        event = {**event, "tenant": {**inner(event, "tenant"), "id": _tenant(event, peer)}}
        trigger = peer.triggers.get(call.hook, call.hook)
        named = (event_id, *(call.headers.get(name) for name in _ALSO_NAME_EVENTS))
        return Asked(call.hook, trigger, event, next(filter(None, named), None), said)

    def allow(self, asked: Asked, verdict: Verdict, peer: Peer) -> Answer:  # noqa: ARG002 - a verdict says it all
        """The verdict."""
        return json_answer(200, verdict.public())

    def deny(self, asked: Asked, refusal: Refusal, peer: Peer) -> Answer:  # noqa: ARG002 - as above
        """The verdict too, always with a text: its outcome says that the user is not let in."""
        if refusal.verdict is None:
            return json_answer(200, _made("failed", refusal.code, refusal.message))
        return json_answer(200, {**refusal.verdict.public(), "user_message": refusal.message})

    def unchanged(self, asked: Asked, peer: Peer) -> Answer:  # noqa: ARG002 - as above
        """An allowing answer without anything in it."""
        return json_answer(200, _made("allowed", "unavailable", None))

    def samples(self) -> tuple[Sample, ...]:
        """A login, in each of the three forms."""
        cloud = {"specversion": "1.0", "id": "e-1", "source": "/sample", "type": "login"}
        binary = {"ce-specversion": "1.0", "ce-id": "e-2", "ce-source": "/sample", "ce-type": "x"}
        plain = {"content-type": "application/json"}
        return (
            Sample("post-login", orjson.dumps(_SAMPLE), plain),
            Sample(
                "post-login",
                orjson.dumps({**cloud, "data": _SAMPLE}),
                {"content-type": STRUCTURED},
            ),
            Sample("post-login", orjson.dumps(_SAMPLE), {**plain, **binary}),
        )

    def sign(self, call: Call, peer: Peer) -> Call:
        """With the first secret as Bearer token."""
        return call.signed(authorization=f"Bearer {peer.secrets[0]}")

    def setup(self, url: str) -> str:
        """A request to copy."""
        return _SETUP.format(url=url)


_SETUP = """\
# Post the event of the trigger; `outcome` in the answer is "allowed" or the user is not let in.
curl --fail-with-body {url}/post-login \\
  -H 'Authorization: Bearer SECRET' -H 'Content-Type: application/json' \\
  -H 'ce-specversion: 1.0' -H 'ce-id: EVENT-ID' -H 'ce-source: /idp' -H 'ce-type: login' \\
  -d '{{"client": {{"client_id": "shop"}}, "connection": {{"name": "database"}},
       "request": {{"ip": "192.0.2.1"}}, "user": {{"user_id": "USER"}}}}'
"""


def _structured(said: dict[str, Any]) -> tuple[dict[str, Any], str]:
    _check_version(text(said, "specversion"))
    event_id = text(said, "id")
    if event_id is None or not isinstance(said.get("data"), dict):
        raise InvalidCallError("a CloudEvent of a login needs id and, as an object, data")
    return inner(said, "data"), event_id


def _check_version(version: str | None) -> None:
    if version != "1.0":
        raise InvalidCallError("only CloudEvents 1.0 is known: send specversion 1.0")


def _tenant(event: Mapping[str, Any], peer: Peer) -> str:
    """The connection's tenant; an event may say it too, but not another one."""
    said = text(event, "tenant", "id")
    if said is not None and said != peer.tenant:
        raise InvalidCallError("tenant.id is not the tenant of this connection")
    return peer.tenant


def _made(outcome: str, code: str, message: str | None) -> dict[str, object]:
    """An answer without a verdict, of the same shape as far as callers look."""
    claims: dict[str, object] = {"id_token": {}, "access_token": {}}
    return {"outcome": outcome, "code": code, "user_message": message, "claims": claims}


PLUGIN = Generic()
