"""What an action prints, as lines of the worker's log: for whoever collects logs anyway.

Off unless `AUTHSTREAM_LOG_LEVELS` has a level for `console`: authors print what they like, also
what is personal, and executions keep it in any case.
"""

from __future__ import annotations

import structlog

from authstream.contracts.envelope import Run

_LOG = structlog.get_logger("authstream.console")
_LEVELS = frozenset(["debug", "info", "warning", "error"])


def log_console(run: Run) -> None:
    """Each line of a run, at the level that it was printed at; secrets are taken out already."""
    for line in run.console if structlog.is_configured() else ():
        level = line.level if line.level in _LEVELS else "info"
        getattr(_LOG, level)(
            "printed", action=run.action, version=run.version, text=line.text, leg=run.leg
        )
