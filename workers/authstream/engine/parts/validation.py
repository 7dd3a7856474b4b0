"""Validation errors: the flow stops, and the login page shows why."""

from __future__ import annotations

from typing import Any

from authstream.contracts.codes import VALIDATION_ERROR
from authstream.engine.part import DECIDED, Call, Denial, Leg, Members, Part, command


class Validation(Part):
    """`validation` of a denied leg: `{code, message}`, for the page that the user is at."""

    gives = ("validation",)
    shown = DECIDED

    def __init__(self, leg: Leg) -> None:
        super().__init__(leg)
        self._error: dict[str, Any] = {}

    @command("validation.error", denies=True)
    def error(self, call: Call) -> None:
        """The first error counts."""
        code, message = call.arguments
        if self.leg.deny(call, Denial(call.action, VALIDATION_ERROR, message, message)):
            self._error = {"code": code, "message": message}

    def members(self) -> Members:
        """The error, if that is why the flow was denied."""
        return {"validation": self._error}
