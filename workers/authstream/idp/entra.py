"""entra: custom authentication extensions of Microsoft Entra.

Source: MicrosoftDocs/entra-docs, custom claims provider and attribute collection. Entra waits one
second, and has no action that denies a token: a sign-in ends by an error of ours.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, ClassVar, cast

import orjson

from authstream.contracts.verdict import Verdict
from authstream.engine.bearer import bearer, verified
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
from authstream.errors import UnauthenticatedError

#: The service that calls custom extensions, in every tenant.
CALLER = "99045fe1-7639-4a75-9d4a-577b6ca3810f"
PREFIX = "microsoft.graph.authenticationEvent."
TOKEN, SUBMIT = "tokenIssuanceStart", "attributeCollectionSubmit"
TRIGGERS = {TOKEN: "post-login", SUBMIT: "pre-user-registration"}
#: All claims of an answer together.
CLAIMS_BYTES = 3 * 1024


class Entra(Provider):
    """Claims of the token, texts only; at sign-up a denial with its text."""

    name = "entra"
    title = "Microsoft Entra"
    #: Entra waits 1 s, unless told 2.
    deadline = timedelta(milliseconds=800)
    retries = True
    shared_secret = False
    options: ClassVar[Mapping[str, str]] = {
        "audience": "the application id of the extension's app registration",
        "issuer": "https://login.microsoftonline.com/<tenant id>/v2.0",
        "key_set": "https://login.microsoftonline.com/<tenant id>/discovery/v2.0/keys",
    }

    def authenticate(self, call: Call, peer: Peer) -> None:
        """A token of the tenant for our application, asked for by Entra's own service."""
        audience, issuer = peer.options.get("audience", ""), peer.options.get("issuer", "")
        claims = verified(bearer(call), peer, audience=audience, issuer=issuer)
        if CALLER not in (claims.get("azp"), claims.get("appid")):
            raise UnauthenticatedError("the token was not asked for by Entra's own service")

    def token(self, call: Call) -> str | None:
        """The Bearer token."""
        try:
            return bearer(call)
        except UnauthenticatedError:
            return None

    def parse(self, call: Call, peer: Peer) -> Asked:
        """The hook is what `type` says."""
        said = members(call.body)
        hook = needed(text(said, "type"), "type").removeprefix(PREFIX)
        context = inner(said, "data", "authenticationContext")
        app = inner(context, "clientServicePrincipal")
        caller, correlation = inner(context, "client"), text(context, "correlationId")
        event = self.event(
            peer,
            user=_user(said, hook),
            client={"client_id": text(app, "appId"), "name": text(app, "displayName")},
            request={"ip": text(caller, "ip"), "language": text(caller, "locale")},
            transaction=filled({"correlation_id": correlation, "locale": "", "metadata": {}}),
        )
        resource = text(context, "resourceServicePrincipal", "appId")
        if resource is not None:
            event["resource_server"] = {"identifier": resource}
        trigger = peer.triggers.get(hook, TRIGGERS.get(hook))
        return Asked(hook, trigger, event, correlation, said)

    def allow(self, asked: Asked, verdict: Verdict, peer: Peer) -> Answer:  # noqa: ARG002 - nothing of it is needed
        """Both tokens' claims in one object: Entra's mapping policy says which go where."""
        if asked.hook != TOKEN:
            return _acted(asked.hook, "continueWithDefaultBehavior", lost=lost_parts(verdict))
        wanted = {**verdict.claims.access_token, **verdict.claims.id_token}
        claims = {name: _texts(value) for name, value in wanted.items() if value is not None}
        over = len(orjson.dumps(claims)) > CLAIMS_BYTES
        lost = tuple(f"claims.{name}" for name in wanted if over or name not in claims)
        lost += lost_parts(verdict, "claims.id_token", "claims.access_token")
        return _acted(TOKEN, "provideClaimsForToken", lost=lost, claims={} if over else claims)

    def deny(self, asked: Asked, refusal: Refusal, peer: Peer) -> Answer:  # noqa: ARG002 - as above
        """A page at sign-up; at sign-in an error status, whose text nobody sees."""
        if asked.hook == TOKEN:
            body = {"error": {"code": refusal.code, "message": refusal.message}}
            return json_answer(403, body, lost=("message",))
        return _acted(asked.hook, "showBlockPage", title="Sign-up", message=refusal.message)

    def unchanged(self, asked: Asked, peer: Peer) -> Answer:  # noqa: ARG002 - as above
        """No claims, or the default behaviour."""
        if asked.hook == TOKEN:
            return _acted(TOKEN, "provideClaimsForToken", claims={})
        return _acted(asked.hook, "continueWithDefaultBehavior")

    def samples(self) -> tuple[Sample, ...]:
        """Token issuance and the end of attribute collection."""
        return tuple(
            Sample(hook, orjson.dumps(body), {"content-type": "application/json"})
            for hook, body in ((TOKEN, _TOKEN_SAMPLE), (SUBMIT, _SUBMIT_SAMPLE))
        )

    def sign(self, call: Call, peer: Peer) -> Call:  # noqa: ARG002 - only Entra can
        """The call as it is: only Entra has the key."""
        return call

    def setup(self, url: str) -> str:
        """A call of Microsoft Graph."""
        return _SETUP.format(url=url)


