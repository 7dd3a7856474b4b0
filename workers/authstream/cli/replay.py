"""`authstream replay`: recorded logins through another flow, and what they would have been told."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from authstream.cli.door import OWN, AsJson, Tenant, columns, show
from authstream.cli.events import known_trigger
from authstream.cli.progress import progress
from authstream.cli.settings import settings

if TYPE_CHECKING:
    from authstream.apps.replay import Replay
    from authstream.apps.replay_tally import Compared, Tally

#: Exit status when a rule of `--fail-on` is broken.
RULE_BROKEN_STATUS = 6
_MILLISECOND = timedelta(milliseconds=1)
_NONE = "none"


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("replay")(_replay)


def _replay(
    *,
    against: Annotated[
        list[str],
        typer.Option(help="A folder, a revision of the flow, ACTION@VERSION or ACTION@draft."),
    ],
    flow: Annotated[str, typer.Option(help="The trigger whose flow is replayed.")] = "post-login",
    tenant: Tenant = OWN,
    since: Annotated[str, typer.Option(help="How far back, e.g. 24h.")] = "24h",
    until: Annotated[str, typer.Option(help="Up to how long ago, e.g. 1h.")] = "0s",
    limit: Annotated[int, typer.Option(min=1, help="At most so many, the newest.")] = 1000,
    baseline: Annotated[
        Literal["recorded", "deployed"],
        typer.Option(help="Compare with the verdicts of then, or the deployed flow's now."),
    ] = "recorded",
    egress: Annotated[
        Literal["off", "on"], typer.Option(help="on: actions reach the hosts that they name.")
    ] = "off",
    fail_on: Annotated[
        list[str] | None, typer.Option(help="KIND, KIND:N, KIND:N%, latency:N%; none: never.")
    ] = None,
    count: Annotated[int, typer.Option("--show", min=0, help="Changed logins to print.")] = 10,
    hide_values: Annotated[
        bool, typer.Option("--hide-values", help="Print what changed, but no values.")
    ] = False,
    as_json: AsJson = False,
) -> int:
    """Replay recorded logins into another flow and print what would change. Nothing is sent."""
    from authstream.apps import logs  # noqa: PLC0415 - loads the broker
    from authstream.apps.candidate import against as candidate  # noqa: PLC0415 - as above
    from authstream.apps.recorded_logins import Window  # noqa: PLC0415 - as above
    from authstream.apps.replay import Replay  # noqa: PLC0415 - as above
    from authstream.apps.replay_rules import DEFAULT, rules  # noqa: PLC0415 - as above
    from authstream.apps.replay_tally import Tally  # noqa: PLC0415 - as above
    from authstream.apps.stages import triggers  # noqa: PLC0415 - as above

    wanted = rules([] if fail_on == [_NONE] else fail_on or DEFAULT)
    logs.configure(settings(log_format="console", log_level="error"))
    replay = Replay(
        settings(),
        tenant,
        known_trigger(flow, triggers()).name,
        candidate(against),
        Window(_ago(since), _ago(until), limit),
        baseline,
        egress=egress == "on",
        say=progress,
    )
    tally = Tally()
    changed = asyncio.run(_changed(replay, tally))
    broken = [said for rule in wanted if (said := rule.broken(tally)) is not None]
    value = {
        "flow": replay.trigger,
        "tenant": tenant,
        "against": against,
        "baseline": baseline,
        **tally.public(),
        "broken": broken,
        "logins": [_public(one, values=not hide_values) for one in changed],
    }
    lines = [
        *(line for one in changed[:count] for line in _lines(one, values=not hide_values)),
        *_summary(tally),
        *(f"broken: {one}" for one in broken),
    ]
    show(value, lambda: lines, as_json=as_json)
    return RULE_BROKEN_STATUS if broken else 0


def _ago(text: str) -> int:
    """A time that lies so far back, milliseconds since the epoch. Raises ConfigurationError."""
    from authstream.control.duration import duration  # noqa: PLC0415 - as above

    return int(time.time() * 1000) - duration(text) // _MILLISECOND


async def _changed(replay: Replay, tally: Tally) -> list[Compared]:
    return [one async for one in replay.run(tally) if one.changes]


def _public(one: Compared, *, values: bool) -> dict[str, Any]:
    return {
        "flow_id": one.flow_id,
        "tenant": one.tenant,
        "requested_at": one.requested_at,
        "changes": [
            {"leg": leg, "kind": change.kind, "text": change.text if values else change.place}
            for leg, change in one.changes
        ],
    }


def _lines(one: Compared, *, values: bool) -> Iterator[str]:
    from authstream.control.described import moment  # noqa: PLC0415 - as above

    yield f"{one.flow_id} of {moment(one.requested_at)}"
    for leg, change in one.changes:
        number = f"leg {leg}: " if leg else ""
        yield f"  {number}{change.text if values else change.place}"


def _summary(tally: Tally) -> Iterator[str]:
    from authstream.apps.verdict_changes import KINDS  # noqa: PLC0415 - as above

    yield f"{tally.changed} of {tally.compared} logins would be answered otherwise"
    if tally.undecided:
        yield f"{tally.undecided} have no verdict to compare with"
    found = [kind for kind in KINDS if tally.counts[kind]]
    rows = [
        (f"  {kind}", f"{tally.counts[kind]}", f"{tally.counts[kind] / tally.compared:.1%}")
        for kind in found
    ]
    yield from columns(rows) if rows else ()
    before, after = tally.before, tally.after
    yield (
        f"actions took p50 {before.p50:.1f} → {after.p50:.1f} ms,"
        f" p95 {before.p95:.1f} → {after.p95:.1f} ms"
    )
