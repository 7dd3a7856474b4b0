"""Makes a claim of what the first action said, and orders one effect."""


async def on_execute_post_login(event, api):
    api.id_token.set_custom_claim("https://chaos.example/seen", event.transaction.metadata["seen"])
    api.effects.send("log", {"message": "seen"})
