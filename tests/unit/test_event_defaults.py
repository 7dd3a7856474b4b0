"""Members that an event always has at Auth0 are there, whoever the provider is."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from authstream.apps.stages import triggers
from authstream.engine.event_defaults import complete
from tests.samples import TRIGGERS, event


def completed(**members: Any) -> dict[str, Any]:
    """A post-login event with what it always has."""
    made = event(**members)
    complete(TRIGGERS["post-login"].event, made)
    return made


def test_what_auth0_always_sends_needs_no_guard() -> None:
    """Metadata, statistics, query and place are there, if empty."""
    made = completed()
    assert (made["user"]["app_metadata"], made["user"]["user_metadata"]) == ({}, {})
    assert (made["client"]["metadata"], made["stats"]) == ({}, {"logins_count": 0})
    assert (made["request"]["query"], made["request"]["geoip"]) == ({}, {})


def test_what_auth0_leaves_out_at_times_stays_left_out() -> None:
    """An action asks whether it is there; nobody is told of methods that nobody named."""
    made = completed()
    assert not {"authentication", "organization", "refresh_token", "secrets"} & set(made)


def test_what_a_provider_sent_stays() -> None:
    """Also null, and members that nobody knows."""
    user = {"user_id": "u", "app_metadata": {"a": 1}, "user_metadata": None, "shoe_size": 46}
    made = completed(user=user, stats={"logins_count": 7})
    assert made["stats"] == {"logins_count": 7}
    assert user.items() <= made["user"].items()


def test_defaults_are_not_shared_between_events() -> None:
    """What is done to one event is not seen in the next."""
    completed()["user"]["app_metadata"]["plan"] = "gold"
    assert completed()["user"]["app_metadata"] == {}


@pytest.mark.parametrize("name", sorted(triggers()))
def test_a_whole_event_is_not_changed(name: str) -> None:
    """Of every trigger: so that its bytes pass on unparsed."""
    trigger = triggers()[name]
    once = orjson.loads(trigger.event.model_construct().model_dump_json(exclude_none=True))
    complete(trigger.event, once)
    again = orjson.loads(orjson.dumps(once))
    assert not complete(trigger.event, again)
    assert again == once
