"""The event builder: valid events of every trigger, from the trigger's own model."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Literal

import orjson
import pytest
from pydantic import BaseModel

from authstream.apps.stages import triggers
from authstream.control.event_builder import build, merged


class Part(BaseModel):
    """An object of an event."""

    kind: Literal["sms", "voice"]
    count: int
    tags: list[str]
    extra: dict[str, Any]


class Probe(BaseModel):
    """An event with a member of each shape."""

    tenant: dict[str, Any]
    part: Part
    parts: list[Part]
    code: str
    left_out: str | None = None
    #: The worker's, never a provider's.
    secrets: dict[str, Any] = {}


@pytest.mark.parametrize("name", sorted(triggers()))
def test_every_trigger_accepts_what_is_built_for_it(name: str) -> None:
    """A trigger from anywhere has events for tests, with nothing more to write."""
    trigger = triggers()[name]
    trigger.parse(orjson.dumps(build(trigger)))


def test_members_are_made_by_their_shape() -> None:
    """The first of a set of words, plausible values, empty dictionaries, one item in a list."""
    probe = replace(triggers()["post-login"], event=Probe)
    part: dict[str, Any] = {"kind": "sms", "count": 1, "tags": [], "extra": {}}
    assert build(probe) == {"tenant": {}, "part": part, "parts": [part], "code": "123456"}


def test_what_a_post_login_event_has() -> None:
    """The members that nearly every provider sends, and no secret."""
    event = build(triggers()["post-login"])
    assert {"client", "connection", "request", "tenant", "user", "transaction"} <= set(event)
    assert event["user"]["email"] == "ada@example.com"
    assert "secrets" not in event


def test_changes_are_merged() -> None:
    """Objects member by member, None removes, and everything else replaces."""
    event = merged(
        {"user": {"id": 1, "name": "Ada", "roles": ["a"]}, "stats": {"n": 1}},
        {"user": {"name": None, "roles": ["b"], "more": {"x": 1}}, "stats": 3},
    )
    assert event == {"user": {"id": 1, "roles": ["b"], "more": {"x": 1}}, "stats": 3}
