"""`authstream send FILE`: publishes a login event and prints its verdict."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Annotated

import typer

from authstream import telemetry
from authstream.apps.stages import triggers
from authstream.cli.events import event_id, known_trigger, read_event
from authstream.cli.settings import settings
from authstream.publisher import LoginEvent, Publisher


def register(app: typer.Typer) -> None:
    """Add the command."""

    @app.command()
    def send(
        file: Annotated[Path, typer.Argument(help="A JSON event.")],
        *,
        trigger: Annotated[str, typer.Option(help="The trigger to publish to.")] = "post-login",
        id: Annotated[  # noqa: A002 - CloudEvents' name
            str | None,
            typer.Option(help="The event's id; the same id again gets the same verdict."),
        ] = None,
        source: Annotated[str, typer.Option(help="Who publishes.")] = "authstream-cli",
        timeout: Annotated[
            float, typer.Option(help="Seconds to wait for the verdict; 0 does not wait.")
        ] = 20.0,
    ) -> None:
        """Publish a login event and print the verdict as JSON."""
        known = known_trigger(trigger, triggers())
        value = read_event(file, known)
        telemetry.configure("authstream-cli")
        event = LoginEvent(known.name, value, event_id(value, id), source)
        try:
            with Publisher(settings()) as publisher:
                if timeout == 0:
                    place = publisher.publish(event)
                    typer.echo(
                        json.dumps(
                            {
                                "topic": place.topic,
                                "partition": place.partition,
                                "offset": place.offset,
                                "id": event.id,
                            }
                        )
                    )
                else:
                    typer.echo(
                        json.dumps(
                            publisher.decide(event, timedelta(seconds=timeout)).public(), indent=2
                        )
                    )
        finally:
            telemetry.shutdown()
