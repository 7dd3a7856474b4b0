"""What a later action sees of earlier ones, as operations on its event."""

from __future__ import annotations

import pytest

from authstream.contracts.parameter import CommandRefusedError
from authstream.engine.visibility import calls, operations
from tests.samples import NOW, command, envelope, run


def test_queued_metadata_is_visible() -> None:
    """A value replaces the whole top-level key; null removes it; order is kept."""
    commands = (
        command("user.setAppMetadata", "a", {"b": 1}),
        command("user.setAppMetadata", "a", {"c": 2}),
        command("user.setUserMetadata", "gone", None),
        command("transaction.setMetadata", "tier", "gold"),
    )
    assert [tuple(one) for one in operations(envelope(*commands))] == [
        ("set", "user.app_metadata", "a", {"b": 1}),
        ("set", "user.app_metadata", "a", {"c": 2}),
        ("unset", "user.user_metadata", "gone"),
        ("set", "transaction.metadata", "tier", "gold"),
    ]


def test_a_recorded_method_is_visible_with_its_time() -> None:
    """When the run that recorded it began; of another leg's run of that action nothing counts."""
    method = "https://example.com/mfa"
    recorded = command("authentication.recordMethod", method, action="verify")
    recorded = recorded.model_copy(update={"leg": 1})
    before, after = (
        run("verify").model_copy(update={"leg": leg, "started_at": NOW + leg * 60_000})
        for leg in (0, 1)
    )
    (made,) = operations(envelope(recorded, runs=(before, after), leg=1))
    assert made == ("record", "authentication.methods", method, "2023-11-14T22:14:20.000Z")


def test_claims_denials_and_effects_are_not_visible() -> None:
    """An action cannot read the claims of an earlier one (Auth0)."""
    commands = (
        command("idToken.setCustomClaim", "a", 1),
        command("access.deny", "no"),
        command("effects.send", "log", {"message": "x"}),
    )
    assert operations(envelope(*commands)) == []


def test_a_command_that_the_trigger_does_not_have_is_refused() -> None:
    """A forged envelope fails its flow, not the worker."""
    with pytest.raises(CommandRefusedError):
        operations(envelope(command("samlResponse.setAudience", "x"), trigger="event-stream"))


def test_calls_of_methods_with_a_quota_are_counted_together() -> None:
    """A later action is told, as its guest counts on from there."""
    commands = (
        command("authentication.challengeWith", {"type": "otp"}),
        command("authentication.enrollWithAny", [{"type": "otp"}]),
        command("authentication.setPrimaryUser", "u"),
        command("access.deny", "no"),
    )
    assert calls("post-login", commands) == {"mfa": 2, "primary": 1}
    assert calls("post-login", ()) == {}
