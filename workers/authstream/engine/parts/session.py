"""Sessions and refresh tokens: shortened, annotated, revoked."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, ClassVar

from authstream.contracts.api.sessions import METADATA_ENTRIES
from authstream.contracts.codes import ACCESS_DENIED
from authstream.engine.part import DECIDED, Call, Denial, Leg, Members, Part, command

REFRESH_PROTOCOL = "oauth2-refresh-token"


class _Lifetime(Part):
    """What a session and a refresh token have in common."""

    shown = DECIDED
    #: Its name in the event and in the verdict.
    of: ClassVar[str]

    def __init__(self, leg: Leg) -> None:
        super().__init__(leg)
        self.changes: dict[str, Any] = {}

    def expire(self, call: Call, member: str) -> None:
        """Shorten only, and the earliest wins."""
        (moment,) = call.arguments
        stated = _millis(self.leg.member(self.of, member))
        earliest = self.changes.get(member, moment)
        if stated is not None and moment > stated:
            self.leg.drop(call, moment, f"it ends at {stated} anyway: it can only be shortened")
        elif moment > earliest:
            self.leg.drop(call, moment, f"a call before ends it at {earliest}: the earliest counts")
        else:
            self.changes[member] = moment

    def annotate(self, call: Call, key: str, value: object) -> None:
        """Set an entry of the metadata; null removes it."""
        patch: dict[str, Any] = self.changes.setdefault("metadata", {})
        evicted = self.changes.get("evict_metadata", False)
        there: dict[str, Any] = {} if evicted else self.leg.member(self.of, "metadata") or {}
        kept = {name for name, held in (there | patch | {key: value}).items() if held is not None}
        if len(kept) > METADATA_ENTRIES and value is not None:
            self.leg.drop(call, key, f"there are {METADATA_ENTRIES} entries already")
        else:
            patch[key] = value

    def evict(self) -> None:
        """Remove every entry, those set so far too."""
        self.changes |= {"evict_metadata": True, "metadata": {}}

    def members(self) -> Members:
        """All changes in one object."""
        return {self.of: {name: value for name, value in self.changes.items() if value != {}}}


class SessionChanges(_Lifetime):
    """`session`.

    `expires_at`, `idle_expires_at` in milliseconds since the epoch; `cookie_mode`; `metadata`, a
    patch; `evict_metadata`, to be done first; `revoke`: `reason`, `preserve_refresh_tokens`.
    """

    gives = ("session",)
    of = "session"

    @command("session.setExpiresAt")
    def set_expires_at(self, call: Call) -> None:
        """When it ends for good."""
        self.expire(call, "expires_at")

    @command("session.setIdleExpiresAt")
    def set_idle_expires_at(self, call: Call) -> None:
        """When it ends unless it is used."""
        self.expire(call, "idle_expires_at")

    @command("session.setCookieMode")
    def set_cookie_mode(self, call: Call) -> None:
        """The last call wins."""
        (self.changes["cookie_mode"],) = call.arguments

    @command("session.setMetadata")
    def set_metadata(self, call: Call) -> None:
        """An entry of a session that exists."""
        key, value = call.arguments
        if self._exists(call, key):
            self.annotate(call, key, value)

    @command("session.deleteMetadata")
    def delete_metadata(self, call: Call) -> None:
        """Remove an entry."""
        (key,) = call.arguments
        if self._exists(call, key):
            self.annotate(call, key, None)

    @command("session.evictMetadata")
    def evict_metadata(self, call: Call) -> None:
        """Remove all entries."""
        if self._exists(call, "metadata"):
            self.evict()

    @command("session.revoke", denies=True)
    def revoke(self, call: Call) -> None:
        """Deny, and end the session with its refresh tokens unless they are preserved."""
        reason, preserve = call.arguments[0], call.options(1).get("preserveRefreshTokens", False)
        if self.leg.deny(call, Denial(call.action, ACCESS_DENIED, reason)):
            self.changes["revoke"] = {"reason": reason, "preserve_refresh_tokens": preserve}

    def _exists(self, call: Call, target: str) -> bool:
        if self.leg.member("session") is not None:
            return True
        self.leg.drop(call, target, "there is no session")
        return False


class RefreshTokenChanges(_Lifetime):
    """`refresh_token`.

    As `session`, without `cookie_mode`; `revoke` has the `reason` only.
    """

    gives = ("refresh_token",)
    of = "refresh_token"

    @command("refreshToken.setExpiresAt")
    def set_expires_at(self, call: Call) -> None:
        """When it ends for good."""
        self.expire(call, "expires_at")

    @command("refreshToken.setIdleExpiresAt")
    def set_idle_expires_at(self, call: Call) -> None:
        """When it ends unless it is used."""
        self.expire(call, "idle_expires_at")

    @command("refreshToken.setMetadata")
    def set_metadata(self, call: Call) -> None:
        """An entry, also of a token that is yet to be issued."""
        key, value = call.arguments
        self.annotate(call, key, value)

    @command("refreshToken.deleteMetadata")
    def delete_metadata(self, call: Call) -> None:
        """Remove an entry."""
        (key,) = call.arguments
        self.annotate(call, key, None)

    @command("refreshToken.evictMetadata")
    def evict_metadata(self, _call: Call) -> None:
        """Remove all entries."""
        self.evict()

    @command("refreshToken.revoke", denies=True)
    def revoke(self, call: Call) -> None:
        """Deny a refresh and revoke its token; the flow is denied outside of one too."""
        (reason,) = call.arguments
        if not self.leg.deny(call, Denial(call.action, ACCESS_DENIED, reason)):
            return
        if self.leg.member("transaction", "protocol") == REFRESH_PROTOCOL:
            self.changes["revoke"] = {"reason": reason}
        else:
            self.leg.drop(call, "revoke", "this is no exchange of a refresh token")


def _millis(stated: object) -> int | None:
    """Milliseconds of an ISO 8601 time; None for anything else."""
    if not isinstance(stated, str):
        return None
    try:
        moment = datetime.fromisoformat(stated)
    except ValueError:
        return None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return round(moment.timestamp() * 1000)
