"""`api.redirect`, `api.prompt`, `api.transaction.setResultUrl`: where the browser goes."""

from __future__ import annotations

from authstream.contracts.api.method import Conflict, Method
from authstream.contracts.api.triggers import PASSWORD_RESET, POST_LOGIN
from authstream.contracts.parameter import Entries, Parameter, Says

FORM_ID_CHARACTERS = 48
FORM_ENTRIES = 24
FORM_OPTIONS_BYTES = 24 * 1024

_BOTH = frozenset({POST_LOGIN, PASSWORD_RESET})
#: What `new URL()` takes, as far as one pattern can say it in two languages.
_URL = Parameter(
    "url",
    ("string",),
    pattern=r"[Hh][Tt][Tt][Pp][Ss]?://[^\s/?#]+[^\r\n]*|(?![Hh][Tt][Tt][Pp][Ss]?:)"
    r"[A-Za-z][A-Za-z0-9+.\-]*:[^\r\n]+",
    says=(Says("types", "Invalid URL"), Says("pattern", "Invalid URL")),
)
_QUERY = Parameter(
    "options",
    ("object",),
    optional=True,
    members=(
        Parameter(
            "query",
            ("object",),
            optional=True,
            entries=Entries(value=Parameter("value", ("string", "number", "boolean", "null"))),
        ),
    ),
)
_BOTH_AT_ONCE = "Redirect and render commands cannot be used in the same action."
_FIELD = Parameter("name", ("string",), pattern="[a-zA-Z_][a-zA-Z0-9_]{0,49}")
_FORM = Parameter(
    "promptOptions",
    ("object",),
    optional=True,
    members=(
        Parameter(
            "fields", ("object",), optional=True, entries=Entries(_FIELD, at_most=FORM_ENTRIES)
        ),
        Parameter("vars", ("object",), optional=True, entries=Entries(at_most=FORM_ENTRIES)),
    ),
    max_bytes=FORM_OPTIONS_BYTES,
    says=(
        Says(
            "max_bytes",
            f"The total size of the prompt options exceeds the limit of {FORM_OPTIONS_BYTES}"
            " bytes.",
        ),
    ),
)
_SECRET = Parameter(
    "secret",
    ("string",),
    min_length=1,
    hint="if it comes from event.secrets, name it under secrets: in action.yaml and set it",
)

METHODS = (
    Method(
        "redirect.sendUserTo",
        (_URL, _QUERY),
        _BOTH,
        conflicts=(Conflict("prompt.render", _BOTH_AT_ONCE),),
        about="Suspends after this action and sends the browser to a page of yours.",
    ),
    Method(
        "redirect.encodeToken",
        (
            Parameter(
                "options",
                ("object",),
                members=(
                    Parameter("expiresInSeconds", ("number",), optional=True),
                    Parameter("payload", ("object",)),
                    _SECRET,
                ),
            ),
        ),
        _BOTH,
        "local",
        chains=False,
        about="A signed token (HS256) for the page that the browser is sent to.",
    ),
    Method(
        "redirect.validateToken",
        (
            Parameter(
                "options",
                ("object",),
                members=(
                    _SECRET,
                    Parameter("tokenParameterName", ("string",), optional=True, min_length=1),
                ),
            ),
        ),
        _BOTH,
        "local",
        chains=False,
        about="The payload of the signed token that the page sent back; throws if it is not valid.",
        differs="`sub` and `iss` are compared only if the token has them",
    ),
    Method(
        "redirect.canRedirect",
        (),
        frozenset({POST_LOGIN}),
        "local",
        chains=False,
        about="Whether this transaction can be redirected (deprecated by Auth0).",
    ),
    Method(
        "prompt.render",
        (Parameter("promptId", ("string",), max_length=FORM_ID_CHARACTERS), _FORM),
        _BOTH,
        conflicts=(
            Conflict("redirect.sendUserTo", _BOTH_AT_ONCE),
            Conflict("prompt.render", "Only 1 render command per action is allowed."),
        ),
        about="Suspends after this action and has the provider show a form.",
        differs="the form is the provider's",
    ),
    Method(
        "transaction.setResultUrl",
        (_URL, _QUERY),
        frozenset({PASSWORD_RESET}),
        about="Where the browser goes after the reset.",
    ),
)
