"""The options that say which executions are meant."""

from __future__ import annotations

import re
import time
from datetime import UTC, datetime, timedelta
from typing import Annotated, cast, get_args

import typer

from authstream.contracts.verdict import Outcome
from authstream.control.duration import duration
from authstream.errors import ConfigurationError
from authstream.executions.port import Filter

Tenant = Annotated[str | None, typer.Option(help="Only of this tenant.")]
Trigger = Annotated[str | None, typer.Option(help="Only of this trigger.")]
User = Annotated[str | None, typer.Option(help="Only of the user with this id.")]
Client = Annotated[str | None, typer.Option(help="Only of the client with this id.")]
ActionName = Annotated[str | None, typer.Option("--action", help="Only where this action ran.")]
Ended = Annotated[
    str | None, typer.Option("--outcome", help="allowed, denied, suspended or failed.")
]
Code = Annotated[str | None, typer.Option(help="Only with this code, e.g. action_timeout.")]
Since = Annotated[str | None, typer.Option(help="A time ago (30m, 2h, 7d) or an ISO 8601 time.")]
Slower = Annotated[
    str | None,
    typer.Option("--slower-than", help="e.g. 500ms or 2s; of the action's run, if one is named."),
]
Text = Annotated[str | None, typer.Option(help="Words in logs, errors or reasons.")]
_DAYS = re.compile(r"(\d+)d")


def chosen(
    tenant: str | None,
    trigger: str | None,
    user: str | None,
    client: str | None,
    *,
    action: str | None,
    outcome: str | None,
    code: str | None,
    text: str | None,
    slower: str | None,
    since: str | None = None,
) -> Filter:
    """The filter of these options. Raises ConfigurationError."""
    if outcome is not None and outcome not in get_args(Outcome):
        known = ", ".join(get_args(Outcome))
        raise ConfigurationError(f"--outcome {outcome} is none: give one of {known}")
    return Filter(
        tenant,
        trigger,
        user,
        client,
        action=action,
        outcome=cast("Outcome | None", outcome),
        code=code,
        since=None if since is None else _millis(since),
        slower_than=None if slower is None else duration(slower),
        text=text,
    )


def _millis(since: str) -> int:
    """A time ago, or a time, in milliseconds since the epoch. Raises ConfigurationError."""
    days = _DAYS.fullmatch(since)
    if days is not None:
        return int((time.time() - timedelta(days=int(days[1])).total_seconds()) * 1000)
    try:
        at = datetime.fromisoformat(since)
    except ValueError:
        return int((time.time() - duration(since).total_seconds()) * 1000)
    return int((at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp() * 1000)
