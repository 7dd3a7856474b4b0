"""Messages to users that could not be sent: never again, or again later."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, ClassVar

from authstream.contracts.codes import NOTIFICATION_DROP, NOTIFICATION_RETRY
from authstream.contracts.verdict import Retry
from authstream.engine.limits import NOTIFICATION_WAITS
from authstream.engine.part import DECIDED, Call, Denial, Leg, Members, Part, command
from authstream.engine.retries import left

RETRY = Retry(waits_ms=tuple(wait // timedelta(milliseconds=1) for wait in NOTIFICATION_WAITS))


class Notification(Part):
    """`notification`, of a denied leg.

    `status`, which is `drop` or `retry`, and `reason`; `retry` says when it is tried again.
    """

    gives = ("notification", "retry")
    shown = DECIDED
    retries = True
    limits: ClassVar[Mapping[str, str]] = {
        "tries of one message": f"{len(NOTIFICATION_WAITS) + 1}, by `notification.retry`"
    }

    def __init__(self, leg: Leg) -> None:
        super().__init__(leg)
        self._said: dict[str, Any] = {}

    @command("notification.drop", denies=True)
    def drop(self, call: Call) -> None:
        """Failed for good."""
        self._fail(call, "drop", NOTIFICATION_DROP)

    @command("notification.retry", denies=True)
    def retry(self, call: Call) -> None:
        """Failed for now."""
        self._fail(call, "retry", NOTIFICATION_RETRY)

    def _fail(self, call: Call, status: str, code: str) -> None:
        (reason,) = call.arguments
        if self.leg.deny(call, Denial(call.action, code, reason)):
            self._said = {"status": status, "reason": reason}

    def members(self) -> Members:
        """What to do with the message."""
        again = self._said.get("status") == "retry"
        policy = RETRY if again else None
        return {"notification": self._said, "retry": left(policy, self.leg.envelope)}
