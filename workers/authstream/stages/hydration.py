"""Fills in the metadata that a provider does not send, from the profile store and the log.

What a user's earlier logins ordered but the store does not have yet is laid over it, so that a
login reads its own writes whether or not they have been applied.
"""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any, Protocol

import structlog

from authstream.contracts.envelope import Envelope
from authstream.contracts.topics import Topics
from authstream.engine.pending_patches import PendingPatches
from authstream.engine.sink import Profile, ProfileStore, overlaid
from authstream.errors import BrokerUnreachableError, DeliveryError, RecordError

_MEMBERS = ("app_metadata", "user_metadata")


class ProfileUnavailableError(RecordError):
    """A user's metadata could not be read in time, and the settings say that logins then fail."""

    code = "profile_unavailable"


class Tail(Protocol):
    """Follows topics and tells of each record."""

    async def start(self) -> None:
        """Begin."""
        ...

    async def stop(self) -> None:
        """End."""
        ...

    async def caught_up(self, topic: str, key: bytes) -> None:
        """Return when every record of the key that was written before this call has been told."""
        ...


class Hydration:
    """Used by entry, before a flow is planned."""

    def __init__(
        self,
        store: ProfileStore,
        *,
        pending: PendingPatches,
        tail: Tail,
        topics: Topics,
        timeout: timedelta,
        fails: bool,
    ) -> None:
        self._store = store
        self._pending = pending
        self._tail = tail
        self._topic = topics.user_metadata
        self._timeout = timeout.total_seconds()
        self._fails = fails
        self._log = structlog.get_logger("authstream.hydration")

    async def start(self) -> None:
        """Connect to the store and follow the log."""
        await self._store.start()
        await self._tail.start()

    async def stop(self) -> None:
        """Leave both."""
        await self._tail.stop()
        await self._store.stop()

    def lacks(self, event: dict[str, Any], subject: str | None) -> bool:
        """Whether there is something to fill in: a user whose metadata the provider left out."""
        user = event.get("user")
        return (
            subject is not None
            and isinstance(user, dict)
            and not all(name in user for name in _MEMBERS)
        )

    async def fill(self, event: dict[str, Any], envelope: Envelope) -> dict[str, Any]:
        """The event with the user's metadata; what the provider sent itself stays.

        Raises ProfileUnavailableError where the policy is to fail.
        """
        try:
            async with asyncio.timeout(self._timeout):
                profile = await self._read(envelope)
        except (DeliveryError, BrokerUnreachableError, TimeoutError) as error:
            if self._fails:
                raise ProfileUnavailableError(
                    f"the metadata of flow {envelope.flow_id} could not be read "
                    f"({f'{error}' or 'timed out'}): see AUTHSTREAM_METADATA__HYDRATE"
                ) from error
            self._log.warning("not_hydrated", flow_id=envelope.flow_id, reason=f"{error}")
            profile = Profile({}, {})
        found = dict(zip(_MEMBERS, profile, strict=True))
        return {**event, "user": {**found, **event["user"]}}

    async def _read(self, envelope: Envelope) -> Profile:
        key = envelope.key.encode()
        await self._tail.caught_up(self._topic, key)
        # Before the store is read: what is applied in between is then applied twice, not missed.
        pending = self._pending.of(key)
        stored = await self._store.read(envelope.tenant, envelope.subject or "")
        return overlaid(stored, pending)
