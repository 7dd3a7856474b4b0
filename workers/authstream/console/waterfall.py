"""One leg as a waterfall: for each run how long its login waited, then how long it ran."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from nicegui import ui

from authstream.console.trial_result import section, show_commands, show_said
from authstream.console.visit import Visit
from authstream.console.wording import milliseconds


def show_waterfall(visit: Visit, leg: Mapping[str, Any]) -> None:
    """Every run on one scale, from event to verdict."""
    section("Actions")
    if not leg["runs"]:
        ui.label("No action ran.").classes("hint")
        return
    begin = leg["requested_at"]
    end = max([leg["decided_at"], *(run["started_at"] + run["duration_ms"] for run in leg["runs"])])
    for run in leg["runs"]:
        _lane(visit, run, begin, whole=max(end - begin, 1.0))
    ui.label(f"The scale is {milliseconds(end - begin)}, from event to verdict.").classes("hint")


def show_asked(leg: Mapping[str, Any]) -> None:
    """What the actions of a recorded leg asked for."""
    show_commands([{**one, "arguments": json.loads(one["arguments"])} for one in leg["commands"]])


def _lane(visit: Visit, run: Mapping[str, Any], begin: float, *, whole: float) -> None:
    started, took = run["started_at"], run["duration_ms"]
    waited = max(started - run["queued_at"], 0) if run["queued_at"] else 0
    with ui.element("div").classes("lane"):
        with ui.element("div"):
            ui.link(run["action"], visit.link(f"/actions/{run['action']}")).classes("step-name")
            with ui.element("div").classes("row"):
                ui.label(f"v{run['version']}").classes("chip")
                ui.label(run["status"]).classes(f"chip {run['status']}")
        with ui.element("div").classes("track tall") as track:
            _bar("waiting", started - waited - begin, waited, whole=whole)
            _bar(run["status"], started - begin, took, whole=whole)
        track.tooltip(f"waited {milliseconds(waited)} in its topic, ran {milliseconds(took)}")
        ui.label(milliseconds(took)).classes("hint mono")
    show_said(run)


def _bar(kind: str, at: float, length: float, *, whole: float) -> None:
    left = min(max(100 * at / whole, 0), 99)
    width = min(100 - left, 100 * length / whole)
    if length > 0:
        ui.element("div").classes(f"bar {kind}").style(f"left:{left:.2f}%;width:{width:.2f}%")
