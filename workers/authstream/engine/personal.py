"""Where events hold personal data: what is left out where somebody need not see who it was."""

from __future__ import annotations

from typing import Final

#: Paths of members; the user's id and `app_metadata`, on which actions decide, stay.
PERSONAL: Final = tuple(
    ("event", *path.split("."))
    for path in (
        *(
            f"user.{name}"
            for name in (
                *("email", "family_name", "given_name", "name", "nickname", "username"),
                *("picture", "phone_number", "user_metadata", "enrolledFactors"),
                "identities.profileData",
            )
        ),
        *("request.ip", "request.user_agent", "request.query", "request.body"),
        *("request.geoip.latitude", "request.geoip.longitude", "request.geoip.cityName"),
        *("refresh_token.device", "session_transfer_token.request"),
        *("transaction.actor_token_user", "message.data"),
        *("session.device", "transaction.login_hint", "transaction.protocol_params"),
        *("message_options.recipient", "notification.recipient", "notification.to"),
    )
)
