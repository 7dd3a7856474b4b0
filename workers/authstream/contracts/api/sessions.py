"""`api.session` and `api.refreshToken`: how long they last, and metadata they carry."""

from __future__ import annotations

from authstream.contracts.api.method import Effect, Guard, Method
from authstream.contracts.api.triggers import POST_LOGIN
from authstream.contracts.parameter import Parameter, Says

REVOKE_CHARACTERS = 1024
METADATA_ENTRIES = 25
METADATA_CHARACTERS = 255

_PL = frozenset({POST_LOGIN})
_NO_TIME = "Either inactivity or absolute expiration time must be provided"
_KEY = Parameter("key", ("string",))


def _time(name: str) -> Parameter:
    """Milliseconds since 1970."""
    return Parameter(
        name,
        ("number",),
        minimum=1,
        says=(Says("absent", _NO_TIME), Says("minimum", _NO_TIME)),
        hint="milliseconds since 1970, e.g. those of a date's getTime() or timestamp() * 1000",
    )


def _metadata(owner: str) -> tuple[tuple[Parameter, ...], str]:
    """The parameters of `setMetadata`, and how its errors begin."""
    said = f"Failed to set {owner} metadata: "
    bad = f"{said}Invalid metadata: "
    key = Parameter(
        "key",
        ("string",),
        max_length=METADATA_CHARACTERS,
        pattern="[a-zA-Z0-9_-]+",
        says=(
            Says("types", f"{bad}Metadata key must be a string"),
            Says(
                "max_length",
                f"{bad}All metadata keys must be at most {METADATA_CHARACTERS} characters long",
            ),
            Says(
                "pattern",
                f"{bad}Metadata keys may only include letters, numbers, underscores, or hyphens",
            ),
        ),
    )
    value = Parameter(
        "value",
        ("string", "null"),
        max_length=METADATA_CHARACTERS,
        pattern=r"[^\0]*",
        says=(
            Says("types", f"{bad}Metadata value must be a string"),
            Says(
                "max_length",
                f"{bad}All metadata values must be at most {METADATA_CHARACTERS} characters long",
            ),
            Says("pattern", rf"{bad}Metadata values must not contain null bytes (\x00)"),
        ),
    )
    return (key, value), said


def _full(said: str) -> str:
    return f"{said}Invalid metadata: Metadata must not contain more than {METADATA_ENTRIES} entries"


def _online(method: str, said: str = "") -> Guard:
    return Guard(
        "refresh_token.access",
        "not",
        f"{said}Cannot call {method} on an online refresh token.",
        value="online",
    )


_SESSION_METADATA, _SESSION_SAYS = _metadata("session")
_TOKEN_METADATA, _TOKEN_SAYS = _metadata("refresh token")
_SESSION, _TOKEN = "session.metadata", "refresh_token.metadata"
_SHORTEN = (
    "Ends it at this time (ms since 1970), never later than before; the earliest call counts."
)
_IDLE = "Ends it at this time (ms since 1970) if it is not used; the earliest call counts."

METHODS = (
    Method(
        "session.revoke",
        (
            Parameter("reason", ("string",), max_length=REVOKE_CHARACTERS),
            Parameter(
                "options",
                ("object",),
                optional=True,
                members=(Parameter("preserveRefreshTokens", ("boolean",), optional=True),),
            ),
        ),
        _PL,
        about="Denies and ends the session, with its refresh tokens unless they are preserved.",
    ),
    Method("session.setExpiresAt", (_time("absolute"),), _PL, about=_SHORTEN),
    Method("session.setIdleExpiresAt", (_time("inactivity"),), _PL, about=_IDLE),
    Method(
        "session.setCookieMode",
        (
            Parameter(
                "mode",
                ("string",),
                enum=("persistent", "non-persistent"),
                min_length=1,
                says=(Says("types", "Cookie mode must be provided"),),
            ),
        ),
        _PL,
        effect=Effect("session.cookie.mode", "put", at_once=True, existing=True),
        about="Whether the session's cookie outlives the browser; the last call counts.",
    ),
    Method(
        "session.setMetadata",
        _SESSION_METADATA,
        _PL,
        guards=(
            Guard(
                "session",
                "present",
                f"{_SESSION_SAYS}Cannot set metadata on a session that does not exist.",
            ),
        ),
        effect=Effect(
            _SESSION,
            at_once=True,
            existing=True,
            max_entries=METADATA_ENTRIES,
            full=_full(_SESSION_SAYS),
        ),
        about="Keeps a text with the session; null removes it.",
    ),
    Method(
        "session.deleteMetadata",
        (_KEY,),
        _PL,
        effect=Effect(_SESSION, "unset", at_once=True, existing=True),
        about="Removes one text from the session.",
    ),
    Method(
        "session.evictMetadata",
        (),
        _PL,
        effect=Effect(_SESSION, "clear", at_once=True, existing=True),
        about="Removes all texts from the session.",
    ),
    Method(
        "refreshToken.revoke",
        (Parameter("reason", ("string",), max_length=REVOKE_CHARACTERS),),
        _PL,
        about="Denies the exchange and ends the refresh token; only in a refresh-token exchange.",
    ),
    Method(
        "refreshToken.setExpiresAt",
        (_time("absolute"),),
        _PL,
        guards=(_online("setExpiresAt"),),
        about=_SHORTEN,
    ),
    Method(
        "refreshToken.setIdleExpiresAt",
        (_time("inactivity"),),
        _PL,
        guards=(_online("setIdleExpiresAt"),),
        about=_IDLE,
    ),
    Method(
        "refreshToken.setMetadata",
        _TOKEN_METADATA,
        _PL,
        guards=(_online("setMetadata", _TOKEN_SAYS),),
        effect=Effect(
            _TOKEN,
            at_once=True,
            existing=True,
            max_entries=METADATA_ENTRIES,
            full=_full(_TOKEN_SAYS),
        ),
        about="Keeps a text with the refresh token, also before there is one; null removes it.",
    ),
    Method(
        "refreshToken.deleteMetadata",
        (_KEY,),
        _PL,
        guards=(_online("deleteMetadata"),),
        effect=Effect(_TOKEN, "unset", at_once=True, existing=True),
        about="Removes one text from the refresh token.",
    ),
    Method(
        "refreshToken.evictMetadata",
        (),
        _PL,
        guards=(_online("evictMetadata"),),
        effect=Effect(_TOKEN, "clear", at_once=True, existing=True),
        about="Removes all texts from the refresh token.",
    ),
)
