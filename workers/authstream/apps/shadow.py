"""Runs recorded logins through a flow beside the real one: on a broker in memory, cut off."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from types import TracebackType
from typing import Any, Self, TypeAlias

from authstream.apps.build import say_nothing
from authstream.apps.recorded_logins import RecordedLogin
from authstream.apps.rehearsal import Rehearsal
from authstream.apps.stages import unchanged
from authstream.contracts import headers as h
from authstream.control.dependencies import Say
from authstream.control.folder import DeployedAction, Folder
from authstream.errors import ConfigurationError

#: `{verdict, commands, runs, effects}` of each leg, JSON-ready.
Legs: TypeAlias = Sequence[dict[str, Any]]
#: Headers that were for one call: its deadline is over, and nobody waits.
_OF_THE_CALL = (h.DEADLINE, h.REPLY_PARTITION, h.CORRELATION_ID, h.EFFECTS, *h.TRACE_CONTEXT)


class Shadow:
    """One flow with guests of its own, whose memory and cache end with it.

    Use as an async context manager. Effects and metadata are records in memory, which nobody
    delivers; actions connect to nobody unless `egress`.
    """

    def __init__(
        self, folder: Folder, trigger: str, *, egress: bool, say: Say = say_nothing
    ) -> None:
        """Raises ConfigurationError where actions cannot be kept from connecting."""
        self._trigger = trigger
        self._rehearsal = Rehearsal(
            folder, triggers=(trigger,), prepare=unchanged if egress else _cut_off, say=say
        )
        if self._rehearsal.level == "none" and not egress:
            raise ConfigurationError(
                "AUTHSTREAM_SANDBOX=none cannot keep actions from connecting: use auto, or let"
                " them with --egress on"
            )

    async def __aenter__(self) -> Self:
        await self._rehearsal.__aenter__()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._rehearsal.__aexit__(kind, error, trace)

    async def run(self, login: RecordedLogin) -> Legs:
        """What comes of a login now, and of each way back that its browser made then."""
        published = login.published
        headers = h.without(published.headers, _OF_THE_CALL)
        legs = [
            await self._rehearsal.replay(published.value or b"", headers, trigger=self._trigger)
        ]
        for resume in login.resumes:
            state = legs[-1]["verdict"]["state"]
            if state is None:
                break
            # Its request has the state of then, as have the tokens that were made with it.
            back = resume.model_copy(update={"state": state})
            legs.append(await self._rehearsal.bring_back(back, trigger=self._trigger))
        return legs


def _cut_off(action: DeployedAction) -> DeployedAction:
    """It may connect to nobody."""
    return replace(action, egress=())
