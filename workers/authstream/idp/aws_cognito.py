"""aws-cognito: triggers of Amazon Cognito user pools, as a Lambda function would answer them.

Source: AWS, "Customizing user pool workflows with Lambda triggers" (versions 1 to 3 of the token
event); @types/aws-lambda 8.10.164; requests of cognito-local 5.3.0. Cognito calls Lambda only: a
shim function, or an emulator, forwards the call.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import orjson

from authstream.contracts.verdict import Verdict
from authstream.engine.authenticity import api_key, aws4, aws_signature
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

HEADER = "x-api-key"
#: By the first part of `triggerSource`, then by the whole.
TRIGGERS = {
    "TokenGeneration": "post-login",
    "TokenGeneration_ClientCredentials": "credentials-exchange",
    "PreSignUp": "pre-user-registration",
    "PostConfirmation_ConfirmSignUp": "post-user-registration",
    "PostConfirmation_ConfirmForgotPassword": "post-change-password",
}
#: Reported by the SDK to the app as the error's text.
_ERROR_TYPE = "Denied"
_SIGNED = ("host", "x-amz-date")


class AwsCognito(Provider):
    """Claims added and suppressed, scopes; a denial with its text."""

    name = "aws-cognito"
    title = "Amazon Cognito"
    #: Cognito waits 5 s.
    deadline = timedelta(seconds=4)
    retries = True

    def authenticate(self, call: Call, peer: Peer) -> None:
        """The api key of a shim, or the AWS signature of an emulator's Lambda client."""
        if HEADER in call.headers:
            api_key(call, HEADER, peer.secrets)
        else:
            aws_signature(call, peer.secrets)

    def parse(self, call: Call, peer: Peer) -> Asked:
        """The trigger is what `triggerSource` says."""
        said = members(call.body)
        source = needed(text(said, "triggerSource"), "triggerSource")
        kind = source.partition("_")[0]
        known = {**TRIGGERS, **peer.triggers}
        trigger = known.get(source, known.get(kind))
        user = needed(text(said, "userName"), "userName") if trigger in _OF_USERS else None
        attributes = inner(said, "request", "userAttributes")
        client = text(said, "callerContext", "clientId") or "unknown"
        roles = texts(said, "request", "groupConfiguration", "groupsToOverride")
        event = self.event(
            peer,
            user=_user(user or client, attributes),
            client={"client_id": client, "name": client},
            connection={"name": text(said, "userPoolId")},
            request={"body": inner(said, "request", "clientMetadata")},
            transaction={"requested_scopes": texts(said, "request", "scopes")},
            authorization={"roles": roles},
        )
        if trigger == "credentials-exchange":
            event |= {"accessToken": {"customClaims": {}, "scope": []}}
            event |= {"resource_server": {"identifier": ""}}
        return Asked(source, trigger, event, None, said)

    def allow(self, asked: Asked, verdict: Verdict, peer: Peer) -> Answer:  # noqa: ARG002 - nothing of it is needed
        """The event again, its `response` filled in as its version wants it."""
        kind = asked.hook.partition("_")[0]
        if kind != "TokenGeneration":
            return _echo(asked, inner(asked.said, "response"), lost=lost_parts(verdict))
        if text(asked.said, "version") in ("2", "3"):
            return _echo(asked, _second(verdict), lost=lost_parts(verdict, *_SECOND))
        details = _claims(verdict.claims.id_token, plain=True)
        lost = lost_parts(verdict, "claims.id_token")
        return _echo(asked, {"claimsOverrideDetails": details}, lost=lost)

    def deny(self, asked: Asked, refusal: Refusal, peer: Peer) -> Answer:  # noqa: ARG002 - as above
        """A function error, which Cognito shows to the app."""
        body = {"errorMessage": refusal.message, "errorType": _ERROR_TYPE}
        answer = json_answer(200, body)
        return Answer(
            answer.status, answer.body, {**answer.headers, "X-Amz-Function-Error": "Unhandled"}
        )

    def unchanged(self, asked: Asked, peer: Peer) -> Answer:  # noqa: ARG002 - as above
        """The event as it came."""
        return json_answer(200, asked.said)

    def samples(self) -> tuple[Sample, ...]:
        """Token events of each version, and a sign-up."""
        return tuple(
            Sample(f"2015-03-31/functions/{name}/invocations", orjson.dumps(body))
            for name, body in _SAMPLES.items()
        )

    def sign(self, call: Call, peer: Peer) -> Call:
        """As a shim does, unless the secret is an AWS key pair."""
        key_id, separator, secret = peer.secrets[0].partition(":")
        if not separator:
            return call.signed(**{HEADER: peer.secrets[0]})
        at = datetime.fromtimestamp(call.received_at / 1000, UTC).strftime("%Y%m%dT%H%M%SZ")
        scope = (at[:8], "local", "lambda")
        call = call.signed(**{"x-amz-date": at})
        signature = aws4(call, secret, scope, signed_headers=_SIGNED)
        return call.signed(
            authorization=f"AWS4-HMAC-SHA256 Credential={key_id}/{'/'.join(scope)}/aws4_request, "
            f"SignedHeaders={';'.join(_SIGNED)}, Signature={signature}"
        )

    def setup(self, url: str) -> str:
        """A Lambda function that forwards, for every trigger of the pool."""
        return _SETUP.format(url=url)


