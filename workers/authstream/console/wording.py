"""The console's words: flows as Auth0's dashboard calls them, durations, outcomes."""

from __future__ import annotations

from typing import NamedTuple

_SECOND_MS = 1000


class FlowWords(NamedTuple):
    """How a trigger's flow is shown."""

    title: str
    #: What begins it, and what it leads to.
    start: str
    end: str
    icon: str


_FLOWS = {
    "post-login": FlowWords("Login", "User logged in", "Token issued", "login"),
    "credentials-exchange": FlowWords(
        "Machine to machine", "Client asks for a token", "Token issued", "smart_toy"
    ),
    "pre-user-registration": FlowWords(
        "Pre-registration", "User signs up", "User created", "how_to_reg"
    ),
    "post-user-registration": FlowWords("Post-registration", "User created", "Done", "person_add"),
    "post-change-password": FlowWords("Password changed", "Password changed", "Done", "password"),
    "password-reset-post-challenge": FlowWords(
        "Password reset", "Challenge passed", "Password can be set", "lock_reset"
    ),
    "send-phone-message": FlowWords("Phone message", "Message is due", "Message sent", "sms"),
    "custom-phone-provider": FlowWords("Phone provider", "Message is due", "Message sent", "sms"),
    "custom-email-provider": FlowWords("E-mail provider", "E-mail is due", "E-mail sent", "mail"),
    "custom-token-exchange": FlowWords(
        "Token exchange", "Foreign token presented", "Token issued", "swap_horiz"
    ),
}


def flow_words(trigger: str) -> FlowWords:
    """The words of a trigger; one of your own is called by its name."""
    plain = FlowWords(trigger.replace("-", " ").capitalize(), "Event arrives", "Done", "bolt")
    return _FLOWS.get(trigger, plain)


def milliseconds(value: float) -> str:
    """A duration for people: `850 ms`, `1.5 s`."""
    if value < _SECOND_MS:
        return f"{value:.0f} ms" if value >= 10 or value == int(value) else f"{value:.1f} ms"  # noqa: PLR2004 - one decimal below
    return f"{value / _SECOND_MS:g} s" if value % 100 == 0 else f"{value / _SECOND_MS:.2f} s"
