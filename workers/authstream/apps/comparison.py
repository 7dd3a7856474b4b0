"""Compares two flows of the control log on recorded logins, for the admin API."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import replace
from datetime import timedelta
from typing import Any

from authstream.apps.recorded_logins import RecordedLogin, RecordedLogins, Window
from authstream.apps.replay import beside
from authstream.apps.replay_tally import Compared as ComparedLogin
from authstream.apps.replay_tally import Tally
from authstream.apps.shadow import Shadow
from authstream.apps.stages import triggers
from authstream.apps.trial import tried
from authstream.contracts.control import ObjectKey
from authstream.contracts.slug import DEFAULT_TENANT
from authstream.contracts.topics import Topics
from authstream.control.door import Door
from authstream.control.folder import Folder
from authstream.control.objects import FLOW, BoundAction
from authstream.errors import BackPressureError, NotFoundError
from authstream.gateway.admin.comparison import Compared
from authstream.gateway.admin.trials import Asked
from authstream.settings import Settings

#: One more comparison waits so long for its turn.
TURN_WITHIN = timedelta(seconds=20)
#: What was compared until then is the answer.
COMPARES_WITHIN = timedelta(seconds=60)
#: Changed logins that are named.
NAMED = 50
_MILLISECOND = timedelta(milliseconds=1)


class RecordedComparison:
    """One comparison at a time: each starts a guest for every action of two flows."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._topics = Topics(settings.prefix)
        self._turn = threading.Lock()

    def __call__(self, door: Door, compared: Compared, /) -> dict[str, Any]:
        """Counts, and which logins would be told what otherwise.

        Blocks. Raises NotFoundError without logins, BackPressureError, ConfigurationError.
        """
        if not self._turn.acquire(timeout=TURN_WITHIN.total_seconds()):
            raise BackPressureError("another comparison is under way: try again in a moment")
        try:
            deployed = self._folder(door, replace(compared, drafts=frozenset()), compared.deployed)
            candidate = self._folder(door, compared, compared.candidate)
            logins = self._logins(door, compared)
            return asyncio.run(_answered(compared.trigger, logins, deployed, candidate))
        finally:
            self._turn.release()

    def _folder(self, door: Door, compared: Compared, bound: tuple[BoundAction, ...]) -> Folder:
        asked = Asked(compared.trigger, compared.owner, bound, {}, compared.drafts)
        return tried(door, asked, self._topics)

    def _logins(self, door: Door, compared: Compared) -> Sequence[RecordedLogin]:
        def serves(tenant: str) -> bool:
            if tenant == compared.tenant or compared.tenant != DEFAULT_TENANT:
                return tenant == compared.tenant
            return door.view.find(ObjectKey(FLOW, tenant, compared.trigger)) is None

        now = int(time.time() * 1000)
        window = Window(now - compared.back // _MILLISECOND, now, compared.count)
        with RecordedLogins(self._settings, triggers()[compared.trigger]) as recorded:
            found = recorded.find(window, serves)
        if not found:
            raise NotFoundError(
                f"no login of {compared.trigger} was recorded in that time: look further back"
            )
        return found


async def _answered(
    trigger: str, logins: Sequence[RecordedLogin], deployed: Folder, candidate: Folder
) -> dict[str, Any]:
    tally, changed = Tally(), list[ComparedLogin]()
    until = time.monotonic() + COMPARES_WITHIN.total_seconds()
    async with (
        Shadow(candidate, trigger, egress=False) as shadow,
        Shadow(deployed, trigger, egress=False) as other,
        aclosing(beside(shadow, other, logins, tally=tally)) as found,
    ):
        async for one in found:
            changed += [one] if one.changes else []
            if time.monotonic() > until:
                break
    return {
        **tally.public(),
        "recorded": len(logins),
        "logins": [_public(one) for one in changed[:NAMED]],
    }


def _public(one: ComparedLogin) -> dict[str, Any]:
    """Which login, and what changed; no value of it."""
    return {
        "flow_id": one.flow_id,
        "requested_at": one.requested_at,
        "changes": [
            {"leg": leg, "kind": change.kind, "place": change.place} for leg, change in one.changes
        ],
    }
