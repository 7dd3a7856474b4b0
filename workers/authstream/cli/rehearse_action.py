"""`authstream actions test`: one action as the cluster has it, on an event, on this machine."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import orjson
import typer

from authstream.cli.door import OWN, AsJson, Tenant, entered, show
from authstream.cli.events import read_event
from authstream.cli.progress import progress
from authstream.cli.settings import settings
from authstream.cli.test import FLOW_FAILED_STATUS, print_result

if TYPE_CHECKING:
    from authstream.control.folder import Folder


def rehearse_action(
    name: Annotated[str, typer.Argument(help="The action.")],
    *,
    event: Annotated[
        Path | None, typer.Option(help="A JSON event; a sample of the trigger unless said.")
    ] = None,
    version: Annotated[int | None, typer.Option(help="A version; the draft unless said.")] = None,
    tenant: Tenant = OWN,
    as_json: AsJson = False,
) -> int:
    """Run an action's draft, or a version, on an event. Nothing is deployed, sent or written."""
    from authstream.apps.candidate import Candidates  # noqa: PLC0415 - loads the broker
    from authstream.control.actions import Actions  # noqa: PLC0415 - as above
    from authstream.control.event_builder import build  # noqa: PLC0415 - as above

    with entered() as door:
        trigger = door.triggers[Actions(door, tenant).get(name).draft.trigger]
        known = Candidates(settings(), tenant, trigger.name, door.store)
        folder = known.alone(name, version)
    value = orjson.dumps(build(trigger)) if event is None else read_event(event, trigger)
    result = asyncio.run(_run(folder, value, trigger.name))
    if as_json:
        show(result, list, as_json=True)
    else:
        print_result(result)
    return FLOW_FAILED_STATUS if result["verdict"]["outcome"] == "failed" else 0


async def _run(folder: Folder, event: bytes, trigger: str) -> dict[str, Any]:
    from authstream.apps.rehearsal import Rehearsal, telling  # noqa: PLC0415 - loads every stage

    async with Rehearsal(folder, triggers=(trigger,), prepare=telling, say=progress) as rehearsal:
        return await rehearsal.run(event, trigger=trigger)
