"""`authstream topics acls`: the rights of each process, as commands for Kafka, JSON, or granted."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Annotated

import orjson
import typer

from authstream.apps.stages import deliveries, triggers
from authstream.broker.access import KafkaAccess
from authstream.cli.settings import settings
from authstream.contracts.access import PROCESSES, Right, rights
from authstream.contracts.topics import Topics
from authstream.errors import ConfigurationError

PRINCIPAL = "User:authstream-{process}"


def register(group: typer.Typer) -> None:
    """Add the command to `topics`."""

    @group.command()
    def acls(
        *,
        process: Annotated[
            list[str] | None,
            typer.Option(help=f"Only of this one: {', '.join(PROCESSES)}. May be repeated."),
        ] = None,
        principal: Annotated[
            str, typer.Option(help="Who gets them; {process} is replaced.")
        ] = PRINCIPAL,
        as_json: Annotated[bool, typer.Option("--json", help="One JSON object a right.")] = False,
        grant: Annotated[bool, typer.Option("--grant", help="Grant them on the cluster.")] = False,
    ) -> None:
        """Print the least rights that each process needs on Kafka, or grant them."""
        chosen = process or list(PROCESSES)
        if unknown := set(chosen) - set(PROCESSES):
            raise ConfigurationError(
                f"no process {', '.join(sorted(unknown))}; there are {', '.join(PROCESSES)}"
            )
        current = settings()
        topics = Topics(current.prefix)
        for name in chosen:
            needed = rights(name, topics, triggers=triggers(), kinds=deliveries())
            who = principal.replace("{process}", name)
            if grant:
                count = KafkaAccess(current).grant(who, needed)
                typer.echo(f"{who}: {count} rights granted")
            elif as_json:
                typer.echo("\n".join(_json(who, right) for right in needed))
            else:
                typer.echo(f"# {name}")
                typer.echo("\n".join(_commands(who, needed, brokers=current.brokers)))


def _json(principal: str, right: Right) -> str:
    return orjson.dumps(
        {
            "principal": principal,
            "resource": right.resource,
            "name": right.name,
            "pattern": "prefixed" if right.prefixed else "literal",
            "operation": right.operation,
        }
    ).decode()


def _commands(principal: str, needed: Sequence[Right], *, brokers: str) -> Iterator[str]:
    """Lines for a shell with Kafka's tools; rights of a kind in one."""
    tool = f"kafka-acls.sh --bootstrap-server {brokers} --command-config admin.properties --add"
    for (resource, prefixed, operation), alike in groupby(sorted(needed, key=_kind), key=_kind):
        names = " ".join(f"--{resource.lower()} {right.name}" for right in alike)
        pattern = "prefixed" if prefixed else "literal"
        yield (
            f"{tool} --allow-principal {principal} --operation {operation}"
            f" --resource-pattern-type {pattern} {names}"
        )


def _kind(right: Right) -> tuple[str, bool, str]:
    return right.resource, right.prefixed, right.operation
