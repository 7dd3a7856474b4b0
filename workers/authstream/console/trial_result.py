"""What a login came to: outcome, runs with their times and logs, commands, dropped, tokens."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from nicegui import ui

from authstream.console.effect_preview import show_preview
from authstream.console.token_preview import token_preview
from authstream.console.wording import milliseconds


def show_result(event: Mapping[str, Any], result: Mapping[str, Any]) -> None:
    """All of a test run."""
    verdict = result["verdict"]
    with ui.element("div").classes("stack").props('role=region aria-label="Result"'):
        show_outcome(verdict)
        show_runs(result["runs"])
        show_dropped(verdict["dropped"])
        show_commands(result["commands"])
        _effects(result["effects"])
        preview = token_preview(event, verdict)
        if preview is not None:
            for title, claims in (
                ("ID token", preview["id_token"]),
                ("Access token", preview["access_token"]),
            ):
                section(f"{title}, decoded")
                ui.label(json.dumps(claims, indent=2, ensure_ascii=False)).classes("pre")


def show_outcome(verdict: Mapping[str, Any]) -> None:
    """One line, and why."""
    outcome = verdict["outcome"]
    with ui.element("div").classes("row"):
        ui.label(outcome).classes(f"chip {outcome}")
        if verdict.get("denied_by"):
            ui.label(f"by {verdict['denied_by']}").classes("hint")
        if verdict.get("code"):
            ui.label(verdict["code"]).classes("chip mono")
    if verdict.get("reason"):
        ui.label(verdict["reason"])


def show_runs(runs: Sequence[Mapping[str, Any]]) -> None:
    """Each action with its time on one scale, its error, and what it logged."""
    section("Actions")
    if not runs:
        ui.label("No action ran.").classes("hint")
        return
    begin = min(run["started_at"] for run in runs)
    end = max(run["started_at"] + run["duration_ms"] for run in runs)
    for run in runs:
        _run(run, begin, max(end - begin, 1.0))


def _run(run: Mapping[str, Any], begin: float, whole: float) -> None:
    with ui.element("div").classes("lane"):
        with ui.element("div"):
            ui.label(run["action"]).classes("step-name")
            version = f"v{run['version']}" if run["version"] else "draft"
            with ui.element("div").classes("row"):
                ui.label(version).classes("chip")
                ui.label(run["status"]).classes(f"chip {run['status']}")
        with ui.element("div").classes("track"):
            left = 100 * (run["started_at"] - begin) / whole
            width = min(100 - left, 100 * run["duration_ms"] / whole)
            ui.element("div").classes(f"bar {run['status']}").style(
                f"left:{left:.2f}%;width:{width:.2f}%"
            )
        ui.label(milliseconds(run["duration_ms"])).classes("hint mono")
    show_said(run)


def show_said(run: Mapping[str, Any]) -> None:
    """What a run threw and logged."""
    if run["error"]:
        ui.label(run["error"]).classes("pre problem")
    if run["console"]:
        lines = "\n".join(f"{line['level']}: {line['text'].rstrip()}" for line in run["console"])
        ui.label(lines).classes("console-lines")


def show_dropped(dropped: Sequence[Mapping[str, Any]]) -> None:
    """What did not take effect, and why."""
    if not dropped:
        return
    section("Dropped")
    for one in dropped:
        with ui.element("div"):
            ui.label(f"{one['command']}({one['target']!r})").classes("mono")
            ui.label(f"{one['reason']} · asked for by {one['action']}").classes("hint")


def show_commands(commands: Sequence[Mapping[str, Any]]) -> None:
    """What actions asked for, in order."""
    if not commands:
        return
    section("Asked for")
    text = "\n".join(
        f"{one['name']}({', '.join(json.dumps(a, ensure_ascii=False) for a in one['arguments'])})"
        for one in commands
    )
    ui.label(text).classes("pre")


def _effects(effects: Sequence[Mapping[str, Any]]) -> None:
    if not effects:
        return
    section("Would be sent")
    for one in effects:
        with ui.element("div").classes("row"):
            ui.label(one["kind"]).classes("chip soft")
            ui.label(f"ordered by {one['action']}").classes("hint")
        if one.get("preview"):
            show_preview(one["preview"])
        ui.label(json.dumps(one["payload"], indent=2, ensure_ascii=False)).classes("pre")


def section(title: str) -> None:
    """The heading of a part."""
    with ui.element("h3"):
        ui.label(title)
