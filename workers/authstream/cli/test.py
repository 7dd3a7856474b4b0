"""`authstream test DIR`: whole flows on this machine, without a broker."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from authstream.apps.stages import triggers
from authstream.cli.events import known_trigger, read_event, read_object
from authstream.cli.progress import progress
from authstream.cli.settings import settings
from authstream.control.sample_events import SampleEvent, sample_events
from authstream.errors import AuthstreamError, ConfigurationError

if TYPE_CHECKING:
    from authstream.apps.sample_runs import SampleRun

#: Exit status when a flow failed (not when it denied: that is a result).
FLOW_FAILED_STATUS = 3
#: Exit status when a verdict is not the one of its snapshot.
SNAPSHOT_DIFFERS_STATUS = 4
#: The trigger of events that do not say another.
DEFAULT_TRIGGER = "post-login"


def register(app: typer.Typer) -> None:
    """Add the command."""

    @app.command()
    def test(
        folder: Annotated[Path, typer.Argument(help="Folder of actions and flows.")],
        *,
        trigger: Annotated[
            str | None, typer.Option(help="The trigger whose flow runs; post-login unless said.")
        ] = None,
        event: Annotated[Path | None, typer.Option(help="A JSON event.")] = None,
        resume: Annotated[
            list[Path] | None,
            typer.Option(
                help="New members of the event when the browser is back: JSON with request, and "
                "prompt or authentication. Once for each time that the flow is suspended."
            ),
        ] = None,
        every: Annotated[
            bool, typer.Option("--all", help="Every event in events/; so without --event.")
        ] = False,
        update: Annotated[
            bool, typer.Option("--update", help="Write the verdicts to snapshots/.")
        ] = False,
        watch: Annotated[
            bool, typer.Option("--watch", help="Run again when a file changes, until Ctrl-C.")
        ] = False,
        as_json: Annotated[
            bool, typer.Option("--json", help="Print one JSON object instead of lines.")
        ] = False,
    ) -> int:
        """Run whole flows on events, without a broker. Effects are listed, not delivered."""
        from authstream.apps import logs  # noqa: PLC0415 - only here

        logs.configure(settings(log_format="console", log_level="error"))
        if event is not None:
            _only_without_event(all=every, update=update)
            one, back = known_trigger(trigger or DEFAULT_TRIGGER, triggers()).name, resume or []
            return _run(
                lambda: _one(folder, event, one, resumes=back, as_json=as_json),
                watched=(folder, event, *back) if watch else None,
            )
        if resume:
            raise typer.BadParameter("--resume is for --event FILE")
        return _run(
            lambda: _all(folder, trigger, update=update, as_json=as_json),
            watched=(folder,) if watch else None,
        )


def _only_without_event(**flags: bool) -> None:
    for name, given in flags.items():
        if given:
            raise typer.BadParameter(f"--{name} and --event exclude each other")


def _run(once: Callable[[], int], *, watched: tuple[Path, ...] | None) -> int:
    """Run it, or run it again after each change; an error is then told, and waited on."""
    if watched is None:
        return once()
    from authstream.apps.watching import changes  # noqa: PLC0415 - only for --watch

    for _ in changes(watched[0], beside=watched[1:]):
        try:
            once()
        except AuthstreamError as error:
            progress(f"error: {error}")
        progress(f"watching {watched[0]} …")
    return 0


def _one(folder: Path, event: Path, trigger: str, *, resumes: Sequence[Path], as_json: bool) -> int:
    from authstream.apps.rehearsal import rehearse_legs  # noqa: PLC0415 - loads every stage

    value = read_event(event, triggers()[trigger])
    continuations = [read_object(file) for file in resumes]
    legs = asyncio.run(
        rehearse_legs(folder, value, trigger=trigger, resumes=continuations, say=progress)
    )
    result = legs[-1]
    if as_json:
        typer.echo(json.dumps({**result, "legs": legs} if resumes else result, indent=2))
    for leg in () if as_json else legs:
        print_result(leg)
    return FLOW_FAILED_STATUS if result["verdict"]["outcome"] == "failed" else 0


def _all(folder: Path, trigger: str | None, *, update: bool, as_json: bool) -> int:
    samples = [
        sample
        for sample in sample_events(folder, triggers=triggers(), default=DEFAULT_TRIGGER)
        if trigger is None or sample.trigger == known_trigger(trigger, triggers()).name
    ]
    if not samples:
        wanted = f"of {trigger} " if trigger else ""
        raise ConfigurationError(
            f"{folder} has no sample events {wanted}in events/: add one, or give --event FILE"
        )
    shown = _say_nothing if as_json else _print_run
    runs = asyncio.run(_gathered(folder, samples, update=update, shown=shown))
    if as_json:
        typer.echo(json.dumps({"results": [run.public() for run in runs]}, indent=2))
    if any(run.compared.status == "differs" for run in runs):
        return SNAPSHOT_DIFFERS_STATUS
    return FLOW_FAILED_STATUS if any(run.failed for run in runs) else 0


async def _gathered(
    folder: Path,
    samples: Sequence[SampleEvent],
    *,
    update: bool,
    shown: Callable[[SampleRun], None],
) -> list[SampleRun]:
    from authstream.apps.sample_runs import run_samples  # noqa: PLC0415 - loads every stage

    runs: list[SampleRun] = []
    async for run in run_samples(folder, samples, update=update, say=progress):
        runs.append(run)
        shown(run)
    return runs


def _say_nothing(_run: SampleRun) -> None:
    """For --json, which is printed at the end."""


def _print_run(run: SampleRun) -> None:
    """A heading; all of the result unless the snapshot has it, and what differs from it."""
    said = {"none": "no snapshot", "same": "as its snapshot", "differs": "differs", "written": ""}
    outcome = run.result["verdict"]["outcome"]
    state = said[run.compared.status] or "snapshot written"
    typer.echo(f"{run.sample.name} ({run.sample.trigger}): {outcome}, {state}")
    for line in run.compared.lines:
        typer.echo(f"  {line}")
    if run.compared.status in ("none", "differs"):
        print_result(run.result)


def print_result(result: dict[str, Any]) -> None:
    """Verdict, runs and effects, for people."""
    from rich.console import Console  # noqa: PLC0415 - only for people

    from authstream.apps.verdicts import run_lines, verdict_lines  # noqa: PLC0415 - as above

    console = Console(highlight=False)
    verdict = result["verdict"]
    for line in [*verdict_lines(verdict), *run_lines(result["runs"], told=verdict["reason"])]:
        console.print(line, soft_wrap=True)
    for effect in result["effects"]:
        sent = f"  would send {effect['kind']}: {effect['payload']}"
        console.print(sent, markup=False, soft_wrap=True)
