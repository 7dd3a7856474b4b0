"""Legal and illegal calls of every method of `api`, in Auth0's spelling, for both languages."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from typing import Any, NamedTuple, cast

Arguments = list[Any]

FORM = {"fields": {"a_1": 1}, "vars": {"any name": {"deep": True}}}
URL = "https://example.com/verify?a=1"
ACTOR = {"sub": "agent", "level": 1, "act": {"sub": "service", "act": {"sub": "x"}}}
USER = {"user_id": "u1", "email": "a@example.com", "email_verified": True, "name": "n"}
CREATE = {"creationBehavior": "create_if_not_exists", "updateBehavior": "replace"}
OTP, PHONE = {"type": "otp"}, {"type": "phone", "options": {"preferredMethod": "sms"}}
EMAIL, PUSH = {"type": "email"}, {"type": "push-notification", "options": {"otpFallback": False}}
SECRET = "s3cret"

#: Arguments that each command takes, at its limits where it has some.
COMMANDS: dict[str, list[Arguments]] = {
    "access.deny": [["no"]],
    "access.rejectInvalidSubjectToken": [["no"], ["r" * 4096]],
    "validation.error": [["code", "message"], ["c" * 100, "m" * 100], ["", "ü" * 100]],
    "notification.drop": [["gone"]],
    "notification.retry": [["later"]],
    "idToken.setCustomClaim": [["https://example.com/a", {"deep": [1, 2.5, None, "ü"]}]],
    "accessToken.setCustomClaim": [["https://example.com/a", None], ["b", False]],
    "accessToken.addScope": [["read:x"], ["s" * 280]],
    "accessToken.removeScope": [["read:x"], ["s" * 280]],
    "transaction.addTargetScope": [["read:x"], ["s" * 280]],
    "transaction.removeTargetScope": [["read:x"]],
    "transaction.setTargetScopes": [[["a", "b"]], [[]], [[f"s{n}" for n in range(1000)]]],
    "transaction.clearTargetScopes": [[]],
    "authentication.challengeWith": [[EMAIL], [PUSH, {"additionalFactors": [OTP, PHONE]}]],
    "authentication.challengeWithAny": [[[OTP, EMAIL, PHONE]]],
    "authentication.enrollWith": [[OTP]],
    "authentication.enrollWithAny": [[[OTP, PUSH]]],
    "authentication.recordMethod": [["https://example.com/mfa"], ["http://example.com"]],
    "authentication.setPrimaryUser": [["u" * 128]],
    "authentication.setUserById": [["u"], ["u" * 512]],
    "authentication.setUserByConnection": [
        ["db", USER, CREATE],
        ["db", {"user_id": "u" * 255, "name": "n" * 300, "given_name": "g" * 150}, CREATE],
        ["db", {**USER, **{f"x{n}": n for n in range(24 - len(USER))}}, CREATE],
    ],
    "authentication.setOrganization": [["org_1"], ["o" * 50]],
    "authentication.setActor": [
        [ACTOR],
        [{"sub": "s" * 512, **{c * 64: "v" * 64 for c in "abcde"}}],
    ],
    "multifactor.enable": [
        ["any"],
        ["none", {"allowRememberBrowser": False}],
        ["duo", {"providerOptions": {"host": "h", "ikey": "i", "skey": "s", "username": "u"}}],
    ],
    "user.setAppMetadata": [["k", True], ["k", None]],
    "user.setUserMetadata": [["k", [1]], ["k", {"a": {"b": 1}}]],
    "transaction.setMetadata": [["k" * 64, "v" * 8192], ["k", 2**53 - 1], ["k", False]],
    "transaction.setResultUrl": [[URL], ["myapp://done", {"query": {"a": "b"}}]],
    "session.revoke": [["no"], ["r" * 1024, {"preserveRefreshTokens": True}]],
    "session.setExpiresAt": [[1730000000000]],
    "session.setIdleExpiresAt": [[1730000000000]],
    "session.setCookieMode": [["persistent"], ["non-persistent"]],
    "session.setMetadata": [["k-_9", "v"], ["k" * 255, "v" * 255], ["k", ""], ["k", None]],
    "session.deleteMetadata": [["k"]],
    "session.evictMetadata": [[]],
    "refreshToken.revoke": [["no"], ["r" * 1024]],
    "refreshToken.setExpiresAt": [[1730000000000]],
    "refreshToken.setIdleExpiresAt": [[1730000000000]],
    "refreshToken.setMetadata": [["k", "v"], ["k" * 255, "v" * 255], ["k", None]],
    "refreshToken.deleteMetadata": [["k"]],
    "refreshToken.evictMetadata": [[]],
    "redirect.sendUserTo": [[URL], [URL, {"query": {"session_token": "t"}}], ["myapp:go"]],
    "prompt.render": [["ap_1"], ["f" * 48, FORM]],
    "samlResponse.setAttribute": [
        ["urn:a", "v" * 2048],
        ["n" * 1024, ["a", 1, True]],
        ["urn:a", None],
    ],
    "samlResponse.setLifetimeInSeconds": [[3600]],
    "samlResponse.setNameIdentifierProbes": [[["p" * 512] * 10], [[]]],
    "samlResponse.setSignatureAlgorithm": [["rsa-sha256"], ["rsa-sha1"]],
    "samlResponse.setDigestAlgorithm": [["sha256"], ["sha1"]],
    "samlResponse.setEncryptionAlgorithm": [["aes256-gcm"], ["aes256-cbc"]],
    **{
        f"samlResponse.set{name}": [[True], [False]]
        for name in (
            *("CreateUpnClaim", "PassthroughClaimsWithNoMapping", "MapUnknownClaimsAsIs"),
            *("MapIdentities", "SignResponse", "IncludeAttributeNameFormat", "TypedAttributes"),
        )
    },
    **{
        f"samlResponse.set{name}": [["v" * characters]]
        for characters, names in {
            2048: ("Audience", "Recipient", "Destination"),
            512: ("NameIdentifierFormat", "AuthnContextClassRef", "RelayState", "Issuer"),
            4096: ("SigningCert", "EncryptionCert", "EncryptionPublicKey", "Cert", "Key"),
        }.items()
        for name in names
    },
    "effects.send": [
        ["email", {"to": "ada@example.com"}, {"on": "always", "key": "k"}],
        ["webhook", {}],
    ],
}
#: Where a command takes other arguments on one trigger.
ON_TRIGGER: dict[tuple[str, str], list[Arguments]] = {
    ("credentials-exchange", "access.deny"): [
        *(["invalid_scope"], ["server_error", "why"]),
        *(["User is not authorized for this action"], ["not_ours", "why"]),
    ],
    ("pre-user-registration", "access.deny"): [["log", "user"], ["log"]],
    ("custom-token-exchange", "access.deny"): [["c", "r"], ["c" * 1024, "r" * 4096]],
}
#: Calls that are no commands.
OTHERS: dict[str, list[Arguments]] = {
    "cache.set": [["k", "v"], ["k", "v", {"ttl": 1000}]],
    "cache.get": [["k"]],
    "cache.delete": [["k"]],
    "rules.wasExecuted": [["rul_1"]],
    "redirect.canRedirect": [[]],
    "redirect.encodeToken": [[{"payload": {}, "secret": SECRET, "expiresInSeconds": 60}]],
    "redirect.validateToken": [],  # there is none in the event; see test_api_redirect.py
    "groups.getUserGroups": [[], [{"take": 1}], [{"take": 1, "from": "g"}]],
    "groups.hasGroupMembership": [[["g"]]],
    "roles.getUserEffectiveRoles": [[], [{"take": 100}]],
    "roles.getUserEffectiveRolesByIds": [[["r"] * 100]],
    "roles.getUserEffectiveRolesByNames": [[["r"] * 50]],
}


def legal(trigger: str, path: str) -> list[Arguments]:
    """Arguments that a method takes on a trigger."""
    return ON_TRIGGER.get((trigger, path)) or COMMANDS.get(path) or OTHERS[path]


class Refused(NamedTuple):
    """A call that throws."""

    path: str
    arguments: Arguments
    #: All of it if the table has Auth0's words, else a part of it.
    message: str
    trigger: str = "post-login"


def is_refused(call: Refused, said: str) -> bool:
    """Whether a refusal is the one expected, whatever the language."""
    return call.message in said


def own_words(value: object) -> set[str]:
    """Every text of Auth0's that a part of the table refuses with."""
    if isinstance(value, tuple):
        return set[str]().union(*map(own_words, cast("tuple[object, ...]", value)))
    if not is_dataclass(value):
        return set()
    members = {field.name: getattr(value, field.name) for field in fields(value)}
    own = {members[name] for name in ("message", "full") if members.get(name)}
    return own.union(*map(own_words, members.values()))
