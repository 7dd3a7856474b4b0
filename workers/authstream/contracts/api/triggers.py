"""The names of Auth0's triggers, and the one place that knows their other spelling."""

from __future__ import annotations

import re
from typing import Final

POST_LOGIN: Final = "post-login"
CREDENTIALS_EXCHANGE: Final = "credentials-exchange"
PRE_USER_REGISTRATION: Final = "pre-user-registration"
CUSTOM_TOKEN_EXCHANGE: Final = "custom-token-exchange"  # noqa: S105 - a trigger's name
PASSWORD_RESET: Final = "password-reset-post-challenge"  # noqa: S105 - a trigger's name
CUSTOM_EMAIL_PROVIDER: Final = "custom-email-provider"
CUSTOM_PHONE_PROVIDER: Final = "custom-phone-provider"
#: The 14 trigger ids of Auth0.
TRIGGERS: Final = frozenset(
    {
        POST_LOGIN,
        CREDENTIALS_EXCHANGE,
        PRE_USER_REGISTRATION,
        CUSTOM_TOKEN_EXCHANGE,
        PASSWORD_RESET,
        CUSTOM_EMAIL_PROVIDER,
        CUSTOM_PHONE_PROVIDER,
        "post-user-registration",
        "post-change-password",
        "send-phone-message",
        "event-stream",
        "signup-post-identifier",
        "login-post-identifier",
        "password-hash-migration",
    }
)


def trigger_id(name: str) -> str:
    """A trigger's id from either spelling: `postLogin` is `post-login`; others stay as they are."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "-", name).lower()
