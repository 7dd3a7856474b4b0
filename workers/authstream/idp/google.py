"""google: blocking functions of Google Identity Platform and Firebase Authentication.

Source: cloud.google.com/identity-platform/docs/blocking-functions; requests of the Firebase
emulator 15.34.2, which does not sign them.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from datetime import timedelta
from ipaddress import ip_address
from typing import Any, ClassVar

import jwt
import orjson

from authstream.contracts.verdict import Verdict
from authstream.engine.bearer import verified
from authstream.engine.call_body import filled, inner, members, needed, text
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
from authstream.errors import InvalidCallError, UnauthenticatedError

#: Google's own keys for these tokens.
KEYS = "https://www.googleapis.com/service_accounts/v1/jwk/securetoken@system.gserviceaccount.com"
ISSUER = "https://securetoken.google.com/"
TRIGGERS = {"beforeCreate": "pre-user-registration", "beforeSignIn": "post-login"}


class Google(Provider):
    """Session claims and stored claims of the ID token; a denial with its text."""

    name = "google"
    title = "Google Identity Platform, Firebase Authentication"
    #: Google waits 7 s.
    deadline = timedelta(seconds=5)
    shared_secret = False
    key_set = KEYS
    options: ClassVar[Mapping[str, str]] = {
        "project": "the Google project's id; its tokens and no others are taken",
        "audience": "the function's URL as it was registered, without the hook's name",
        "emulator": "`true` takes unsigned calls of the Firebase emulator, from this machine only",
    }

    def authenticate(self, call: Call, peer: Peer) -> None:
        """The body is a token that Google signed for this project and this URL."""
        try:
            token = needed(text(members(call.body), "data", "jwt"), "data.jwt")
        except InvalidCallError as error:
            raise UnauthenticatedError(str(error)) from None
        if peer.options.get("emulator") == "true":
            if not ip_address(call.client).is_loopback:
                raise UnauthenticatedError("unsigned calls are taken from this machine only")
            return
        audience = f"{peer.options.get('audience', '')}/{call.hook}"
        issuer = f"{ISSUER}{peer.options.get('project', '')}"
        verified(token, peer, audience=audience, issuer=issuer)

    def token(self, call: Call) -> str | None:
        """The token in the body."""
        try:
            return text(members(call.body), "data", "jwt")
        except InvalidCallError:
            return None

    def parse(self, call: Call, peer: Peer) -> Asked:
        """A registration or a sign-in."""
        said = _claims(needed(text(members(call.body), "data", "jwt"), "data.jwt"))
        hook = text(said, "event_type") or call.hook
        trigger = peer.triggers.get(hook, TRIGGERS.get(hook, ""))
        method, locale = text(said, "sign_in_method"), text(said, "locale")
        request = {"ip": text(said, "ip_address"), "user_agent": text(said, "user_agent")}
        event = self.event(
            peer,
            user=_user(said),
            client={"client_id": text(said, "aud")},
            connection={"name": method, "strategy": method},
            request={**request, "language": locale},
            transaction={"locale": locale or ""},
        )
        return Asked(hook, trigger or None, event, text(said, "event_id"), said)

    def allow(self, asked: Asked, verdict: Verdict, peer: Peer) -> Answer:  # noqa: ARG002 - nothing of it is needed
        """Claims for this session, `app_metadata` as stored claims, each named in `updateMask`."""
        record: dict[str, Any] = {}
        if asked.hook == "beforeSignIn" and verdict.claims.id_token:
            record["sessionClaims"] = filled(verdict.claims.id_token)
        patch = verdict.metadata.app_metadata
        if patch:
            stored = inner(asked.said, "user_record", "custom_claims")
            record["customClaims"] = filled({**stored, **patch})
        signing_in = ("claims.id_token",) if asked.hook == "beforeSignIn" else ()
        removed = tuple(
            f"claims.id_token.{name}"
            for name, value in verdict.claims.id_token.items()
            if value is None and signing_in
        )
        lost = (*removed, *lost_parts(verdict, "metadata.app_metadata", *signing_in))
        if not record:
            return json_answer(200, {}, lost=lost)
        mask = ",".join(record)
        return json_answer(200, {"userRecord": {"updateMask": mask, **record}}, lost=lost)

    def deny(self, asked: Asked, refusal: Refusal, peer: Peer) -> Answer:  # noqa: ARG002 - as above
        """403; the text is in what the client gets."""
        error = {"status": "PERMISSION_DENIED", "message": refusal.message}
        return json_answer(403, {"error": error})

    def unchanged(self, asked: Asked, peer: Peer) -> Answer:  # noqa: ARG002 - as above
        """An empty object changes nothing."""
        return json_answer(200, {})

    def samples(self) -> tuple[Sample, ...]:
        """Both hooks as the emulator sends them."""
        return tuple(
            Sample(hook, _body(hook), _HEADERS) for hook in ("beforeSignIn", "beforeCreate")
        )

    def sign(self, call: Call, peer: Peer) -> Call:  # noqa: ARG002 - only Google can
        """The call as it is: Google's signature is in the body, and the emulator makes none."""
        return call

    def setup(self, url: str) -> str:
        """The project's configuration, by its REST interface."""
        return _SETUP.format(url=url)


_SETUP = """\
PATCH https://identitytoolkit.googleapis.com/v2/projects/PROJECT/config?updateMask=blockingFunctions
{{"blockingFunctions": {{"triggers": {{
  "beforeCreate": {{"functionUri": "{url}/beforeCreate"}},
  "beforeSignIn": {{"functionUri": "{url}/beforeSignIn"}}}}}}}}
"""


def _claims(token: str) -> dict[str, Any]:
    """What an already checked token says."""
    try:
        return members(base64.urlsafe_b64decode(token.split(".")[1] + "=="))
    except (IndexError, binascii.Error, ValueError):
        raise InvalidCallError("data.jwt is no JSON Web Token") from None


def _user(said: dict[str, Any]) -> dict[str, Any]:
    user = inner(said, "user_record")
    return filled(
        {
            "user_id": needed(text(user, "uid"), "user_record.uid"),
            "email": text(user, "email"),
            "email_verified": user.get("email_verified") is True,
            "name": text(user, "display_name"),
            "picture": text(user, "photo_url"),
            "phone_number": text(user, "phone_number"),
            "app_metadata": inner(user, "custom_claims"),
        }
    )


_HEADERS = {"content-type": "application/json"}


def _body(hook: str) -> bytes:
    claims: dict[str, Any] = {
        "iss": f"{ISSUER}demo-actions",
        "aud": f"http://127.0.0.1/hooks/google/{hook}",
        "event_id": f"event-{hook}",
        "event_type": hook,
        "ip_address": "127.0.0.1",
        "user_agent": "Firebase",
        "locale": "en",
        "user_record": {
            "uid": "0NxIc1",
            "email": "ada@example.com",
            "email_verified": False,
            "custom_claims": {},
        },
        "sub": "0NxIc1",
        "sign_in_method": "password",
    }
    return orjson.dumps({"data": {"jwt": jwt.encode(claims, "", algorithm="none")}})


PLUGIN = Google()
