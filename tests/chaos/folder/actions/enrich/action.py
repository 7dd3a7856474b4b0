"""Says who was seen, for the next action; takes its time where the test asks for it."""

import asyncio


async def on_execute_post_login(event, api):
    api.transaction.set_metadata("seen", event.user.user_id)
    if event.user.user_id.startswith("slow"):
        await asyncio.sleep(60)
