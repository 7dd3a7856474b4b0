"""The one table of every method an action may call on `api`, and the check of what it called."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, fields
from functools import cache
from typing import Any, Literal, TypeAlias, cast

import orjson

from authstream.contracts.parameter import CommandRefusedError, Forbidden, Parameter, check

__all__ = [
    "METHODS",
    "TRIGGERS",
    "CommandRefusedError",
    "Effect",
    "Forbidden",
    "Method",
    "Operation",
    "Parameter",
    "check_command",
    "methods",
    "operation",
    "python_path",
    "to_guest",
]

Kind = Literal["command", "query", "local"]
#: How a command shows in the event of the same or a later action:
#: `("set", "user.app_metadata", key, value)` or `("unset", "user.app_metadata", key)`.
Operation: TypeAlias = Sequence[object]

TRANSACTION_KEY_CHARACTERS = 64
TRANSACTION_VALUE_BYTES = 8 * 1024
TRANSACTION_TOTAL_BYTES = 16 * 1024
#: An effect can be ordered for a week ahead: its topics keep it no longer.
EFFECT_DELAY_SECONDS = 7 * 24 * 3600

_PL, _CE, _PRE, _CTE = (
    "post-login",
    "credentials-exchange",
    "pre-user-registration",
    "custom-token-exchange",
)
#: The 14 trigger ids of Auth0.
TRIGGERS = frozenset(
    {
        *(_PL, _CE, _PRE, _CTE),
        "post-user-registration",
        "post-change-password",
        "send-phone-message",
        "password-reset-post-challenge",
        "custom-email-provider",
        "custom-phone-provider",
        "event-stream",
        "signup-post-identifier",
        "login-post-identifier",
        "password-hash-migration",
    }
)


@dataclass(frozen=True, slots=True)
class Effect:
    """What a command `(key, value)` changes in the visible event: a null value removes the key."""

    path: str
    #: Visible to the same action at once; otherwise to later actions only.
    at_once: bool = False
    #: JSON bytes of the whole object at `path`; checked where the object is, in the guest.
    max_total_bytes: int | None = None


@dataclass(frozen=True, slots=True)
class Method:
    """One method of `api`; the same path may be declared again for other triggers."""

    path: str
    parameters: tuple[Parameter, ...]
    triggers: frozenset[str]
    #: `command`: recorded, part of the verdict; `query`: the host answers; `local`: the guest does.
    kind: Kind = "command"
    #: Returns `api`, so that calls can be chained.
    chains: bool = True
    effect: Effect | None = None
    #: Also takes one object: each of its members is set, as a command of its own.
    object_form: bool = False


def _text(name: str, **limits: Any) -> Parameter:  # noqa: ANN401 - as Parameter declares them
    return Parameter(name, ("string",), **limits)


_CLAIM = (_text("key"), Parameter("value"))
_CLAIM_NO_SCOPE = (
    _text("key", forbidden=(Forbidden("scope", 'The "scope" claim cannot be set.'),)),
    Parameter("value"),
)
_SET_METADATA = (_text("key"), Parameter("value"))
_USER_TRIGGERS = frozenset({_PL, _PRE, _CTE})
_TRANSACTION_METADATA = Effect(
    "transaction.metadata", at_once=True, max_total_bytes=TRANSACTION_TOTAL_BYTES
)
_SET_TRANSACTION_METADATA = (
    _text("key", max_length=TRANSACTION_KEY_CHARACTERS),
    Parameter(
        "value",
        ("string", "number", "boolean", "null"),
        max_bytes=TRANSACTION_VALUE_BYTES,
        safe=True,
    ),
)
_SEND_EFFECT = (
    _text("kind", pattern="[a-z][a-z0-9-]{0,62}"),
    Parameter("payload", ("object",)),
    Parameter(
        "options",
        ("object",),
        optional=True,
        members=(
            _text("on", optional=True, enum=("allowed", "denied", "always")),
            _text("key", optional=True, min_length=1, max_length=255),
            Parameter("delay", ("number",), optional=True, minimum=0, maximum=EFFECT_DELAY_SECONDS),
        ),
    ),
)
# The cache answers `{"type": "error", "code": …}` and never throws, so the guest checks by itself.
_CACHE_OPTIONS = Parameter(
    "options",
    ("object",),
    optional=True,
    members=(Parameter("ttl", optional=True), Parameter("expires_at", optional=True)),
)

METHODS: tuple[Method, ...] = (
    Method("access.deny", (_text("reason"),), frozenset({_PL})),
    Method("idToken.setCustomClaim", _CLAIM_NO_SCOPE, frozenset({_PL})),
    Method("accessToken.setCustomClaim", _CLAIM_NO_SCOPE, frozenset({_PL})),
    Method("accessToken.setCustomClaim", _CLAIM, frozenset({_CE})),
    Method(
        "user.setAppMetadata",
        _SET_METADATA,
        _USER_TRIGGERS,
        effect=Effect("user.app_metadata"),
        object_form=True,
    ),
    Method(
        "user.setUserMetadata",
        _SET_METADATA,
        _USER_TRIGGERS,
        effect=Effect("user.user_metadata"),
        object_form=True,
    ),
    Method(
        "transaction.setMetadata",
        _SET_TRANSACTION_METADATA,
        frozenset({_PL}),
        effect=_TRANSACTION_METADATA,
    ),
    Method("cache.get", (Parameter("key"),), TRIGGERS, "local", chains=False),
    Method(
        "cache.set",
        (Parameter("key"), Parameter("value"), _CACHE_OPTIONS),
        TRIGGERS,
        "local",
        chains=False,
    ),
    Method("cache.delete", (Parameter("key"),), TRIGGERS, "local", chains=False),
    Method("effects.send", _SEND_EFFECT, TRIGGERS),
)


@cache
def methods(trigger: str) -> dict[str, Method]:
    """The methods of a trigger by path; a dictionary that callers only read."""
    return {method.path: method for method in METHODS if trigger in method.triggers}


def python_path(path: str) -> str:
    """The Python spelling: `idToken.setCustomClaim` is `id_token.set_custom_claim`."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", path).lower()