_SETUP = """\
// Lambda function (Node.js 20 or newer), bound to the pool's triggers. SECRET: an environment
// variable of the function.
export const handler = async (event) => {{
  const answer = await fetch("{url}/invoke", {{
    method: "POST", signal: AbortSignal.timeout(4500),
    headers: {{"content-type": "application/json", "x-api-key": process.env.SECRET}},
    body: JSON.stringify(event)}});
  const said = await answer.json();
  if (!answer.ok || answer.headers.has("x-amz-function-error")) {{
    throw new Error(said.errorMessage ?? "Sign-in cannot be checked right now.");
  }}
  return said;
}};
"""
_OF_USERS = frozenset(TRIGGERS.values()) - {"credentials-exchange"}
_SECOND = ("claims.id_token", "claims.access_token", "scopes_added", "scopes_removed")


def _user(user_id: str, attributes: dict[str, Any]) -> dict[str, Any]:
    custom = {k: v for k, v in attributes.items() if k.startswith("custom:")}
    return filled(
        {
            "user_id": text(attributes, "sub") or user_id,
            "username": user_id,
            "email": text(attributes, "email"),
            "email_verified": attributes.get("email_verified") == "true",
            "name": text(attributes, "name"),
            "given_name": text(attributes, "given_name"),
            "family_name": text(attributes, "family_name"),
            "phone_number": text(attributes, "phone_number"),
            "user_metadata": custom or None,
        }
    )


def _claims(claims: dict[str, Any], *, plain: bool) -> dict[str, Any]:
    """Version 1 has texts only: anything else is said as JSON."""
    added = {
        name: value if isinstance(value, str) or not plain else orjson.dumps(value).decode()
        for name, value in claims.items()
        if value is not None
    }
    removed = [name for name, value in claims.items() if value is None]
    return {"claimsToAddOrOverride": added, "claimsToSuppress": removed}


def _second(verdict: Verdict) -> dict[str, Any]:
    access = _claims(verdict.claims.access_token, plain=False)
    access |= {
        "scopesToAdd": list(verdict.scopes_added),
        "scopesToSuppress": list(verdict.scopes_removed),
    }
    return {
        "claimsAndScopeOverrideDetails": {
            "idTokenGeneration": _claims(verdict.claims.id_token, plain=False),
            "accessTokenGeneration": access,
        }
    }


def _echo(asked: Asked, response: dict[str, Any], *, lost: tuple[str, ...]) -> Answer:
    return json_answer(200, {**asked.said, "response": response}, lost=lost)


_POOL = {
    "region": "local",
    "userPoolId": "local_1",
    "userName": "ada",
    "callerContext": {"awsSdkVersion": "2.1693.0", "clientId": "shop"},
}
_ATTRIBUTES = {"sub": "u-1", "email": "ada@example.com", "email_verified": "true"}
_SAMPLES: dict[str, dict[str, Any]] = {
    "pretoken": {
        "version": "1",
        **_POOL,
        "triggerSource": "TokenGeneration_Authentication",
        "request": {"userAttributes": _ATTRIBUTES, "groupConfiguration": {}},
        "response": {"claimsOverrideDetails": {}},
    },
    "pretoken-v2": {
        "version": "2",
        **_POOL,
        "triggerSource": "TokenGeneration_RefreshTokens",
        "request": {
            "userAttributes": _ATTRIBUTES,
            "groupConfiguration": {"groupsToOverride": ["staff"]},
            "scopes": ["openid"],
        },
        "response": {"claimsAndScopeOverrideDetails": {}},
    },
    "pretoken-v3": {
        "version": "3",
        **_POOL,
        "triggerSource": "TokenGeneration_ClientCredentials",
        "request": {"userAttributes": {}, "groupConfiguration": {}, "scopes": ["api/read"]},
        "response": {"claimsAndScopeOverrideDetails": {}},
    },
    "presignup": {
        "version": "1",
        **_POOL,
        "triggerSource": "PreSignUp_SignUp",
        "request": {"userAttributes": {"email": "ada@example.com"}},
        "response": {"autoConfirmUser": False, "autoVerifyEmail": False, "autoVerifyPhone": False},
    },
}

PLUGIN = AwsCognito()