_SETUP = """\
POST https://graph.microsoft.com/v1.0/identity/customAuthenticationExtensions
{{"@odata.type": "#microsoft.graph.onTokenIssuanceStartCustomExtension",
 "displayName": "authstream", "description": "",
 "endpointConfiguration": {{"@odata.type": "#microsoft.graph.httpRequestEndpoint",
   "targetUrl": "{url}/tokenIssuanceStart"}},
 "clientConfiguration": {{"timeoutInMilliseconds": 1000, "maximumRetries": 1}},
 "authenticationConfiguration": {{
   "@odata.type": "#microsoft.graph.azureAdTokenAuthentication", "resourceId": "api://HOST/APP-ID"}},
 "claimsForTokenConfiguration": [{{"claimIdInApiResponse": "tenant"}}]}}
# Each claim must be listed above, and mapped by a claims mapping policy of the application
# (source CustomClaimsProvider).
"""


def _acted(hook: str, action: str, *, lost: tuple[str, ...] = (), **said: object) -> Answer:
    kind = hook[:1].upper() + hook[1:]
    action_said = {"@odata.type": f"microsoft.graph.{hook}.{action}", **said}
    data = {"@odata.type": f"microsoft.graph.on{kind}ResponseData", "actions": [action_said]}
    return json_answer(200, {"data": data}, lost=lost)


def _texts(value: object) -> str | list[str]:
    """A text, or a list of them: anything else is said as JSON."""
    if isinstance(value, list):
        return [_plain(item) for item in cast("list[object]", value)]
    return _plain(value)


def _plain(value: object) -> str:
    return value if isinstance(value, str) else orjson.dumps(value).decode()


def _user(said: dict[str, Any], hook: str) -> dict[str, Any]:
    user = inner(said, "data", "authenticationContext", "user")
    signing_up = inner(said, "data", "userSignUpInfo", "attributes")
    email = text(user, "mail") or text(signing_up, "email", "value")
    correlation = text(said, "data", "authenticationContext", "correlationId")
    user_id = text(user, "id") if hook == TOKEN else email or correlation
    return filled(
        {
            "user_id": needed(user_id, "data.authenticationContext.user.id"),
            "email": email,
            "name": text(user, "displayName") or text(signing_up, "displayName", "value"),
            "given_name": text(user, "givenName"),
            "family_name": text(user, "surname"),
            "username": text(user, "userPrincipalName"),
        }
    )


_CONTEXT: dict[str, Any] = {
    "correlationId": "correlation-1",
    "client": {"ip": "203.0.113.7", "locale": "en-us", "market": "en-us"},
    "protocol": "OAUTH2.0",
    "clientServicePrincipal": {"id": "p-1", "appId": "shop", "displayName": "Shop"},
    "resourceServicePrincipal": {"id": "p-2", "appId": "api", "displayName": "API"},
}
_TOKEN_SAMPLE = {
    "type": f"{PREFIX}{TOKEN}",
    "source": "/tenants/t-1/applications/shop",
    "data": {
        "@odata.type": "microsoft.graph.onTokenIssuanceStartCalloutData",
        "tenantId": "t-1",
        "authenticationContext": {
            **_CONTEXT,
            "user": {"id": "u-1", "mail": "ada@example.com", "displayName": "Ada"},
        },
    },
}
_SUBMIT_SAMPLE = {
    "type": f"{PREFIX}{SUBMIT}",
    "source": "/tenants/t-1/applications/shop",
    "data": {
        "@odata.type": "microsoft.graph.onAttributeCollectionSubmitCalloutData",
        "tenantId": "t-1",
        "authenticationContext": _CONTEXT,
        "userSignUpInfo": {
            "attributes": {"email": {"value": "ada@example.com", "attributeType": "builtIn"}},
            "identities": [{"signInType": "email", "issuerAssignedId": "ada@example.com"}],
        },
    },
}

PLUGIN = Entra()
