"""Welcomes a user at the first login."""

from typing import Any


async def on_execute_post_login(event: Any, api: Any) -> None:
    """One e-mail, from the package's template."""
    values = {"name": event.user.user_id}
    api.effects.send("email", {"to": event.user.email, "template": "welcome", "values": values})
