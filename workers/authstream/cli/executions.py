"""`authstream executions list|show|tail|rebuild` and `authstream explain`: what ran, and why."""

from __future__ import annotations

import json
import time
from collections.abc import Generator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from authstream.cli.door import AsJson, columns, show
from authstream.cli.execution_filter import (
    ActionName,
    Client,
    Code,
    Ended,
    Since,
    Slower,
    Tenant,
    Text,
    Trigger,
    User,
    chosen,
)
from authstream.cli.settings import settings
from authstream.errors import NotFoundError

if TYPE_CHECKING:
    from authstream.executions.index import Index
    from authstream.executions.port import Flow, Summary

FlowId = Annotated[str, typer.Argument(help="The flow's id, as `list`, logs and headers have it.")]
_POLL_SECONDS = 0.5
_HEAD = ("TIME", "OUTCOME", "CODE", "USER", "CLIENT", "MS", "FLOW")


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(no_args_is_help=True, help="What ran, how long, with what result.")
    app.add_typer(group, name="executions")
    group.command("list")(_list)
    group.command("show")(_show)
    group.command("tail")(_tail)
    group.command("rebuild")(_rebuild)
    app.command("explain")(_explain)


def _list(
    *,
    tenant: Tenant = None,
    trigger: Trigger = None,
    user: User = None,
    client: Client = None,
    action: ActionName = None,
    outcome: Ended = None,
    code: Code = None,
    since: Since = None,
    slower_than: Slower = None,
    text: Text = None,
    count: Annotated[int, typer.Option(help="At most so many, newest first.")] = 50,
    as_json: AsJson = False,
) -> None:
    """List executions, newest first."""
    wanted = chosen(
        tenant,
        trigger,
        user,
        client,
        action=action,
        outcome=outcome,
        code=code,
        since=since,
        slower=slower_than,
        text=text,
    )
    with _index() as index:
        found = index.search.find(wanted, limit=count).found
    rows = [_row(one) for one in found]
    show(
        [one.public() for one in found],
        lambda: columns([_HEAD, *rows]) if rows else ["no executions"],
        as_json=as_json,
    )


def _show(flow_id: FlowId) -> None:
    """Print all that is known of a flow as JSON: legs, answers, deliveries, dead letters."""
    with _index() as index:
        typer.echo(json.dumps(_flow(index, flow_id).public(), indent=2))


def _tail(
    *,
    tenant: Tenant = None,
    trigger: Trigger = None,
    user: User = None,
    client: Client = None,
    action: ActionName = None,
    outcome: Ended = None,
    code: Code = None,
    slower_than: Slower = None,
    text: Text = None,
    count: Annotated[int | None, typer.Option(help="Stop after so many.")] = None,
    seconds: Annotated[float | None, typer.Option(help="Stop after so many seconds.")] = None,
    as_json: AsJson = False,
) -> None:
    """Print executions as they come, until Ctrl-C."""
    from authstream.apps.executions import followed  # noqa: PLC0415 - loads the broker

    wanted = chosen(
        tenant,
        trigger,
        user,
        client,
        action=action,
        outcome=outcome,
        code=code,
        slower=slower_than,
        text=text,
    )
    until = None if seconds is None else time.monotonic() + seconds
    with _index() as index:
        number = index.search.newest()
    printed = 0
    typer.echo("follows: Ctrl-C ends it", err=True)
    with followed(settings()) as index:
        while (count is None or printed < count) and (until is None or time.monotonic() < until):
            for one in index.search.after(number, wanted):
                number, printed = one.number, printed + 1
                typer.echo(json.dumps(one.public()) if as_json else "  ".join(_row(one)))
            time.sleep(_POLL_SECONDS)


def _rebuild() -> None:
    """Make the index anew from the topics."""
    from authstream.apps.executions import Feed, index_of  # noqa: PLC0415 - as above

    current = settings()
    with index_of(current) as index:
        index.empty()
        new = Feed(current, index).catch_up()
    typer.echo(f"{new} records read")


def _explain(flow_id: FlowId, *, as_json: AsJson = False) -> None:
    """Tell the story of one login: what happened, why it ended so, what to do."""
    from authstream.executions.explain import explain  # noqa: PLC0415 - only for this command

    with _index() as index:
        flow = _flow(index, flow_id)
    story = explain(flow, trace_url=settings().executions.trace_url)
    show(story.public(), story.lines, as_json=as_json)


@contextmanager
def _index() -> Generator[Index]:
    from authstream.apps import logs  # noqa: PLC0415 - as above
    from authstream.apps.executions import caught_up  # noqa: PLC0415 - as above

    logs.configure(settings(log_format="console", log_level="error"))
    with caught_up(settings()) as index:
        yield index


def _flow(index: Index, flow_id: str) -> Flow:
    found = index.search.flow(flow_id)
    if found is None:
        raise NotFoundError(
            f"nothing is recorded of flow {flow_id}: is the id right, and is it not older than "
            "AUTHSTREAM_EXECUTIONS__DAYS? See `authstream executions list`"
        )
    return found


def _row(one: Summary) -> tuple[str, ...]:
    return (
        datetime.fromtimestamp(one.decided_at / 1000, UTC).isoformat(" ", "milliseconds"),
        one.outcome,
        one.code or "-",
        one.subject or "-",
        one.client or "-",
        f"{one.ms}",
        one.flow_id + (f"/{one.leg}" if one.leg else ""),
    )
