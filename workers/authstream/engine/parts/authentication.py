"""Who logged in, and how: a change of the subject after linking, methods of the provider's own."""

from __future__ import annotations

from typing import Any

from authstream.engine.part import Call, Leg, Members, Part, command


class AuthenticationChanges(Part):
    """`authentication`.

    `primary_user_id`, the subject after account linking; `methods`, URLs to record in the session.
    """

    gives = ("authentication",)

    def __init__(self, leg: Leg) -> None:
        super().__init__(leg)
        self._primary: str | None = None
        self._methods: dict[str, None] = {}

    @command("authentication.setPrimaryUser")
    def set_primary_user(self, call: Call) -> None:
        """Once in a transaction."""
        (user_id,) = call.arguments
        if self._primary is not None:
            self.leg.drop(call, user_id, "the primary user can be set once in a transaction")
            return
        self._primary, self.leg.linked_by = user_id, call.action

    @command("authentication.recordMethod")
    def record_method(self, call: Call) -> None:
        """Later logins see it in `event.authentication.methods`."""
        (url,) = call.arguments
        self._methods[url] = None

    def members(self) -> Members:
        """What was set."""
        said: dict[str, Any] = {"primary_user_id": self._primary, "methods": [*self._methods]}
        return {"authentication": {name: value for name, value in said.items() if value}}
