"""`api.authentication` and `api.multifactor`: who the user is and how they must prove it."""

from __future__ import annotations

from authstream.contracts.api.method import Effect, Method, Quota
from authstream.contracts.api.triggers import CUSTOM_TOKEN_EXCHANGE, PASSWORD_RESET, POST_LOGIN
from authstream.contracts.parameter import Entries, Parameter, Says

MFA_COMMANDS = 4
PRIMARY_USER_CHARACTERS = 128
USER_ID_CHARACTERS = 512
ORGANIZATION_CHARACTERS = 50
USER_ATTRIBUTES = 24
ACTOR_LEVELS = 5
ACTOR_SUB_CHARACTERS = 512
ACTOR_PROPERTIES = 5
ACTOR_PROPERTY_CHARACTERS = 64

_PL = frozenset({POST_LOGIN})
_CTE = frozenset({CUSTOM_TOKEN_EXCHANGE})
_BOTH = frozenset({POST_LOGIN, PASSWORD_RESET})
_MFA = Quota(
    "mfa",
    MFA_COMMANDS,
    f"No more than {MFA_COMMANDS} challenge and enrollment commands are allowed in a flow.",
)


def _factor(name: str, *types: str) -> Parameter:
    members = (
        Parameter("type", ("string",), enum=types),
        Parameter("options", ("object",), optional=True),
    )
    return Parameter(name, ("object",), members=members)


_ENROLL_TYPES = (
    *("otp", "phone", "push", "push-notification"),
    *("webauthn-platform", "webauthn-roaming", "recovery-code"),
)
_CHALLENGE = _factor("factor", "email", *_ENROLL_TYPES)
_ENROLL = _factor("factor", *_ENROLL_TYPES)


def _more(factor: Parameter) -> Parameter:
    others = Parameter("additionalFactors", ("array",), optional=True, items=factor)
    return Parameter("options", ("object",), optional=True, members=(others,))


def _any(factor: Parameter) -> Parameter:
    return Parameter("factors", ("array",), items=factor, min_items=1)


def _text(name: str, at_most: int) -> Parameter:
    return Parameter(name, ("string",), optional=True, min_length=1, max_length=at_most)


def _flag(name: str) -> Parameter:
    return Parameter(name, ("boolean",), optional=True)


_ATTRIBUTES = Parameter(
    "user_attributes",
    ("object",),
    members=(
        Parameter("user_id", ("string",), min_length=1, max_length=255),
        Parameter("email", ("string",), optional=True),
        _flag("email_verified"),
        _text("family_name", 150),
        _text("given_name", 150),
        _text("name", 300),
        _text("nickname", 300),
        Parameter("phone_number", ("string",), optional=True),
        _flag("phone_verified"),
        Parameter("picture", ("string",), optional=True),
        _text("username", 128),
        _flag("verify_email"),
    ),
    entries=Entries(at_most=USER_ATTRIBUTES, counts_all=True),
    says=(Says("entries", f"No more than {USER_ATTRIBUTES} user attributes are allowed."),),
)
_CONNECTION_OPTIONS = Parameter(
    "options",
    ("object",),
    members=(
        Parameter("creationBehavior", ("string",), enum=("create_if_not_exists", "none")),
        Parameter("updateBehavior", ("string",), enum=("replace", "none")),
    ),
)


def _actor(name: str, levels: int) -> Parameter:
    """An actor who acts for an actor who acts for … down to the last level."""
    sub = Parameter(
        "sub",
        ("string",),
        min_length=1,
        max_length=ACTOR_SUB_CHARACTERS,
        says=(
            Says("types", "The actor object must contain a sub claim."),
            Says("min_length", "The actor object must contain a sub claim."),
            Says(
                "max_length",
                "Invalid setActor arguments: sub must NOT have more than"
                f" {ACTOR_SUB_CHARACTERS} characters",
            ),
        ),
    )
    if levels > 1:
        act = _actor("act", levels - 1)
    else:
        deep = f"Actor nesting must not exceed {ACTOR_LEVELS} levels."
        act = Parameter("act", ("null",), optional=True, says=(_types(deep),))
    plain = "The actor must be a plain object." if name == "actor" else _PLAIN_ACT
    return Parameter(
        name,
        ("object",),
        optional=name == "act",
        members=(sub, Parameter("type", (), optional=True), act),
        entries=_PROPERTIES,
        says=(
            _types(plain),
            Says("members", "The actor object must contain a sub claim."),
            Says(
                "entries",
                f"No more than {ACTOR_PROPERTIES} custom properties are allowed in the actor"
                " object.",
            ),
        ),
    )


def _types(message: str) -> Says:
    return Says("types", message)


