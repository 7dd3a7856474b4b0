"""Custom token exchange: for which user tokens are issued, and on whose behalf."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from authstream.contracts.codes import INVALID_REQUEST, USER_NOT_SET, USER_SET_TWICE
from authstream.contracts.envelope import Failure
from authstream.engine.part import DECIDED, Call, Denial, Leg, Members, Part, command


class TokenExchange(Part):
    """`token_exchange`.

    `user_id`, or `connection`, `user_attributes`, `creation_behavior`, `update_behavior`; then
    `organization` and `actor`. Of a denied leg: `invalid_subject_token`.
    """

    gives = ("token_exchange", "subject")
    shown = DECIDED
    needed = True
    limits: ClassVar[Mapping[str, str]] = {"users set by all actions together": "exactly 1"}

    def __init__(self, leg: Leg) -> None:
        super().__init__(leg)
        self._users: list[dict[str, Any]] = []
        self._more: dict[str, Any] = {}
        self._refused: dict[str, Any] = {}

    @command("authentication.setUserById")
    def set_user_by_id(self, call: Call) -> None:
        """A user who exists."""
        (user_id,) = call.arguments
        self._users.append({"user_id": user_id})

    @command("authentication.setUserByConnection")
    def set_user_by_connection(self, call: Call) -> None:
        """A user of a connection, made when there is none if that is asked for."""
        connection, attributes, options = call.arguments
        self._users.append(
            {
                "connection": connection,
                "user_attributes": attributes,
                "creation_behavior": options["creationBehavior"],
                "update_behavior": options["updateBehavior"],
            }
        )

    @command("authentication.setOrganization")
    def set_organization(self, call: Call) -> None:
        """The last call wins."""
        (self._more["organization"],) = call.arguments

    @command("authentication.setActor")
    def set_actor(self, call: Call) -> None:
        """The last call wins; no refresh token is issued then."""
        (self._more["actor"],) = call.arguments

    @command("access.rejectInvalidSubjectToken", denies=True)
    def reject(self, call: Call) -> None:
        """The provider may count this against whoever tries tokens."""
        (reason,) = call.arguments
        if self.leg.deny(call, Denial(call.action, INVALID_REQUEST, reason)):
            self._refused = {"invalid_subject_token": True}

    def settle(self) -> Failure | None:
        """Exactly one user."""
        if len(self._users) == 1:
            return None
        return Failure(
            code=USER_SET_TWICE if self._users else USER_NOT_SET,
            reason="the action must set exactly one user, by setUserById or setUserByConnection; "
            f"it set {len(self._users)}",
        )

    def members(self) -> Members:
        """The user, or why there is none."""
        if self.leg.denial is not None:
            return {"token_exchange": self._refused}
        (user,) = self._users
        return {"token_exchange": {**user, **self._more}, "subject": user.get("user_id")}
