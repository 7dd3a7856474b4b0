"""Multifactor authentication at the end of the flow; challenges in the middle suspend it."""

from __future__ import annotations

from typing import Any

from authstream.engine.part import Call, Leg, Members, Part, command


class Multifactor(Part):
    """`mfa.enable`: `{provider}` and the options in Auth0's spelling; `none` skips it."""

    gives = ("mfa",)

    def __init__(self, leg: Leg) -> None:
        super().__init__(leg)
        self._enable: dict[str, Any] = {}

    @command("multifactor.enable")
    def enable(self, call: Call) -> None:
        """The last call wins; it does not suspend."""
        self._enable = {"provider": call.arguments[0], **call.options(1)}

    def members(self) -> Members:
        """To be asked for once all actions ran."""
        return {"mfa": {"enable": self._enable} if self._enable else {}}