_PLAIN_ACT = "The act claim must be a plain object."
_PROPERTIES = Entries(
    name=Parameter(
        "name",
        ("string",),
        max_length=ACTOR_PROPERTY_CHARACTERS,
        says=(
            Says(
                "max_length",
                "Custom property key in an actor object must NOT have more than"
                f" {ACTOR_PROPERTY_CHARACTERS} characters.",
            ),
        ),
    ),
    value=Parameter(
        "value",
        ("string", "number", "boolean"),
        max_length=ACTOR_PROPERTY_CHARACTERS,
        says=(
            _types("Custom property in an actor object must be a string, number, or boolean."),
            Says(
                "max_length",
                "Custom string property value in an actor object must NOT have more than"
                f" {ACTOR_PROPERTY_CHARACTERS} characters.",
            ),
        ),
    ),
    at_most=ACTOR_PROPERTIES,
)
_PRIMARY_USER = Parameter(
    "primary_user_id",
    ("string",),
    min_length=1,
    max_length=PRIMARY_USER_CHARACTERS,
    says=(
        _types("The provided primary_user_id must be a non-empty string"),
        Says("min_length", "The provided primary_user_id must be a non-empty string"),
        Says("max_length", "The provided primary_user_id exceeds the maximum length."),
    ),
)
_DUO = Parameter(
    "providerOptions",
    ("object",),
    optional=True,
    members=(
        Parameter("host", ("string",)),
        Parameter("ikey", ("string",)),
        Parameter("skey", ("string",)),
        Parameter("username", ("string",), optional=True),
    ),
)
_MFA_PROVIDERS = ("any", "none", "guardian", "google-authenticator", "duo")
_FACTORS_DIFFER = "factors that are not enabled or enrolled are left out by the provider"

METHODS = (
    Method(
        "authentication.challengeWith",
        (_CHALLENGE, _more(_CHALLENGE)),
        _BOTH,
        quota=_MFA,
        about="Suspends until the user has proved the factor, or one of the additional ones.",
        differs=_FACTORS_DIFFER,
    ),
    Method(
        "authentication.challengeWithAny",
        (_any(_CHALLENGE),),
        _BOTH,
        quota=_MFA,
        about="As `challengeWith`; the user chooses the factor.",
        differs=_FACTORS_DIFFER,
    ),
    Method(
        "authentication.enrollWith",
        (_ENROLL, _more(_ENROLL)),
        _PL,
        quota=_MFA,
        about="Suspends until the user has enrolled the factor, or one of the additional ones.",
        differs=_FACTORS_DIFFER,
    ),
    Method(
        "authentication.enrollWithAny",
        (_any(_ENROLL),),
        _PL,
        quota=_MFA,
        about="As `enrollWith`; the user chooses the factor.",
        differs=_FACTORS_DIFFER,
    ),
    Method(
        "authentication.recordMethod",
        (Parameter("provider_url", ("string",), pattern=r"https?://[^\s/?#]+\S*"),),
        _PL,
        handlers=("onContinuePostLogin",),
        effect=Effect("authentication.methods", "record"),
        about="Records a way of authentication of your own, for `event.authentication.methods`.",
    ),
    Method(
        "authentication.setPrimaryUser",
        (_PRIMARY_USER,),
        _PL,
        quota=Quota("primary", 1, "The primary user can only be altered once per transaction"),
        about="Issues the tokens for the user that the identity was linked to.",
    ),
    Method(
        "authentication.setUserById",
        (Parameter("user_id", ("string",), min_length=1, max_length=USER_ID_CHARACTERS),),
        _CTE,
        about="Issues the tokens for this user.",
    ),
    Method(
        "authentication.setUserByConnection",
        (
            Parameter("connection_name", ("string",), min_length=1),
            _ATTRIBUTES,
            _CONNECTION_OPTIONS,
        ),
        _CTE,
        about="Issues the tokens for a user of a connection, who may be created or updated.",
    ),
    Method(
        "authentication.setOrganization",
        (
            Parameter(
                "organization_id_or_name",
                ("string",),
                min_length=1,
                max_length=ORGANIZATION_CHARACTERS,
            ),
        ),
        _CTE,
        about="Issues the tokens for an organization.",
    ),
    Method(
        "authentication.setActor",
        (_actor("actor", ACTOR_LEVELS),),
        _CTE,
        about="Sets the `act` claim: who acts for the user.",
    ),
    Method(
        "multifactor.enable",
        (
            Parameter("provider", ("string",), enum=_MFA_PROVIDERS),
            Parameter(
                "options",
                ("object",),
                optional=True,
                members=(Parameter("allowRememberBrowser", ("boolean",), optional=True), _DUO),
            ),
        ),
        _PL,
        about="Requires a second factor at the end of the flow; `none` skips it.",
    ),
)
