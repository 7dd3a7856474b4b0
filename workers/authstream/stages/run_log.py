"""Log lines of an action's runs that somebody on call looks for: failed, slow, or late to begin."""

from __future__ import annotations

import time
from datetime import timedelta

import structlog

from authstream.contracts.envelope import Envelope, Run

#: A run that took so long, or an envelope that lay so long in its topic, is told.
NOTABLE = timedelta(milliseconds=500)
#: What is slow for all would fill the log.
_SLOW_EVERY = timedelta(seconds=1)
_NOTABLE_MS = NOTABLE / timedelta(milliseconds=1)
_ENDED_WELL = ("ok", "denied", "suspended")


class RunLog:
    """Of one action stage."""

    def __init__(self, stage: str) -> None:
        self._log = structlog.get_logger("authstream.action").bind(stage=stage)
        self._told = -_SLOW_EVERY.total_seconds()

    def tell(self, envelope: Envelope, run: Run) -> None:
        """A line where there is something to say; of slow ones at most one a second."""
        lay = run.started_at - run.queued_at
        slow = max(lay, run.duration_ms) >= _NOTABLE_MS
        failed = run.status not in _ENDED_WELL
        if not slow and not failed:
            return
        said = {"flow_id": envelope.flow_id, "action": run.action, "version": run.version}
        if failed:
            error = (run.error or "").partition("\n")[0]
            self._log.warning(
                "run_failed", **said, status=run.status, ms=run.duration_ms, error=error
            )
        if slow and time.monotonic() - self._told >= _SLOW_EVERY.total_seconds():
            self._told = time.monotonic()
            self._log.warning("run_slow", **said, ms=run.duration_ms, lay_ms=lay)
