"""`authstream doctor`: what this machine and cluster lack, and what to do."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from authstream.apps.doctor import checks
from authstream.apps.stages import deliveries, triggers
from authstream.cli.folders import action_topics
from authstream.cli.settings import settings

FAILED_STATUS = 1
_COLOURS = {"ok": "green", "warning": "yellow", "failed": "red"}


def register(app: typer.Typer) -> None:
    """Add the command."""

    @app.command()
    def doctor(
        *,
        folder: Annotated[
            Path | None, typer.Option(help="Also check the topics of this folder's actions.")
        ] = None,
    ) -> int:
        """Check broker, topics, clock, Python, Node and how actions are confined."""
        current = settings()
        actions = action_topics(folder, current)
        console, failed = Console(highlight=False), False
        for check in checks(
            current, triggers=list(triggers()), actions=actions, kinds=list(deliveries())
        ):
            failed = failed or check.state == "failed"
            console.print(
                f"[{_COLOURS[check.state]}]{check.state:8}[/] {check.name:11} {check.found}",
                soft_wrap=True,
            )
            if check.remedy:
                console.print(f"{'':21}→ {check.remedy}", soft_wrap=True)
        return FAILED_STATUS if failed else 0
