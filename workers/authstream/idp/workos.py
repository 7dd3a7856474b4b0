"""workos: Actions of WorkOS AuthKit, a verdict and nothing else, and signed both ways.

Source: workos/workos-node fd885bc, `src/actions/actions.ts`.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import orjson

from authstream.contracts.verdict import Verdict
from authstream.engine.authenticity import timestamped, timestamped_signature
from authstream.engine.call_body import inner, members, needed, text
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
from authstream.errors import InvalidCallError

HEADER = "workos-signature"
TOLERANCE = timedelta(seconds=30)
_MILLISECOND = timedelta(milliseconds=1)
_CONTEXT = "_action_context"
TRIGGERS = {"authentication": "post-login", "user_registration": "pre-user-registration"}


class WorkOS(Provider):
    """Yes, or no with a text."""

    name = "workos"
    title = "WorkOS"
    #: WorkOS says no limit; people wait.
    deadline = timedelta(seconds=2)

    def authenticate(self, call: Call, peer: Peer) -> None:
        """A signature not older than 30 s."""
        timestamped(call, HEADER, peer.secrets, unit=_MILLISECOND, tolerance=TOLERANCE)

    def parse(self, call: Call, peer: Peer) -> Asked:
        """The hook is what `object` says."""
        said = members(call.body)
        hook = needed(text(said, "object"), "object").removesuffix(_CONTEXT)
        if hook not in TRIGGERS:
            raise InvalidCallError("object is no context of an action that WorkOS has")
        # The answer is signed at the time of the call, so that parsing stays a pure function.
        said["received_at"] = call.received_at
        user = inner(said, "user" if hook == "authentication" else "user_data")
        event = self.event(
            peer,
            user={
                "user_id": needed(text(user, "id") or text(user, "email"), "user.id"),
                "email": text(user, "email"),
                "email_verified": user.get("email_verified") is True,
                "given_name": text(user, "first_name"),
                "family_name": text(user, "last_name"),
                "user_metadata": inner(user, "metadata") if "metadata" in user else None,
            },
            client={"client_id": text(said, "issuer")},
            request={"ip": text(said, "ip_address"), "user_agent": text(said, "user_agent")},
        )
        organization = text(said, "organization", "id")
        if organization is not None:
            event["organization"] = {"id": organization}
        return Asked(hook, peer.triggers.get(hook, TRIGGERS[hook]), event, text(said, "id"), said)

    def allow(self, asked: Asked, verdict: Verdict, peer: Peer) -> Answer:
        """Allow."""
        return _signed(asked, peer, "Allow", lost=lost_parts(verdict))

    def deny(self, asked: Asked, refusal: Refusal, peer: Peer) -> Answer:
        """Deny, with the text."""
        return _signed(asked, peer, "Deny", message=refusal.message)

    def unchanged(self, asked: Asked, peer: Peer) -> Answer:
        """Allow."""
        return _signed(asked, peer, "Allow")

    def samples(self) -> tuple[Sample, ...]:
        """Both actions."""
        return tuple(
            Sample(hook, orjson.dumps({**body, "object": f"{hook}{_CONTEXT}"}))
            for hook, body in (("authentication", _LOGIN), ("user_registration", _SIGNUP))
        )

    def sign(self, call: Call, peer: Peer) -> Call:
        """With the first secret."""
        at = str(call.received_at)
        signature = timestamped_signature(peer.secrets[0], at, call.body)
        return call.signed(**{HEADER: f"t={at}, v1={signature}"})

    def setup(self, url: str) -> str:
        """The dashboard's page on actions."""
        return _SETUP.format(url=url)


_SETUP = """\
# WorkOS dashboard, Authentication, Actions: an endpoint for each of the two actions.
Authentication      {url}/authentication
User registration   {url}/user_registration
# The secret that the page shows is the connection's secret.
"""


def _signed(
    asked: Asked,
    peer: Peer,
    verdict: str,
    *,
    message: str | None = None,
    lost: tuple[str, ...] = (),
) -> Answer:
    """The signature covers the payload's text, members in this order and without spaces."""
    at: int = asked.said["received_at"]
    payload: dict[str, Any] = {"timestamp": at, "verdict": verdict}
    if message is not None:
        payload["error_message"] = message
    secret = peer.secrets[0] if peer.secrets else ""
    signature = timestamped_signature(secret, str(at), orjson.dumps(payload))
    body = {"object": f"{asked.hook}_action_response", "payload": payload, "signature": signature}
    return json_answer(200, body, lost=lost)


_AROUND = {"id": "action-1", "ip_address": "203.0.113.7", "user_agent": "x", "issuer": "shop"}
_LOGIN = {
    **_AROUND,
    "user": {"object": "user", "id": "u-1", "email": "ada@example.com", "email_verified": True},
    "organization": {"object": "organization", "id": "o-1"},
}
_SIGNUP = {
    **_AROUND,
    "user_data": {"object": "user_data", "email": "ada@example.com", "first_name": "Ada"},
}

PLUGIN = WorkOS()
