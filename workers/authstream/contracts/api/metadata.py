"""`api.user` and `api.transaction.setMetadata`: what is kept of a user and within a transaction."""

from __future__ import annotations

from authstream.contracts.api.method import Effect, Guard, Method
from authstream.contracts.api.triggers import (
    CUSTOM_TOKEN_EXCHANGE,
    POST_LOGIN,
    PRE_USER_REGISTRATION,
)
from authstream.contracts.parameter import Parameter

TRANSACTION_KEY_CHARACTERS = 64
TRANSACTION_VALUE_BYTES = 8 * 1024
TRANSACTION_TOTAL_BYTES = 16 * 1024

_ENTRY = (Parameter("key", ("string",)), Parameter("value"))
_TRIGGERS = frozenset({POST_LOGIN, PRE_USER_REGISTRATION, CUSTOM_TOKEN_EXCHANGE})
_UNDEFINED = "a value that is `undefined` is ignored; it does not take back an earlier call"


def _guard(name: str) -> Guard:
    message = f"Unexpected {name} format. Must be a valid JSON object"
    return Guard(f"user.{name}", "object", message)


METHODS = (
    Method(
        "user.setAppMetadata",
        _ENTRY,
        _TRIGGERS,
        effect=Effect("user.app_metadata"),
        object_form=True,
        guards=(_guard("app_metadata"),),
        about="Keeps something about the user that they may not change; null removes it.",
        differs=_UNDEFINED,
    ),
    Method(
        "user.setUserMetadata",
        _ENTRY,
        _TRIGGERS,
        effect=Effect("user.user_metadata"),
        object_form=True,
        guards=(_guard("user_metadata"),),
        about="Keeps something about the user that they may change; null removes it.",
        differs=_UNDEFINED,
    ),
    Method(
        "transaction.setMetadata",
        (
            Parameter("key", ("string",), max_length=TRANSACTION_KEY_CHARACTERS),
            Parameter(
                "value",
                ("string", "number", "boolean", "null"),
                max_bytes=TRANSACTION_VALUE_BYTES,
                safe=True,
            ),
        ),
        frozenset({POST_LOGIN}),
        effect=Effect(
            "transaction.metadata", at_once=True, max_total_bytes=TRANSACTION_TOTAL_BYTES
        ),
        about="Shares something with later actions of this transaction; null removes it.",
    ),
)
