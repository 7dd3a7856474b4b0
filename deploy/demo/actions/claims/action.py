"""Puts what the CRM said into the tokens, and remembers it on the user."""

NAMESPACE = "https://shop.example.com"


async def on_execute_post_login(event, api):
    tier = event.transaction.metadata.get("tier", "unknown")
    api.id_token.set_custom_claim(f"{NAMESPACE}/tier", tier)
    api.access_token.set_custom_claim(f"{NAMESPACE}/tier", tier)
    # A restricted name: it is dropped, and the verdict says so instead of keeping silent.
    api.id_token.set_custom_claim("roles", event.authorization.roles)
    api.user.set_app_metadata("crm_id", event.transaction.metadata.get("crm_id"))
    api.user.set_app_metadata("tier", tier)
