"""What suspends a flow: a redirect, a form, a challenge or an enrollment."""

from __future__ import annotations

from authstream.contracts.verdict import Outcome
from authstream.engine.part import Call, Part, command


class Suspension(Part):
    """`redirect`, `prompt` and `mfa.steps` of a suspended leg."""

    shown = frozenset[Outcome]({"allowed", "suspended"})

    @command(
        "redirect.sendUserTo",
        "prompt.render",
        "authentication.challengeWith",
        "authentication.challengeWithAny",
        "authentication.enrollWith",
        "authentication.enrollWithAny",
        ends="suspended",
    )
    def suspend(self, call: Call) -> None:
        """Said once by the verdict of its own leg; a later leg is past it."""
