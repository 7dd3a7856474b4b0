"""Calls on `api` that throw, each with what it says: one for every limit of the table."""

from __future__ import annotations

from tests.api_calls import ACTOR, CREATE, OTP, USER, Refused

_CE, _PRE, _CTE = "credentials-exchange", "pre-user-registration", "custom-token-exchange"
_PRC, _CEP = "password-reset-post-challenge", "custom-email-provider"
_TAKE = 'The "take" parameter must be a positive integer if provided.'
_FROM = 'The "from" parameter must be a string if provided.'
_LONG_VALUE = (
    "Custom string property value in an actor object must NOT have more than 64 characters."
)
_NAME = "if it comes from event.secrets, name it under secrets: in action.yaml and set it"
_NO_TIME = "Either inactivity or absolute expiration time must be provided"
_SCOPE = "The value for the scope"
_SESSION = "Failed to set session metadata: Invalid metadata: "
_TOKEN = "Failed to set refresh token metadata: Invalid metadata: "


def _deep(levels: int) -> dict[str, object]:
    actor: dict[str, object] = {"sub": "s"}
    for _ in range(levels - 1):
        actor = {"sub": "s", "act": actor}
    return actor


def _metadata(owner: str, said: str) -> list[Refused]:
    path = f"{owner}.setMetadata"
    letters = "Metadata keys may only include letters, numbers, underscores, or hyphens"
    return [
        Refused(path, [7, "v"], f"{said}Metadata key must be a string"),
        Refused(path, ["k", 7], f"{said}Metadata value must be a string"),
        Refused(
            path, ["k" * 256, "v"], f"{said}All metadata keys must be at most 255 characters long"
        ),
        Refused(path, ["", "v"], f"{said}{letters}"),
        Refused(path, ["a b", "v"], f"{said}{letters}"),
        Refused(
            path, ["k", "v" * 256], f"{said}All metadata values must be at most 255 characters long"
        ),
        Refused(path, ["k", "\0"], rf"{said}Metadata values must not contain null bytes (\x00)"),
    ]


def _scopes(path: str, trigger: str) -> list[Refused]:
    return [
        Refused(path, [7], f"{_SCOPE} must be a string.", trigger),
        Refused(path, [" \t "], f"{_SCOPE} is required.", trigger),
        Refused(
            path,
            ["s" * 281],
            f"{_SCOPE} exceeds the allowed maximum of 280 characters.",
            trigger,
        ),
        Refused(path, ["a b"], f"{_SCOPE} must not have whitespace.", trigger),
    ]


def _saml() -> list[Refused]:
    limits = {
        2048: ("Audience", "Recipient", "Destination"),
        512: ("NameIdentifierFormat", "AuthnContextClassRef", "RelayState", "Issuer"),
        4096: ("SigningCert", "EncryptionCert", "EncryptionPublicKey", "Cert", "Key"),
    }
    flags = (
        *("CreateUpnClaim", "PassthroughClaimsWithNoMapping", "MapUnknownClaimsAsIs"),
        *("MapIdentities", "SignResponse", "IncludeAttributeNameFormat", "TypedAttributes"),
    )
    return [
        *(
            Refused(
                f"samlResponse.set{name}", ["v" * (most + 1)], f"must not exceed {most} characters"
            )
            for most, names in limits.items()
            for name in names
        ),
        *(
            Refused(f"samlResponse.set{name}", ["true"], "must be of type boolean, not string")
            for name in flags
        ),
        Refused("samlResponse.setSignatureAlgorithm", ["md5"], "one of rsa-sha256, rsa-sha1"),
        Refused("samlResponse.setDigestAlgorithm", ["md5"], "one of sha256, sha1"),
        Refused("samlResponse.setEncryptionAlgorithm", ["rc4"], "one of aes256-gcm, aes256-cbc"),
        Refused("samlResponse.setLifetimeInSeconds", ["1"], "of type number, not string"),
        Refused("samlResponse.setNameIdentifierProbes", [["p"] * 11], "more than 10 items"),
        Refused("samlResponse.setNameIdentifierProbes", [["p" * 513]], "exceed 512 characters"),
        Refused("samlResponse.setAttribute", ["n" * 1025, "v"], "must not exceed 1024 characters"),
        Refused("samlResponse.setAttribute", ["n", "v" * 2049], "must not exceed 2048 characters"),
        Refused("samlResponse.setAttribute", ["n", ["v" * 2049]], "not exceed 2048 characters"),
        Refused("samlResponse.setAttribute", ["n", {}], "or array or null, not object"),
        Refused("samlResponse.setAttribute", ["n", [None]], "or boolean, not null"),
    ]


