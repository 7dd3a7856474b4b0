"""signup-post-identifier: at sign-up, once the identifier is entered (Auth0's trigger, beta)."""

from __future__ import annotations

from authstream.contracts.event_members import PostIdentifierEvent
from authstream.engine.parts.effects import Effects
from authstream.engine.trigger import Trigger

PLUGIN = Trigger(
    name="signup-post-identifier",
    handler="onExecuteSignupPostIdentifier",
    event=PostIdentifierEvent,
    parts=(Effects,),
    differs="Auth0 has published the event only: the handler is named as those of others are.",
)
