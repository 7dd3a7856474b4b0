"""Builds events from the triggers' own models, typed, and checked as they are made."""

from __future__ import annotations

from functools import cache

from pydantic import BaseModel

import authstream.triggers
from authstream.contracts.event_members import Event
from authstream.engine.registry import plugins
from authstream.engine.trigger import Trigger
from authstream.publisher.request import LoginEvent


def event_of(event: Event, *, id: str, source: str) -> LoginEvent:  # noqa: A002 - CloudEvents' name
    """An event to publish, e.g. of a `PostLoginEvent`; what was not set is left out.

    `id` is the provider's idempotency key, the same on a retry. Raises TypeError for a model that
    is the event of no installed trigger.
    """
    trigger = _names().get(type(event))
    if trigger is None:
        raise TypeError(
            f"{type(event).__name__} is the event of no installed trigger: use a model of "
            "authstream.triggers"
        )
    data = event.model_dump_json(by_alias=True, exclude_unset=True, exclude={"secrets"})
    return LoginEvent(trigger, data.encode(), id, source)


@cache
def _names() -> dict[type[BaseModel], str]:
    known = plugins(authstream.triggers, Trigger, group="authstream.triggers")
    return {trigger.event: name for name, trigger in known.items()}
