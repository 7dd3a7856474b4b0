"""Typed builders: an event as its trigger's model has it, ready to publish."""

from __future__ import annotations

import orjson
import pytest
from pydantic import ValidationError

from authstream.apps.stages import triggers
from authstream.contracts.event_members import (
    Connection,
    Event,
    MultifactorUser,
    NewUser,
    RequestWithBody,
    Tenant,
)
from authstream.publisher import event_of
from authstream.triggers.custom_phone_provider import PhoneMessage
from authstream.triggers.post_login import LoginClient, LoginRequest, PostLoginEvent
from authstream.triggers.pre_user_registration import PreUserRegistrationEvent

LOGIN = PostLoginEvent(
    client=LoginClient(client_id="shop"),
    connection=Connection(name="db"),
    request=LoginRequest(ip="203.0.113.7"),
    tenant=Tenant(id="acme"),
    user=MultifactorUser(user_id="ada", email="ada@example.com"),
)


def test_an_event_has_what_was_set() -> None:
    """Under its trigger, with the caller's id, and valid for entry."""
    made = event_of(LOGIN, id="txn-1", source="/idp")
    assert (made.trigger, made.id, made.source) == ("post-login", "txn-1", "/idp")
    assert orjson.loads(made.data) == {
        "client": {"client_id": "shop"},
        "connection": {"name": "db"},
        "request": {"ip": "203.0.113.7"},
        "tenant": {"id": "acme"},
        "user": {"user_id": "ada", "email": "ada@example.com"},
    }
    assert triggers()["post-login"].parse(made.data)["user"]["user_id"] == "ada"


def test_each_trigger_is_found_by_its_model() -> None:
    """Another trigger's event goes to that trigger."""
    signing_up = PreUserRegistrationEvent(
        connection=Connection(name="db"),
        request=RequestWithBody(ip="203.0.113.7"),
        tenant=Tenant(id="acme"),
        user=NewUser(email="ada@example.com"),
    )
    assert event_of(signing_up, id="1", source="/idp").trigger == "pre-user-registration"


def test_members_that_no_model_names_are_kept() -> None:
    """As entry keeps them."""
    shown = LOGIN.model_copy(update={"custom": {"risk": 3}})
    assert orjson.loads(event_of(shown, id="1", source="/idp").data)["custom"] == {"risk": 3}


def test_a_member_is_spelled_as_on_the_wire() -> None:
    """Where Python has a word for itself."""
    message = PhoneMessage.model_validate({"recipient": "+15550100", "from": "Shop"})
    assert message.model_dump(by_alias=True, exclude_unset=True)["from"] == "Shop"


def test_a_wrong_event_is_told_when_it_is_made() -> None:
    """Before anything is published."""
    with pytest.raises(ValidationError, match="user_id"):
        MultifactorUser.model_validate({"email": "ada@example.com"})


def test_a_model_of_no_trigger_is_refused() -> None:
    """By name."""
    with pytest.raises(TypeError, match="Event is the event of no installed trigger"):
        event_of(Event(), id="1", source="/idp")
