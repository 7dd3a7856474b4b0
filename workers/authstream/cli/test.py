"""`authstream test DIR`: a whole flow on this machine, without a broker."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Annotated, Any

import typer

from authstream.apps.stages import triggers
from authstream.cli.events import known_trigger, read_event, read_object
from authstream.cli.progress import progress
from authstream.cli.settings import settings

#: Exit status when the flow failed (not when it denied: that is a result).
FLOW_FAILED_STATUS = 3


def register(app: typer.Typer) -> None:
    """Add the command."""

    @app.command()
    def test(
        folder: Annotated[Path, typer.Argument(help="Folder of actions and flows.")],
        *,
        trigger: Annotated[str, typer.Option(help="The trigger whose flow runs.")] = "post-login",
        event: Annotated[Path, typer.Option(help="A JSON event.")],
        resume: Annotated[
            list[Path] | None,
            typer.Option(
                help="New members of the event when the browser is back: JSON with request, and "
                "prompt or authentication. Once for each time that the flow is suspended."
            ),
        ] = None,
        as_json: Annotated[
            bool,
            typer.Option("--json", help="Print one JSON object: verdict, commands, runs, effects."),
        ] = False,
    ) -> int:
        """Run a whole flow on one event, without a broker. Effects are listed, not delivered."""
        from authstream.apps import logs  # noqa: PLC0415 - as below
        from authstream.apps.rehearsal import rehearse_legs  # noqa: PLC0415 - loads every stage

        logs.configure(settings(log_format="console", log_level="error"))
        value = read_event(event, known_trigger(trigger, triggers()))
        resumes = [read_object(file) for file in resume or ()]
        legs = asyncio.run(
            rehearse_legs(folder, value, trigger=trigger, resumes=resumes, say=progress)
        )
        result = legs[-1]
        if as_json:
            typer.echo(json.dumps({**result, "legs": legs} if resumes else result, indent=2))
        else:
            _print(legs)
        return FLOW_FAILED_STATUS if result["verdict"]["outcome"] == "failed" else 0


def _print(legs: list[dict[str, Any]]) -> None:
    from rich.console import Console  # noqa: PLC0415 - only for people

    from authstream.apps.verdicts import run_lines, verdict_lines  # noqa: PLC0415 - as above

    console = Console(highlight=False)
    for leg in legs:
        for line in [*verdict_lines(leg["verdict"]), *run_lines(leg["runs"])]:
            console.print(line)
        for effect in leg["effects"]:
            console.print(f"  would send {effect['kind']}: {effect['payload']}", markup=False)
