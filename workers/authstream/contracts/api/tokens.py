"""`api.idToken`, `api.accessToken`, `api.transaction.…TargetScope…`: what tokens will hold."""

from __future__ import annotations

from authstream.contracts.api.method import Effect, Method, Quota
from authstream.contracts.api.triggers import CREDENTIALS_EXCHANGE, POST_LOGIN
from authstream.contracts.parameter import Forbidden, Parameter, Says

SCOPE_CHARACTERS = 280
SCOPES = 1000

_PL = frozenset({POST_LOGIN})
_CE = frozenset({CREDENTIALS_EXCHANGE})
_CLAIM = (Parameter("key", ("string",)), Parameter("value"))
_CLAIM_NO_SCOPE = (
    Parameter(
        "key", ("string",), forbidden=(Forbidden("scope", 'The "scope" claim cannot be set.'),)
    ),
    Parameter("value"),
)
_MANY = f"The number of scopes exceeds the allowed maximum of {SCOPES}."
_SCOPE = Parameter(
    "scope",
    ("string",),
    trimmed=True,
    min_length=1,
    max_length=SCOPE_CHARACTERS,
    pattern=r"[^\s\ufeff\x1c-\x1f\x85]*",
    says=(
        Says("types", "The value for the scope must be a string."),
        Says("min_length", "The value for the scope is required."),
        Says(
            "max_length",
            f"The value for the scope exceeds the allowed maximum of {SCOPE_CHARACTERS}"
            " characters.",
        ),
        Says("pattern", "The value for the scope must not have whitespace."),
    ),
)
_SCOPES = Parameter(
    "scopes",
    ("array",),
    items=_SCOPE,
    distinct=True,
    max_items=SCOPES,
    says=(
        Says("types", "The value for scopes must be an array."),
        Says("max_items", _MANY),
    ),
)
_TARGET = "transaction.target_scopes"
#: As the fold: what would be granted, else what was asked for.
_STARTS = ("accessToken.scope", "transaction.requested_scopes")

METHODS = (
    Method(
        "idToken.setCustomClaim",
        _CLAIM_NO_SCOPE,
        _PL,
        about="Adds a claim to the ID token; of several of one name the last counts.",
    ),
    Method(
        "accessToken.setCustomClaim",
        _CLAIM_NO_SCOPE,
        _PL,
        about="Adds a claim to the access token; of several of one name the last counts.",
    ),
    Method(
        "accessToken.setCustomClaim",
        _CLAIM,
        _CE,
        about="Adds a claim to the access token; of several of one name the last counts.",
    ),
    Method(
        "accessToken.addScope",
        (_SCOPE,),
        _PL,
        quota=Quota("accessToken.addScope", SCOPES, _MANY),
        about="Grants a scope.",
        differs="counts calls, also for a scope that was added before",
    ),
    Method("accessToken.removeScope", (_SCOPE,), _PL, about="Takes a granted scope away."),
    Method(
        "transaction.addTargetScope",
        (_SCOPE,),
        _CE,
        effect=Effect(
            _TARGET, "include", at_once=True, max_entries=SCOPES, full=_MANY, starts=_STARTS
        ),
        about="Adds a scope to those the token will have, as far as the client's grant has it.",
    ),
    Method(
        "transaction.removeTargetScope",
        (_SCOPE,),
        _CE,
        effect=Effect(_TARGET, "exclude", at_once=True, starts=_STARTS),
        about="Removes a scope from those the token will have.",
    ),
    Method(
        "transaction.setTargetScopes",
        (_SCOPES,),
        _CE,
        effect=Effect(_TARGET, "put", at_once=True, starts=_STARTS),
        about="Sets the scopes the token will have, as far as the client's grant has them.",
    ),
    Method(
        "transaction.clearTargetScopes",
        (),
        _CE,
        effect=Effect(_TARGET, "empty", at_once=True, starts=_STARTS),
        about="The token will have no scope.",
    ),
)
