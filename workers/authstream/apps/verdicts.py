"""Verdicts and runs for people: one line each."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from rich.text import Text

_COLOURS = {"allowed": "green", "denied": "yellow", "failed": "red", "suspended": "cyan"}
#: Members of a verdict that have lines of their own, or are of no interest to a reader.
_SHOWN_OTHERWISE = frozenset(
    {
        *("flow_id", "leg", "tenant", "trigger", "subject", "requested_at", "decided_at", "steps"),
        *("outcome", "code", "reason", "user_message", "denied_by", "state"),
        *("claims", "metadata", "effects", "dropped"),
    }
)
#: Lines of console output shown for a run.
_CONSOLE_SHOWN = 5
#: Lines of the action that are shown of an error.
_STACK_SHOWN = 3


def verdict_lines(verdict: dict[str, Any]) -> list[Text]:
    """What a verdict says: outcome, claims, metadata, effects, and what was dropped and why."""
    outcome = verdict["outcome"]
    head = Text.assemble((outcome, f"bold {_COLOURS[outcome]}"), _because(verdict))
    return [
        head,
        *_claims(verdict),
        *_others(verdict),
        *_metadata(verdict),
        *_effects(verdict),
        *_dropped(verdict),
    ]


def _others(verdict: dict[str, Any]) -> Iterable[Text]:
    """Every further part that says something: session, scopes, mfa, redirect, …, by its name."""
    for part, value in verdict.items():
        if part not in _SHOWN_OTHERWISE and value:
            yield Text.assemble((f"  {part.replace('_', ' '):<10}", "dim"), f"{value}")


def _because(verdict: dict[str, Any]) -> str:
    if verdict["outcome"] in ("allowed", "suspended"):
        return ""
    by = f" by {verdict['denied_by']}" if verdict["denied_by"] else ""
    return f"{by} ({verdict['code']}): {verdict['reason']}"


def _claims(verdict: dict[str, Any]) -> Iterable[Text]:
    for token, claims in verdict["claims"].items():
        for name, value in claims.items():
            yield Text.assemble(("  claim     ", "dim"), f"{token}: {name} = {value!r}")


def _metadata(verdict: dict[str, Any]) -> Iterable[Text]:
    for kind, patch in verdict["metadata"].items():
        for key, value in patch.items():
            yield Text.assemble(
                ("  metadata  ", "dim"),
                f"{kind}: {key} removed" if value is None else f"{kind}: {key} = {value!r}",
            )


def _effects(verdict: dict[str, Any]) -> Iterable[Text]:
    for effect in verdict["effects"]:
        yield Text.assemble(
            ("  effect    ", "dim"),
            f"{effect['kind']} when {effect['on']}, ordered by {effect['action']}",
        )


def _dropped(verdict: dict[str, Any]) -> Iterable[Text]:
    for dropped in verdict["dropped"]:
        yield Text.assemble(
            ("  dropped   ", "yellow"),
            f"{dropped['command']}({dropped['target']!r}) by {dropped['action']}: "
            f"{dropped['reason']}",
        )


def run_lines(runs: Iterable[dict[str, Any]], *, told: str | None = None) -> list[Text]:
    """What ran, in how many milliseconds, where it broke and why, and what it logged.

    `told` is said already, by the verdict: no run says it again.
    """
    lines: list[Text] = []
    for run in runs:
        colour = "dim" if run["status"] == "ok" else "yellow"
        lines.append(
            Text.assemble(
                ("  run       ", "dim"),
                f"{run['action']} v{run['version']} ",
                (run["status"], colour),
                f" {run['duration_ms']:.1f} ms",
            )
        )
        lines += [Text(f"            {line}", style="yellow") for line in _error(run, told)]
        lines += [
            Text(f"            {line['level']}: {line['text'].rstrip()}", style="dim")
            for line in run["console"][:_CONSOLE_SHOWN]
        ]
        more = len(run["console"]) - _CONSOLE_SHOWN
        if more > 0:
            lines.append(Text(f"            … {more} more lines: --json", style="dim"))
    return lines


def _error(run: dict[str, Any], told: str | None) -> Iterable[str]:
    """Why a run failed, unless that is told; then the lines that it came through."""
    thrown = run.get("thrown")
    if thrown is None:
        yield from (run["error"] or "").splitlines()[:1]
        return
    text = f"{thrown['name']}: {thrown['message']}"
    yield from text.splitlines() if text != told else ()
    yield from thrown["stack"].splitlines()[:_STACK_SHOWN]
