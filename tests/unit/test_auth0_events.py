"""Every trigger, handler and member of an event that Auth0 documents is there, and none besides."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any, get_args, get_origin

import pytest
from pydantic import BaseModel

from authstream.apps.stages import triggers
from authstream.contracts.golden import checkout
from authstream.engine.trigger import Trigger
from tests.auth0 import EVENTS, INVENTORY, event_paths

SAMPLES = checkout() / "deploy/events"
#: Put in by the worker, or there only after something else.
OCCASIONAL = {
    *("secrets", "agent", "organization", "prompt"),
    *("refresh_token", "session_transfer_token"),
}
#: Those whose event and handlers Auth0 documents; the others are in beta.
DOCUMENTED = [name for name, said in INVENTORY.items() if said["handlers"]]


def paths(model: type[BaseModel], within: str = "event.") -> Iterator[str]:
    """Every path of an event model, as the documentation writes them."""
    for name, field in model.model_fields.items():
        path = f"{within}{field.alias or name}"
        yield path
        for inner, items in models(field.annotation):
            yield from paths(inner, f"{path}{'[]' if items else ''}.")


def models(annotation: Any, *, items: bool = False) -> Iterator[tuple[type[BaseModel], bool]]:
    """The models in an annotation, and whether they are those of a list's items."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation, items
    for inner in get_args(annotation):
        yield from models(inner, items=items or get_origin(annotation) is list)


def handlers(trigger: Trigger) -> list[str]:
    """What an action of the trigger may export."""
    return [trigger.handler, *([trigger.continues] if trigger.continues else [])]


@pytest.mark.parametrize("name", EVENTS)
def test_an_event_has_the_documented_members(name: str) -> None:
    """All of them, and no other: what a provider adds is kept, but is not said to be Auth0's."""
    documented = set(event_paths(EVENTS[name]))
    assert set(paths(triggers()[name].event)) == documented


def test_the_count_of_what_is_there() -> None:
    """11 triggers, 13 handlers, 895 paths, as the documentation of August 2026 has them."""
    known = triggers()
    there = [name for name in DOCUMENTED if name in known]
    exported = {handler for name in there for handler in handlers(known[name])}
    documented = {handler for name in DOCUMENTED for handler in INVENTORY[name]["handlers"]}
    said = [(name, path) for name in DOCUMENTED for path in event_paths(EVENTS[name])]
    found = [one for one in said if one[1] in set(paths(known[one[0]].event))]
    sys.stdout.write(
        f"{len(there)}/{len(DOCUMENTED)} triggers, "
        f"{len(exported & documented)}/{len(documented)} handlers, "
        f"{len(found)}/{len(said)} event paths\n"
    )
    assert (len(there), exported, len(found)) == (11, documented, 895)
    assert len(documented) == 13
    assert len(said) == 895


@pytest.mark.parametrize("name", sorted(triggers()))
def test_a_sample_event_is_valid_and_whole(name: str) -> None:
    """`deploy/events/` has one for each trigger, with every member at the top that is documented.

    Members that depend on what happened before, such as a form, may be missing.
    """
    sample = (SAMPLES / f"{name}.json").read_bytes()
    event = triggers()[name].parse(sample)
    documented = {path.split(".")[1] for path in event_paths(EVENTS.get(name, {}))}
    assert documented - event.keys() <= OCCASIONAL
    known = set(paths(triggers()[name].event))
    assert {f"event.{member}" for member in event} <= known


def test_no_sample_event_is_left_over() -> None:
    """Each file is named as a trigger."""
    assert {file.stem for file in SAMPLES.glob("*")} == triggers().keys()