REFUSED: list[Refused] = [
    Refused("access.deny", [], "needs the argument reason"),
    Refused("access.deny", [7], "reason must be of type string, not number"),
    Refused("access.deny", [], "needs the argument code", _CE),
    Refused("access.deny", [7], "code must be of type string, not number", _CE),
    Refused("access.deny", ["a", 7], "must be of type string, not number", _PRE),
    Refused("access.deny", ["", "r"], "code must have at least 1 characters", _CTE),
    Refused("access.deny", ["c" * 1025, "r"], "code must not exceed 1024 characters", _CTE),
    Refused("access.deny", ["c", ""], "reason must have at least 1 characters", _CTE),
    Refused("access.deny", ["c", "r" * 4097], "reason must not exceed 4096 characters", _CTE),
    Refused("access.rejectInvalidSubjectToken", [""], "must have at least 1 characters", _CTE),
    Refused("access.rejectInvalidSubjectToken", ["r" * 4097], "exceed 4096 characters", _CTE),
    *(
        refused
        for trigger in ("post-login", _PRE)
        for refused in (
            Refused("validation.error", ["c" * 101, "m"], "not exceed 100 characters", trigger),
            Refused("validation.error", ["c", "m" * 101], "not exceed 100 characters", trigger),
        )
    ),
    Refused("notification.drop", [None], "must be of type string, not null", _CEP),
    Refused("notification.retry", [], "needs the argument reason", _CEP),
    Refused("idToken.setCustomClaim", ["scope", 1], 'The "scope" claim cannot be set.'),
    Refused("accessToken.setCustomClaim", ["scope", 1], 'The "scope" claim cannot be set.'),
    Refused("accessToken.setCustomClaim", ["key"], "needs the argument value"),
    *_scopes("accessToken.addScope", "post-login"),
    *_scopes("accessToken.removeScope", "post-login"),
    *_scopes("transaction.addTargetScope", _CE),
    *_scopes("transaction.removeTargetScope", _CE),
    Refused("transaction.setTargetScopes", ["a"], "The value for scopes must be an array.", _CE),
    Refused("transaction.setTargetScopes", [["a b"]], f"{_SCOPE} must not have whitespace.", _CE),
    Refused("transaction.setTargetScopes", [[7]], f"{_SCOPE} must be a string.", _CE),
    Refused("transaction.setTargetScopes", [["a", " "]], f"{_SCOPE} is required.", _CE),
    Refused(
        "transaction.setTargetScopes",
        [["s" * 281]],
        f"{_SCOPE} exceeds the allowed maximum of 280 characters.",
        _CE,
    ),
    Refused(
        "transaction.setTargetScopes",
        [[f"s{n}" for n in range(1001)]],
        "The number of scopes exceeds the allowed maximum of 1000.",
        _CE,
    ),
    Refused("authentication.challengeWith", ["otp"], "must be of type object, not string"),
    Refused("authentication.challengeWith", [{"type": "sms"}], "webauthn-roaming, recovery-code"),
    Refused("authentication.challengeWith", [OTP, {"other": 1}], "options has no member other"),
    Refused("authentication.challengeWithAny", [[]], "factors must have at least 1 items"),
    Refused("authentication.challengeWithAny", [[{}]], "factor needs the member type", _PRC),
    Refused("authentication.enrollWith", [{"type": "email"}], "webauthn-roaming, recovery-code"),
    Refused("authentication.enrollWithAny", [OTP], "must be of type array, not object"),
    Refused(
        "authentication.setPrimaryUser",
        [""],
        "The provided primary_user_id must be a non-empty string",
    ),
    Refused(
        "authentication.setPrimaryUser",
        [None],
        "The provided primary_user_id must be a non-empty string",
    ),
    Refused(
        "authentication.setPrimaryUser",
        ["u" * 129],
        "The provided primary_user_id exceeds the maximum length.",
    ),
    Refused("authentication.setUserById", [""], "must have at least 1 characters", _CTE),
    Refused("authentication.setUserById", ["u" * 513], "must not exceed 512 characters", _CTE),
    *(
        Refused("authentication.setUserByConnection", ["db", attributes, CREATE], message, _CTE)
        for attributes, message in (
            ({}, "user_attributes needs the member user_id"),
            ({"user_id": "u" * 256}, "user_id must not exceed 255 characters"),
            ({**USER, "name": "n" * 301}, "name must not exceed 300 characters"),
            ({**USER, "nickname": "n" * 301}, "nickname must not exceed 300 characters"),
            ({**USER, "given_name": "n" * 151}, "given_name must not exceed 150 characters"),
            ({**USER, "family_name": "n" * 151}, "family_name must not exceed 150 characters"),
            ({**USER, "username": "n" * 129}, "username must not exceed 128 characters"),
            ({**USER, "email_verified": 1}, "email_verified must be of type boolean, not number"),
            (
                {**USER, **{f"x{n}": n for n in range(25 - len(USER))}},
                "No more than 24 user attributes are allowed.",
            ),
        )
    ),
    Refused("authentication.setUserByConnection", ["", USER, CREATE], "least 1 characters", _CTE),
    Refused("authentication.setUserByConnection", ["db", USER], "needs the argument options", _CTE),
    Refused(
        "authentication.setUserByConnection",
        ["db", USER, {**CREATE, "creationBehavior": "always"}],
        "creationBehavior must be one of create_if_not_exists, none",
        _CTE,
    ),
    Refused("authentication.setOrganization", [""], "must have at least 1 characters", _CTE),
    Refused("authentication.setOrganization", ["o" * 51], "must not exceed 50 characters", _CTE),
    *(
        Refused("authentication.setActor", [actor], message, _CTE)
        for actor, message in (
            ("agent", "The actor must be a plain object."),
            ({}, "The actor object must contain a sub claim."),
            ({"sub": ""}, "The actor object must contain a sub claim."),
            ({"sub": 7}, "The actor object must contain a sub claim."),
            (
                {"sub": "s" * 513},
                "Invalid setActor arguments: sub must NOT have more than 512 characters",
            ),
            ({"sub": "s", "act": "x"}, "The act claim must be a plain object."),
            (
                {**ACTOR, **{f"p{n}": n for n in range(6)}},
                "No more than 5 custom properties are allowed in the actor object.",
            ),
            (
                {"sub": "s", "p": None},
                "Custom property in an actor object must be a string, number, or boolean.",
            ),
            (
                {"sub": "s", "k" * 65: 1},
                "Custom property key in an actor object must NOT have more than 64 characters.",
            ),
            (
                {"sub": "s", "k": "v" * 65},
                _LONG_VALUE,
            ),
            (_deep(6), "Actor nesting must not exceed 5 levels."),
        )
    ),
    Refused("multifactor.enable", ["sms"], "any, none, guardian, google-authenticator, duo"),
    Refused("multifactor.enable", ["duo", {"providerOptions": {}}], "needs the member host"),
    Refused("user.setAppMetadata", [7, 1], "key must be of type string, not number"),
    Refused("user.setUserMetadata", ["k"], "needs the argument value", _PRE),
    Refused("transaction.setMetadata", ["k" * 65, 1], "key must not exceed 64 characters"),
    Refused("transaction.setMetadata", ["k", "ü" * 4097], "value must not exceed 8192 bytes"),
    Refused(
        "transaction.setMetadata", ["k", 2**53], "must be a safe number: at most 9007199254740991"
    ),
    Refused("transaction.setMetadata", ["k", [1]], "or boolean or null, not array"),
    Refused("transaction.setResultUrl", ["/relative"], "Invalid URL", _PRC),
    Refused("session.revoke", ["r" * 1025], "reason must not exceed 1024 characters"),
    Refused("session.revoke", ["r", {"keep": True}], "options has no member keep"),
    *(
        Refused(f"{owner}.{name}", [value], message)
        for owner in ("session", "refreshToken")
        for name in ("setExpiresAt", "setIdleExpiresAt")
        for value, message in (
            (0, _NO_TIME),
            (None, _NO_TIME),
            ("2026-01-01", "must be of type number, not string: milliseconds since 1970"),
        )
    ),
    Refused("session.setCookieMode", ["sometimes"], "must be one of persistent, non-persistent"),
    Refused("session.setCookieMode", [None], "Cookie mode must be provided"),
    Refused("session.deleteMetadata", [7], "must be of type string, not number"),
    *_metadata("session", _SESSION),
    *_metadata("refreshToken", _TOKEN),
    Refused("refreshToken.revoke", ["r" * 1025], "reason must not exceed 1024 characters"),
    *(
        Refused("redirect.sendUserTo", [url], "Invalid URL", trigger)
        for trigger in ("post-login", _PRC)
        for url in ("example.com/x", "https://", "", 7)
    ),
    Refused("redirect.sendUserTo", ["https://a.example", {"query": {"a": []}}], "null, not array"),
    Refused("redirect.encodeToken", [{"payload": {}}], f"options needs the member secret: {_NAME}"),
    Refused(
        "redirect.encodeToken",
        [{"payload": {}, "secret": None}],
        f"secret must be of type string, not null: {_NAME}",
    ),
    Refused("redirect.encodeToken", [{"secret": "s"}], "options needs the member payload"),
    Refused("redirect.validateToken", [{}], "options needs the member secret"),
    Refused(
        "redirect.validateToken",
        [{"secret": "s"}],
        "There is no parameter called 'session_token' available in either the POST body or query"
        " string.",
    ),
    Refused("prompt.render", ["f" * 49], "promptId must not exceed 48 characters"),
    Refused(
        "prompt.render",
        ["f", {"fields": {f"f{n}": n for n in range(25)}}],
        "fields must not have more than 24 members",
    ),
    Refused(
        "prompt.render",
        ["f", {"vars": {f"f{n}": n for n in range(25)}}],
        "vars must not have more than 24 members",
        _PRC,
    ),
    Refused("prompt.render", ["f", {"fields": {"1a": 1}}], "[a-zA-Z_][a-zA-Z0-9_]{0,49}"),
    Refused(
        "prompt.render",
        ["f", {"vars": {"a": "x" * 24_576}}],
        "The total size of the prompt options exceeds the limit of 24576 bytes.",
    ),
    *_saml(),
    *(
        Refused(path, [{"take": take}], _TAKE)
        for path in ("groups.getUserGroups", "roles.getUserEffectiveRoles")
        for take in (0, 1.5, "9", None)
    ),
    Refused("groups.getUserGroups", [{"from": 7}], _FROM),
    Refused("roles.getUserEffectiveRoles", [{"from": 7}], _FROM),
    Refused("roles.getUserEffectiveRoles", [{"take": 101}], "take must be at most 100"),
    *(
        Refused(path, [value], f'The "{name}" parameter must be a non-empty array of strings.')
        for path, name in (
            ("groups.hasGroupMembership", "groups"),
            ("roles.getUserEffectiveRolesByIds", "ids"),
            ("roles.getUserEffectiveRolesByNames", "names"),
        )
        for value in ([], "g", [7], None)
    ),
    Refused("roles.getUserEffectiveRolesByIds", [["r"] * 101], "not have more than 100 items"),
    Refused("roles.getUserEffectiveRolesByNames", [["r"] * 51], "not have more than 50 items"),
    Refused("rules.wasExecuted", [7], "must be of type string, not number"),
    Refused("effects.send", ["E-mail", {}], "kind must match [a-z][a-z0-9-]{0,62}"),
    Refused("effects.send", ["email", []], "payload must be of type object, not array"),
    Refused(
        "effects.send", ["email", {}, {"on": "later"}], "one of allowed, denied, always, suspended"
    ),
    Refused("effects.send", ["email", {}, {"at": 1}], "options has no member at"),
    Refused("effects.send", ["email", {}, {"key": ""}], "must have at least 1 characters"),
    Refused("effects.send", ["email", {}, {"key": True}], "must be of type string, not boolean"),
]
