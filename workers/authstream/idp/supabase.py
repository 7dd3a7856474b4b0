"""supabase: the hooks of Supabase Auth, signed after Standard Webhooks.

Source: supabase/auth bc32168, `internal/hooks`; recorded requests. The answer replaces all claims,
so what came in is said again, in the form that it came in.
"""

from __future__ import annotations

import base64
import secrets
from dataclasses import replace
from datetime import timedelta
from typing import Any

import orjson

from authstream.contracts.verdict import Verdict
from authstream.engine.authenticity import standard_signature, standard_webhook
from authstream.engine.call_body import filled, inner, members, needed, objects, text
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

TOKEN, CREATED = "customize-access-token", "before-user-created"
SMS, EMAIL = "send-sms", "send-email"
TRIGGERS = {
    TOKEN: "post-login",
    CREATED: "pre-user-registration",
    "after-user-created": "post-user-registration",
    SMS: "custom-phone-provider",
    EMAIL: "custom-email-provider",
}
#: Messages that nobody sends but an action.
_SENT = frozenset([SMS, EMAIL])
#: Status of a step whose action ran to its end.
RAN = "ok"
#: Told where a flow has no action that could have sent a message: the user waits for it.
NOT_SENT = "Nothing sends this message: bind an action to {trigger}."
#: Claims that Supabase checks for after the hook: they cannot be taken away.
_REQUIRED = frozenset(
    [
        *("iss", "aud", "exp", "iat", "sub", "email", "phone", "role", "aal", "session_id"),
        "is_anonymous",
    ]
)
#: Attempts are judged, not changed: `continue` leaves Supabase's own decision.
_ATTEMPTS = frozenset(["mfa-verification", "password-verification"])


