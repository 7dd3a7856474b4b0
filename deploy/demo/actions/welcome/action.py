"""Orders a welcome e-mail on the first login; it is sent only if the login is allowed."""


async def on_execute_post_login(event, api):
    name = event.user.get("given_name") or event.user.email
    tier = event.user.app_metadata.get("tier", "new")
    api.effects.send(
        "email",
        {
            "to": event.user.email,
            "subject": f"Welcome, {name}",
            "text": f"Hello {name},\n\nthank you for joining us. You are a {tier} customer.\n",
        },
    )
