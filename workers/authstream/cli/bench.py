"""`authstream bench`: a steady load on your own cluster, and how long logins wait."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, cast

import orjson
import typer

from authstream.cli.settings import settings
from authstream.errors import ConfigurationError

#: As small as the trigger `post-login` allows.
_EVENT = {
    "user": {"user_id": "bench"},
    "client": {"client_id": "bench"},
    "connection": {"name": "bench"},
    "request": {"ip": "203.0.113.7"},
}
_FAILED_STATUS = 1
#: What a busy loop may be late without spoiling the figures.
_LATE_MS = 50.0


def register(app: typer.Typer) -> None:
    """Add the command."""

    @app.command()
    def bench(
        *,
        rate: Annotated[float, typer.Option(help="Logins a second.", min=0.1)] = 50.0,
        duration: Annotated[float, typer.Option(help="Seconds.", min=1)] = 30.0,
        event: Annotated[
            Path | None, typer.Option(help="A JSON event; the user's id is replaced.")
        ] = None,
        trigger: Annotated[str, typer.Option(help="The trigger to publish to.")] = "post-login",
        tenant: Annotated[
            str, typer.Option(help="The tenant, so that a flow of its own can be run.")
        ] = "bench",
        users: Annotated[int, typer.Option(help="So many different users.", min=1)] = 1000,
        as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
    ) -> int:
        """Publish real logins at a steady rate and measure how long each waits for its verdict.

        Their actions run and what they order is delivered: give the tenant a flow for it.
        """
        from authstream.apps.load import Load, drive  # noqa: PLC0415 - loads the broker

        said = {**_members(event), "tenant": {"id": tenant}}
        load = Load(trigger, said, rate, timedelta(seconds=duration), users)
        summary = asyncio.run(drive(load, settings())).summary()
        typer.echo(orjson.dumps(summary).decode() if as_json else _told(summary))
        return _FAILED_STATUS if summary["without_verdict"] else 0


def _members(file: Path | None) -> dict[str, Any]:
    if file is None:
        return dict(_EVENT)
    try:
        found = orjson.loads(file.read_bytes())
    except (OSError, orjson.JSONDecodeError) as error:
        raise ConfigurationError(f"{file} is no JSON event: {error}") from None
    if not isinstance(found, dict):
        raise ConfigurationError(f"{file} is no JSON event: it must be an object")
    return cast("dict[str, Any]", found)


def _told(summary: dict[str, Any]) -> str:
    lines = [f"{summary['logins']} logins, {summary['per_second']} a second"]
    lines += [f"  {count:8} {name}" for name, count in summary["outcomes"].items() if count]
    lines += [f"  {count:8} {name}" for name, count in summary["without_verdict"].items()]
    waits = ", ".join(f"{name} {value}" for name, value in summary["wait_ms"].items())
    lines.append(f"waited (ms): {waits or 'nothing was decided'}")
    if summary["sent_late_ms"] > _LATE_MS:
        lines.append(
            f"sent up to {summary['sent_late_ms']} ms late: this machine is at its limit, run a"
            " share of the rate on several"
        )
    return "\n".join(lines)
