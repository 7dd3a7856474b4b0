"""Keeps out who comes from an embargoed country."""

from typing import Any


async def on_execute_post_login(event: Any, api: Any) -> None:
    """A denial, after the e-mail was ordered."""
    if event.request.geoip.countryCode == "XX":
        api.access.deny("not from there")