class Supabase(Provider):
    """Claims of the access token; a denial with its text."""

    name = "supabase"
    title = "Supabase Auth"
    #: Supabase waits 5 s over all its tries.
    deadline = timedelta(seconds=4)
    retries = True

    def new_secret(self) -> str:
        """In the form of Standard Webhooks, as Supabase writes it."""
        return f"v1,whsec_{base64.b64encode(secrets.token_bytes(32)).decode()}"

    def authenticate(self, call: Call, peer: Peer) -> None:
        """Standard Webhooks; two secrets may be in use."""
        standard_webhook(call, peer.secrets)

    def parse(self, call: Call, peer: Peer) -> Asked:
        """The hook is what `metadata.name` says."""
        said = members(call.body)
        hook = needed(text(said, "metadata", "name"), "metadata.name")
        if hook not in TRIGGERS.keys() | _ATTEMPTS:
            raise InvalidCallError(f"the hook {hook} is not known here: leave it off at Supabase")
        claims = inner(said, "claims")
        event = self.event(
            peer,
            user=_user(said, hook),
            client={"client_id": text(claims, "client_id")},
            connection={"name": text(said, "authentication_method")},
            request={"ip": text(said, "metadata", "ip_address")},
        )
        if hook == TOKEN:
            event["authentication"] = {"methods": _methods(claims)}
            event["session"] = {"id": text(claims, "session_id") or ""}
        if hook in _ATTEMPTS:
            names = ("valid", "factor_id", "factor_type")
            event["request"]["body"] = filled({name: said.get(name) for name in names})
        if hook == SMS:
            event["notification"] = _sms(said)
        if hook == EMAIL:
            event["notification"] = _email(said)
        trigger = peer.triggers.get(hook, TRIGGERS.get(hook))
        return Asked(hook, trigger, event, text(said, "metadata", "uuid"), said)

    def allow(self, asked: Asked, verdict: Verdict, peer: Peer) -> Answer:
        """All claims of the access token, which is the only token with custom ones."""
        if asked.hook in _SENT and not any(step.status == RAN for step in verdict.steps):
            error = {"http_code": 500, "message": NOT_SENT.format(trigger=asked.trigger)}
            return json_answer(200, {"error": error}, lost=lost_parts(verdict))
        if asked.hook != TOKEN:
            return replace(self.unchanged(asked, peer), lost=lost_parts(verdict))
        wanted = verdict.claims.access_token
        kept = tuple(name for name, value in wanted.items() if value is None and name in _REQUIRED)
        changed = {name: value for name, value in wanted.items() if name not in kept}
        claims = {**inner(asked.said, "claims"), **changed}
        for name, value in changed.items():
            if value is None:
                del claims[name]
        lost = tuple(f"claims.access_token.{name}" for name in kept)
        lost += lost_parts(verdict, "claims.access_token")
        return json_answer(200, {"claims": claims}, lost=lost)

    def deny(self, asked: Asked, refusal: Refusal, peer: Peer) -> Answer:  # noqa: ARG002 - as above
        """An error inside a 200: other statuses have no text, and 429 and 503 are tried again."""
        if asked.hook in _ATTEMPTS:
            said: dict[str, object] = {"decision": "reject", "message": refusal.message}
            return json_answer(200, {**said, "should_logout_user": False})
        return json_answer(200, {"error": {"http_code": 403, "message": refusal.message}})

    def unchanged(self, asked: Asked, peer: Peer) -> Answer:  # noqa: ARG002 - as above
        """The claims as they are, or no objection."""
        if asked.hook in _ATTEMPTS:
            return json_answer(200, {"decision": "continue"})
        return json_answer(
            200, {"claims": inner(asked.said, "claims")} if asked.hook == TOKEN else {}
        )

    def samples(self) -> tuple[Sample, ...]:
        """Tokens at sign-up and at login (whose `aud` differ in form), and a registration."""
        return tuple(
            Sample(hook, orjson.dumps(body), {"content-type": "application/json"})
            for hook, body in (
                ("custom_access_token", _token(["authenticated"])),
                ("custom_access_token", _token("authenticated")),
                ("before_user_created", {"metadata": _metadata(CREATED), "user": _USER}),
                (
                    "after_user_created",
                    {"metadata": _metadata("after-user-created"), "user": _USER},
                ),
                ("send_sms", {"metadata": _metadata(SMS), "user": _USER, "sms": _SMS}),
                (
                    "send_email",
                    {"metadata": _metadata(EMAIL), "user": _USER, "email_data": _EMAIL},
                ),
                *(
                    (hook.replace("-", "_"), {**_ATTEMPT, "metadata": _metadata(hook)})
                    for hook in sorted(_ATTEMPTS)
                ),
            )
        )

    def sign(self, call: Call, peer: Peer) -> Call:
        """With the first secret."""
        at = str(call.received_at // 1000)
        signature = standard_signature(peer.secrets[0], "msg-1", at, body=call.body)
        return call.signed(webhook_id="msg-1", webhook_timestamp=at, webhook_signature=signature)

    def setup(self, url: str) -> str:
        """Environment of Supabase Auth."""
        return _SETUP.format(url=url)


_SETUP = """\
# SECRET: v1,whsec_<base64 of at least 24 random bytes>; two are separated by |
GOTRUE_HOOK_CUSTOM_ACCESS_TOKEN_ENABLED=true
GOTRUE_HOOK_CUSTOM_ACCESS_TOKEN_URI={url}/custom_access_token
GOTRUE_HOOK_CUSTOM_ACCESS_TOKEN_SECRETS=SECRET
GOTRUE_HOOK_BEFORE_USER_CREATED_ENABLED=true
GOTRUE_HOOK_BEFORE_USER_CREATED_URI={url}/before_user_created
GOTRUE_HOOK_BEFORE_USER_CREATED_SECRETS=SECRET
# The same for AFTER_USER_CREATED, MFA_VERIFICATION_ATTEMPT, PASSWORD_VERIFICATION_ATTEMPT, and
# for SEND_EMAIL and SEND_SMS once an action of custom-email-provider or -phone-provider sends.
"""


def _user(said: dict[str, Any], hook: str) -> dict[str, Any]:
    known = inner(said, "claims") if hook == TOKEN else inner(said, "user")
    user_id = text(said, "user_id") or text(known, "id") or text(known, "email")
    return filled(
        {
            "user_id": needed(user_id or text(known, "phone"), "user_id"),
            "email": text(known, "email"),
            "phone_number": text(known, "phone"),
            "app_metadata": _kept(known, "app_metadata"),
            "user_metadata": _kept(known, "user_metadata"),
        }
    )


def _kept(known: dict[str, Any], name: str) -> dict[str, Any] | None:
    return inner(known, name) if name in known else None


def _email(said: dict[str, Any]) -> dict[str, Any]:
    """`email_data` is Supabase's own: a change of address has two codes, for two addresses."""
    data = inner(said, "email_data")
    return filled(
        {
            "to": needed(text(said, "user", "email"), "user.email"),
            "message_type": text(data, "email_action_type"),
            "code": text(data, "token"),
            "email_data": data,
        }
    )


def _sms(said: dict[str, Any]) -> dict[str, Any]:
    phone = text(said, "sms", "phone") or text(said, "user", "phone")
    return filled(
        {
            "recipient": needed(phone, "sms.phone"),
            "code": text(said, "sms", "otp"),
            "delivery_method": "text",
            "message_type": text(said, "sms", "sms_type"),
        }
    )


def _methods(claims: dict[str, Any]) -> list[dict[str, Any]]:
    names = [text(one, "method") for one in objects(claims, "amr")]
    return [{"name": name} for name in names if name is not None]


def _metadata(name: str) -> dict[str, Any]:
    at = "2026-11-23T19:00:00Z"
    return {"uuid": f"uuid-{name}", "time": at, "name": name, "ip_address": "127.0.0.1"}


def _token(audience: object) -> dict[str, Any]:
    claims = {
        "iss": "http://127.0.0.1:9999",
        "sub": "u-1",
        "aud": audience,
        "exp": 1_795_402_055,
        "iat": 1_795_398_455,
        "email": "ada@example.com",
        "phone": "",
        "app_metadata": {"provider": "email"},
        "user_metadata": {},
        "role": "authenticated",
        "aal": "aal1",
        "amr": [{"method": "password", "timestamp": 1_795_398_455}],
        "session_id": "s-1",
        "is_anonymous": False,
    }
    return {
        "metadata": _metadata(TOKEN),
        "user_id": "u-1",
        "claims": claims,
        "authentication_method": "password",
    }


_USER: dict[str, Any] = {"id": "u-1", "email": "ada@example.com", "phone": "", "app_metadata": {}}
_SMS = {"otp": "123456", "phone": "15550100", "sms_type": "verification"}
_EMAIL = {
    "token": "123456",
    "token_hash": "pkce_7f1c",
    "redirect_to": "https://shop.example.com/welcome",
    "email_action_type": "signup",
    "site_url": "http://127.0.0.1:9999",
    "token_new": "",
    "token_hash_new": "",
}
_ATTEMPT = {"user_id": "u-1", "valid": True}

PLUGIN = Supabase()
