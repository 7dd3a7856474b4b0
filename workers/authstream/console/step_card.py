"""One step of a flow as a card: drag it, move it by keyboard, switch it, open its settings."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from nicegui import ui

from authstream.console.flow_draft import STEP_TIMEOUT_MS, Step
from authstream.console.frame import icon_button, labelled
from authstream.console.node_figures import NodeFigures
from authstream.console.wording import milliseconds

#: Until a new element is in the page.
_DRAWN_MS = 60


@dataclass(frozen=True, slots=True)
class Handlers:
    """What can be done to a step, by its index."""

    #: By how much, and the label of what was used for it, which keeps the focus.
    move: Callable[[int, int, str], None]
    switch: Callable[[int, bool], None]
    settings: Callable[[int], None]
    remove: Callable[[int], None]


def step_card(  # noqa: PLR0913 - what a card shows, by name
    index: int,
    step: Step,
    *,
    before: Step | None,
    action: Mapping[str, Any] | None,
    figures: NodeFigures,
    last: bool,
    handlers: Handlers | None,
    link: str,
) -> ui.element:
    """The card; without handlers it is only to be read."""
    card = ui.element("div").classes("step").props("role=listitem")
    card.props["data-action"] = step.action
    card.classes(_look(step, before))
    with card:
        if handlers:
            _grip(index, step.action, handlers)
        else:
            ui.label(f"{index + 1}").classes("chip")
        with ui.element("div"):
            ui.link(step.action, link).classes("step-name")
            with ui.element("div").classes("row"):
                for kind, text in _facts(step, action):
                    ui.label(text).classes(f"chip {kind}")
            figures.draw(step.action)
        if handlers:
            _buttons(index, step, last=last, handlers=handlers)
    return card


def focus(label: str) -> None:
    """Put the focus back on what has this label, once it is drawn anew."""
    found = "[...document.querySelectorAll('[aria-label]')]"
    same = f"(one) => one.getAttribute('aria-label') === {json.dumps(label)}"
    ui.run_javascript(f"setTimeout(() => {found}.find({same})?.focus(), {_DRAWN_MS})")


def _grip(index: int, name: str, handlers: Handlers) -> None:
    label = f"Move {name}: arrow keys"
    with ui.element("div").classes("grip").props("tabindex=0 role=button") as grip:
        ui.icon("drag_indicator").props("aria-hidden=true")
    labelled(grip, label)
    grip.on("keydown.up.prevent", lambda: handlers.move(index, -1, label))
    grip.on("keydown.down.prevent", lambda: handlers.move(index, 1, label))


def _look(step: Step, before: Step | None) -> str:
    off = "" if step.enabled else "off"
    changed = "new" if before is None else "touched" if before != step else ""
    return f"{off} {changed}"


def _facts(step: Step, action: Mapping[str, Any] | None) -> Iterator[tuple[str, str]]:
    deployed = action["deployed"] if action else None
    version = step.version or deployed
    yield "", f"v{version}" if version else "deployed version"
    if action is not None and version and deployed and version < deployed:
        yield "warn", f"v{deployed} is deployed"
    if not step.enabled:
        yield "warn", "switched off"
    if step.canary:
        yield "soft", f"v{step.canary['version']} for {step.canary['share']:.0%}"
    if step.when:
        yield "soft mono", f"when {step.when}"
    if step.on_error == "skip":
        yield "", "errors are passed over"
    if step.timeout_ms != STEP_TIMEOUT_MS:
        yield "", f"at most {milliseconds(step.timeout_ms)}"


def _buttons(index: int, step: Step, *, last: bool, handlers: Handlers) -> None:
    name = step.action
    with ui.element("div").classes("row"):
        switch = ui.switch(value=step.enabled).props("dense")
        switch.on_value_change(lambda e: handlers.switch(index, bool(e.value)))
        labelled(switch, f"{name} is switched on")
        _mover(index, -1, "arrow_upward", f"Move {name} up", handlers).set_enabled(index > 0)
        _mover(index, 1, "arrow_downward", f"Move {name} down", handlers).set_enabled(not last)
        icon_button("tune", f"Settings of {name}", lambda: handlers.settings(index))
        icon_button("close", f"Remove {name}", lambda: handlers.remove(index))


def _mover(index: int, by: int, icon: str, label: str, handlers: Handlers) -> ui.button:
    return icon_button(icon, label, lambda: handlers.move(index, by, label))