def to_guest(trigger: str) -> bytes:
    """The trigger's part of the table as JSON, from which a guest builds its `api` object.

    An array of objects with the fields of `Method` except `triggers`; fields at their default are
    left out.
    """
    rows = [_plain(method) for method in methods(trigger).values()]
    return orjson.dumps([{k: v for k, v in row.items() if k != "triggers"} for row in rows])


def operation(trigger: str, name: str, arguments: Sequence[object]) -> Operation | None:
    """What a checked command changes in the event that later actions see, if anything.

    Raises:
        CommandRefusedError: The trigger has no such command.
    """
    effect = _command(trigger, name).effect
    if effect is None:
        return None
    key, value = arguments
    if value is None:
        return ("unset", effect.path, key)
    return ("set", effect.path, key, value)


def check_command(trigger: str, name: str, arguments: Sequence[object]) -> None:
    """Check one recorded command against the table, as the guest should have done.

    Raises:
        CommandRefusedError: Unknown on this trigger, not a command, or an argument is not legal.
    """
    parameters = _command(trigger, name).parameters
    if len(arguments) > len(parameters):
        raise CommandRefusedError(
            f"api.{name} takes at most {len(parameters)} arguments, not {len(arguments)}"
        )
    for parameter in parameters[len(arguments) :]:
        if not parameter.optional:
            raise CommandRefusedError(f"api.{name} needs the argument {parameter.name}")
    for parameter, value in zip(parameters, arguments, strict=False):
        check(parameter, value, name)


def _command(trigger: str, name: str) -> Method:
    method = methods(trigger).get(name)
    if method is None or method.kind != "command":
        raise CommandRefusedError(f"api.{name} is not a command of the trigger {trigger}")
    return method


def _plain(value: object) -> Any:  # noqa: ANN401 - whatever a field holds
    """A dataclass as a dictionary without the fields that are at their default."""
    if isinstance(value, tuple):
        return [_plain(item) for item in cast("tuple[object, ...]", value)]
    if not isinstance(value, Method | Parameter | Forbidden | Effect):
        return value
    return {
        field.name: _plain(item)
        for field in fields(value)
        if field.init and (item := getattr(value, field.name)) != field.default
    }
