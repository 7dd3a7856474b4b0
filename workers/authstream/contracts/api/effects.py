"""`api.effects`: side effects that the verdict orders; Authstream's own."""

from __future__ import annotations

from authstream.contracts.api.method import Method
from authstream.contracts.api.triggers import TRIGGERS
from authstream.contracts.parameter import Parameter

#: An effect can be ordered for a week ahead: its topics keep it no longer.
DELAY_SECONDS = 7 * 24 * 3600

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
                    Parameter(
                        "delay", ("number",), optional=True, minimum=0, maximum=DELAY_SECONDS
                    ),
                ),
            ),
        ),
        TRIGGERS,
        about="Orders a side effect, delivered after the verdict under a stable id.",
        differs="Auth0 has no such method",
    ),
)
