"""`api.effects`: side effects that the verdict orders; Authstream's own."""

from __future__ import annotations

from authstream.contracts.api.method import Method
from authstream.contracts.api.triggers import TRIGGERS
from authstream.contracts.parameter import Parameter

METHODS = (
    Method(
        "effects.send",
        (
            Parameter("kind", ("string",), pattern="[a-z][a-z0-9-]{0,62}"),
            Parameter("payload", ("object",)),
            Parameter(
                "options",
                ("object",),
                optional=True,
                members=(
                    Parameter(
                        "on",
                        ("string",),
                        optional=True,
                        enum=("allowed", "denied", "always", "suspended"),
                    ),
                    Parameter("key", ("string",), optional=True, min_length=1, max_length=255),
                ),
            ),
        ),
        TRIGGERS,
        about="Orders a side effect, delivered after the verdict under a stable id.",
        differs="Auth0 has no such method",
    ),
)
