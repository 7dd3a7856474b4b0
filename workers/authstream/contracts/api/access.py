"""`api.access`, `api.validation`, `api.notification`: the ways in which an action says no."""

from __future__ import annotations

from authstream.contracts.api.method import Method
from authstream.contracts.api.triggers import (
    CREDENTIALS_EXCHANGE,
    CUSTOM_EMAIL_PROVIDER,
    CUSTOM_PHONE_PROVIDER,
    CUSTOM_TOKEN_EXCHANGE,
    PASSWORD_RESET,
    POST_LOGIN,
    PRE_USER_REGISTRATION,
)
from authstream.contracts.codes import ACCESS_DENIED
from authstream.contracts.parameter import Parameter

VALIDATION_CHARACTERS = 100
EXCHANGE_CODE_CHARACTERS = 1024
EXCHANGE_REASON_CHARACTERS = 4096

_REASON = Parameter("reason", ("string",))
_EXCHANGE_REASON = Parameter(
    "reason", ("string",), min_length=1, max_length=EXCHANGE_REASON_CHARACTERS
)
#: What a machine may be told (OAuth).
EXCHANGE_CODES = ("invalid_scope", "invalid_request", "server_error")
_CODES = ", ".join(f"`{code}`" for code in EXCHANGE_CODES)
_NO_CODE = f"`{ACCESS_DENIED}`"
_PROVIDERS = frozenset({CUSTOM_EMAIL_PROVIDER, CUSTOM_PHONE_PROVIDER})

METHODS = (
    Method(
        "access.deny",
        (_REASON,),
        frozenset({POST_LOGIN, PASSWORD_RESET}),
        about="Denies; the action runs on to its end, later ones do not run.",
    ),
    Method(
        "access.deny",
        # Auth0's harness looks at neither: many published actions say one text, as elsewhere.
        (
            Parameter("code", ("string",), suggests=EXCHANGE_CODES),
            Parameter("reason", ("string",), optional=True),
        ),
        frozenset({CREDENTIALS_EXCHANGE}),
        about=f"Refuses the token; later actions do not run. The code is {_CODES}.",
        differs=f"what is none of the codes is part of the reason, and the code is {_NO_CODE}",
    ),
    Method(
        "access.deny",
        # Many published actions leave the second out: the reason is not for the user's eyes then.
        (_REASON, Parameter("userMessage", ("string",), optional=True)),
        frozenset({PRE_USER_REGISTRATION}),
        about="Refuses the signup; only `userMessage` may be shown to the user.",
        differs="`userMessage` may be left out",
    ),
    Method(
        "access.deny",
        (
            Parameter("code", ("string",), min_length=1, max_length=EXCHANGE_CODE_CHARACTERS),
            _EXCHANGE_REASON,
        ),
        frozenset({CUSTOM_TOKEN_EXCHANGE}),
        about="Refuses the exchange under a code of the action's choice.",
    ),
    Method(
        "access.rejectInvalidSubjectToken",
        (_EXCHANGE_REASON,),
        frozenset({CUSTOM_TOKEN_EXCHANGE}),
        about="Refuses the exchange as `invalid_request`, as someone may be guessing tokens.",
        differs="counting attempts is left to whoever reads the verdict",
    ),
    Method(
        "validation.error",
        (
            Parameter("errorCode", ("string",), max_length=VALIDATION_CHARACTERS),
            Parameter("errorMessage", ("string",), max_length=VALIDATION_CHARACTERS),
        ),
        frozenset({POST_LOGIN, PRE_USER_REGISTRATION}),
        about="Stops with an error that the provider's page shows.",
    ),
    Method(
        "notification.drop",
        (_REASON,),
        _PROVIDERS,
        about="The message could not be sent and is not tried again.",
    ),
    Method(
        "notification.retry",
        (_REASON,),
        _PROVIDERS,
        about="The message could not be sent; it is tried again, five times at most.",
    ),
)
