"""`authstream dead-letters list|show|replay|drop`: records set aside, and what to do with them."""

from __future__ import annotations

import json
import time
from datetime import timedelta
from typing import Annotated

import typer

from authstream.broker.dead_letters import (
    DeadLetter,
    DeadLetters,
    Filter,
    ReplayRefusedError,
    chosen,
)
from authstream.cli.settings import settings
from authstream.engine.readable import readable
from authstream.errors import ConfigurationError

Reason = Annotated[str | None, typer.Option(help="Only of this reason.")]
StageName = Annotated[str | None, typer.Option(help="Only of this stage.")]
Tenant = Annotated[str | None, typer.Option(help="Only of this tenant.")]
Hours = Annotated[float | None, typer.Option(help="Only of the last so many hours.")]
Places = Annotated[list[str] | None, typer.Argument(help="PARTITION/OFFSET as `list` prints it.")]
Limit = Annotated[int, typer.Option(help="At most so many, oldest first.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(no_args_is_help=True, help="Records that were set aside.")
    app.add_typer(group, name="dead-letters")
    group.command("list")(_list)
    group.command("show")(_show)
    group.command("replay")(_replay)
    group.command("drop")(_drop)


def _list(
    *,
    count: Annotated[int, typer.Option(help="At most so many, newest first.")] = 50,
    reason: Reason = None,
    stage: StageName = None,
    tenant: Tenant = None,
    hours: Hours = None,
    settled: Annotated[
        bool, typer.Option("--settled", help="Also those replayed or dropped.")
    ] = False,
) -> None:
    """List dead letters: place, reason, stage, origin, detail."""
    wanted = _filter(reason, stage, tenant=tenant, hours=hours, settled=settled)
    with DeadLetters(settings()) as letters:
        found = letters.find(wanted)
    for letter in found[:count]:
        origin = f"{letter.topic}/{letter.partition}@{letter.offset}"
        mark = (letter.settled,) if letter.settled else ()
        typer.echo(
            "\t".join((letter.place, letter.reason, letter.stage, origin, letter.detail, *mark))
        )
    typer.echo(f"{len(found)} dead letters", err=True)


def _show(
    place: Annotated[str, typer.Argument(help="PARTITION/OFFSET as `list` prints it.")],
) -> None:
    """Print one dead letter as JSON."""
    partition, offset = _parsed(place)
    with DeadLetters(settings()) as letters:
        typer.echo(json.dumps(readable(_at(letters, partition, offset).message), indent=2))


def _replay(
    places: Places = None,
    *,
    reason: Reason = None,
    stage: StageName = None,
    tenant: Tenant = None,
    hours: Hours = None,
    limit: Limit = 1000,
    effects: Annotated[
        bool, typer.Option("--effects", help="A replayed login also has its effects and metadata.")
    ] = False,
) -> int:
    """Publish dead letters again: effects and patches under their ids, logins as new flows."""
    wanted = _filter(reason, stage, tenant=tenant, hours=hours)
    refused = 0
    with DeadLetters(settings()) as letters:
        for letter in _meant(letters, places, wanted, limit):
            try:
                typer.echo(f"{letter.place}\t{letters.replay(letter, effects=effects)}")
            except ReplayRefusedError as error:
                refused += 1
                typer.echo(f"{letter.place}\trefused: {error}", err=True)
    return ReplayRefusedError.exit_status if refused else 0


def _drop(
    places: Places = None,
    *,
    reason: Reason = None,
    stage: StageName = None,
    tenant: Tenant = None,
    hours: Hours = None,
    limit: Limit = 1000,
) -> None:
    """Mark dead letters as looked at: they are listed no more."""
    wanted = _filter(reason, stage, tenant=tenant, hours=hours)
    with DeadLetters(settings()) as letters:
        for letter in _meant(letters, places, wanted, limit):
            letters.drop(letter)
            typer.echo(f"{letter.place}\tdropped")


def _filter(
    reason: str | None,
    stage: str | None,
    *,
    tenant: str | None,
    hours: float | None,
    settled: bool = False,
) -> Filter:
    past = None if hours is None else timedelta(hours=hours).total_seconds()
    since = None if past is None else int((time.time() - past) * 1000)
    return Filter(reason, stage, tenant, since, settled)


def _meant(
    letters: DeadLetters, places: list[str] | None, wanted: Filter, limit: int
) -> list[DeadLetter]:
    """Those named, or those that the filter takes; never all by accident."""
    if places:
        return [_at(letters, *_parsed(place)) for place in places]
    if wanted == Filter():
        raise ConfigurationError(
            "say which dead letters are meant: their places, or --reason, --stage, --tenant, "
            "--hours"
        )
    return chosen(letters.find(wanted), limit)


def _parsed(place: str) -> tuple[int, int]:
    partition, _, offset = place.partition("/")
    if not (partition.isdigit() and offset.isdigit()):
        raise ConfigurationError(
            f"{place!r} is no place: give PARTITION/OFFSET as `authstream dead-letters list` "
            "prints it"
        )
    return int(partition), int(offset)


def _at(letters: DeadLetters, partition: int, offset: int) -> DeadLetter:
    found = letters.at(partition, offset)
    if found is None:
        raise ConfigurationError(
            f"no dead letter at {partition}/{offset}: it may have expired; "
            "see `authstream dead-letters list`"
        )
    return found
