"""password-hash-migration: a password is to be checked against a foreign hash (Auth0's, beta)."""

from __future__ import annotations

from authstream.contracts.event_members import Event, Tenant
from authstream.engine.parts.effects import Effects
from authstream.engine.trigger import Trigger


class PasswordHashMigrationEvent(Event):
    """Whatever the provider publishes, for a tenant."""

    tenant: Tenant


PLUGIN = Trigger(
    name="password-hash-migration",
    handler="onExecutePasswordHashMigration",
    event=PasswordHashMigrationEvent,
    parts=(Effects,),
    sensitive=("password", "request.body.password"),
    differs=(
        "Auth0 has published nothing but the name: any event with a tenant is taken, no "
        "method gives a result, the handler is named as those of others are."
    ),
)
