"""What suspends a flow: a redirect, a form, a challenge or an enrollment."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import ClassVar

from authstream.contracts.budgets import STATE_LIFETIME
from authstream.contracts.codes import INCOMPLETE
from authstream.contracts.envelope import Command, Failure
from authstream.contracts.verdict import Outcome
from authstream.engine.part import Call, Leg, Members, Part, command
from authstream.engine.suspension import SUSPENDING, parts


class Suspension(Part):
    """`redirect`, `prompt` and `mfa.steps`, of a suspended leg: `engine/suspension.py`."""

    gives = ("redirect", "prompt", "mfa")
    shown = frozenset[Outcome]({"suspended"})
    limits: ClassVar[Mapping[str, str]] = {
        "a suspended flow waits": f"{STATE_LIFETIME // timedelta(minutes=1)} minutes, for one use"
    }

    def __init__(self, leg: Leg) -> None:
        super().__init__(leg)
        self._asked: list[Command] = []

    @command(*sorted(SUSPENDING))
    def suspend(self, call: Call) -> None:
        """Those of earlier legs are settled and do not come here."""
        self._asked.append(call.command)

    def settle(self) -> Failure | None:
        """A flow that waits must be in the log."""
        if not self._asked or self.leg.envelope.state is not None:
            return None
        return Failure(code=INCOMPLETE, reason="a suspended flow is not in the log")

    def members(self) -> Members:
        """Where the browser goes, with the state it brings back."""
        return dict(parts(self._asked, self.leg.envelope.state or ""))
