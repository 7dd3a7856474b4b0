"""Break-glass: one audited command lets every login of a trigger in, or none, until a time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Literal

from authstream.contracts.control import ObjectKey
from authstream.control.door import Door, checked_tenant
from authstream.control.objects import BREAK_GLASS, MILLISECOND, BreakGlassObject
from authstream.control.view import View
from authstream.engine.emergency import can_deny
from authstream.errors import ConfigurationError

#: An emergency that is forgotten must end by itself.
LONGEST = timedelta(hours=24)


class Emergencies:
    """Emergencies of all tenants, through a door. One of the default tenant is everybody's."""

    def __init__(self, door: Door) -> None:
        self._door = door

    def begin(
        self,
        tenant: str,
        trigger: str,
        mode: Literal["allow-all", "deny-all"],
        *,
        lasting: timedelta,
        reason: str,
    ) -> BreakGlassObject:
        """From now on, for so long. Raises ConfigurationError."""
        if trigger not in self._door.triggers:
            known = ", ".join(sorted(self._door.triggers))
            raise ConfigurationError(f"no trigger {trigger!r}; there are {known}")
        if not timedelta(0) < lasting <= LONGEST:
            raise ConfigurationError(
                f"an emergency lasts up to {LONGEST / timedelta(hours=1):g} hours: say how long"
            )
        if not reason.strip():
            raise ConfigurationError("an emergency needs a reason, for those who ask later")
        if mode == "deny-all" and not can_deny(trigger):
            raise ConfigurationError(f"{trigger} cannot deny: nothing would change")
        until = self._door.store.now() + lasting // MILLISECOND
        body = BreakGlassObject(mode=mode, until=until, reason=reason)
        key = ObjectKey(BREAK_GLASS, checked_tenant(tenant), trigger)
        after = self._door.view.revision(key)
        self._door.write(key, body, after=after, operation=f"{mode}: {reason}")
        return body

    def end(self, tenant: str, trigger: str) -> None:
        """Back to the flow. Raises NotFoundError."""
        stored = self._door.view.get(ObjectKey(BREAK_GLASS, tenant, trigger))
        self._door.write(stored.key, None, after=stored.record.revision, operation="end")


def banners(view: View, *, now: int) -> list[str]:
    """A line for every emergency in force."""
    lines: list[str] = []
    for stored in view.of_kind(BREAK_GLASS):
        glass = stored.read(BreakGlassObject)
        if now < glass.until:
            until = datetime.fromtimestamp(glass.until / 1000, UTC).isoformat(timespec="seconds")
            lines.append(
                f"BREAK-GLASS: {stored.key.name} of {stored.key.tenant} is {glass.mode} until"
                f" {until} by {stored.record.actor}: {glass.reason}"
            )
    return lines
