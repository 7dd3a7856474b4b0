"""After a password reset: where the browser goes."""

from __future__ import annotations

from authstream.engine.part import Call, Leg, Members, Part, command
from authstream.engine.suspension import with_query


class ResultUrl(Part):
    """`result_url`: where the browser goes after the password is reset."""

    gives = ("result_url",)

    def __init__(self, leg: Leg) -> None:
        super().__init__(leg)
        self._url: str | None = None

    @command("transaction.setResultUrl")
    def set(self, call: Call) -> None:
        """The last call wins."""
        self._url = with_query(call.arguments[0], call.options(1).get("query") or {})

    def members(self) -> Members:
        """The page, if one was set."""
        return {"result_url": self._url}
