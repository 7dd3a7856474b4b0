"""login-post-identifier: at login, once the identifier is entered (Auth0's trigger, beta)."""

from __future__ import annotations

from authstream.contracts.event_members import PostIdentifierEvent
from authstream.engine.parts.effects import Effects
from authstream.engine.trigger import Trigger

PLUGIN = Trigger(
    name="login-post-identifier",
    handler="onExecuteLoginPostIdentifier",
    event=PostIdentifierEvent,
    parts=(Effects,),
    differs=(
        "Auth0 has published nothing but the name: the event is that of signup-post-"
        "identifier, the handler is named as those of others are."
    ),
)
