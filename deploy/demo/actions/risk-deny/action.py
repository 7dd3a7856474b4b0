"""Denies logins from embargoed countries."""


async def on_execute_post_login(event, api):
    country = event.request.geoip.get("countryCode")
    if country in event.configuration.embargoed:
        api.access.deny(f"We cannot offer our service in {event.request.geoip.countryName}.")
