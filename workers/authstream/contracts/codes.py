"""The codes of verdicts that are not `allowed`, and what each means.

A failed verdict may also have the code of an error (`errors.py`), e.g. `invalid_event`; a denied
token exchange has the code that its action chose.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from authstream.contracts.verdict import Outcome

ACCESS_DENIED: Final = "access_denied"
VALIDATION_ERROR: Final = "validation_error"
INVALID_REQUEST: Final = "invalid_request"
INVALID_SCOPE: Final = "invalid_scope"
SERVER_ERROR: Final = "server_error"
NOTIFICATION_DROP: Final = "notification_drop"
NOTIFICATION_RETRY: Final = "notification_retry"
ACTION_ERROR: Final = "action_error"
ACTION_TIMEOUT: Final = "action_timeout"
PLATFORM_ERROR: Final = "platform_error"
UNKNOWN_VERSION: Final = "unknown_version"
TIMEOUT: Final = "timeout"
INCOMPLETE: Final = "incomplete"
TOO_LARGE: Final = "too_large"
NOT_IN_RELEASE: Final = "not_in_release"
USER_NOT_SET: Final = "user_not_set"
USER_SET_TWICE: Final = "user_set_twice"
REDIRECT_UNSUPPORTED: Final = "redirect_unsupported"
INTERACTION_REQUIRED: Final = "interaction_required"


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a code says, in one line."""

    outcome: Outcome
    about: str


def _denied(about: str) -> Meaning:
    return Meaning("denied", about)


def _failed(about: str) -> Meaning:
    return Meaning("failed", about)


#: Every code that a verdict has of its own, in the order of the page.
MEANINGS: Final[Mapping[str, Meaning]] = {
    ACCESS_DENIED: _denied(
        "An action called `access.deny`, `session.revoke` or `refreshToken.revoke`."
    ),
    VALIDATION_ERROR: _denied(
        "An action called `validation.error`; `validation` says what to show."
    ),
    INVALID_REQUEST: _denied("An action refused a machine or a subject token (OAuth's code)."),
    INVALID_SCOPE: _denied("An action refused a machine for what it asked for (OAuth's code)."),
    SERVER_ERROR: _denied("An action refused a machine for a reason of its own (OAuth's code)."),
    NOTIFICATION_DROP: _denied("An action could not send a message, and it is not tried again."),
    NOTIFICATION_RETRY: _denied(
        "An action could not send a message now; `retry` says what follows."
    ),
    ACTION_ERROR: _failed(
        "An action threw, called the api in a way that it does not have, or its process ended."
    ),
    ACTION_TIMEOUT: _failed("An action did not end within its own time."),
    PLATFORM_ERROR: _failed(
        "An action was not run, as its process does not come up or keeps failing."
    ),
    UNKNOWN_VERSION: _failed("The planned version of an action is not deployed on its worker."),
    TIMEOUT: _failed("The flow was not decided in time, or its caller stopped waiting."),
    INCOMPLETE: _failed("A planned action neither ran nor was skipped, so nobody is let in."),
    TOO_LARGE: _failed("The event, the commands or the claims are over their budget."),
    NOT_IN_RELEASE: _failed(
        "During an upgrade: it needs what the release in `AUTHSTREAM_WRITE_AS` cannot read."
    ),
    USER_NOT_SET: _failed("The actions of a token exchange set no user."),
    USER_SET_TWICE: _failed("The actions of a token exchange set a user more than once."),
    REDIRECT_UNSUPPORTED: _failed(
        "An action asked for a redirect, a form or a factor where the browser cannot be sent away."
    ),
    INTERACTION_REQUIRED: _failed(
        "As before, and the application had said `prompt=none` (OpenID)."
    ),
}
