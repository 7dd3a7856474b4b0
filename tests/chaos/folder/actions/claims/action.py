"""Makes a claim of what the first action said, and orders one effect."""

from typing import Any


async def on_execute_post_login(event: Any, api: Any) -> None:
    """One claim, one effect."""
    api.id_token.set_custom_claim("https://chaos.example/seen", event.transaction.metadata["seen"])
    api.effects.send("log", {"message": "seen"})
