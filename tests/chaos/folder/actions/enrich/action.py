"""Says who was seen, for the next action; takes its time where the test asks for it."""

import asyncio
from typing import Any


async def on_execute_post_login(event: Any, api: Any) -> None:
    """One piece of metadata."""
    api.transaction.set_metadata("seen", event.user.user_id)
    if event.user.user_id.startswith("slow"):
        await asyncio.sleep(60)
