"""Redaction: values of secrets are not in what people read of a run."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from authstream.contracts.envelope import Thrown
from authstream.engine.program import Outcome
from authstream.engine.redaction import SHORTEST, SHOWN, Redactor


def test_console_and_error_lose_the_value_and_nothing_else() -> None:
    """What was logged stays readable."""
    outcome = Outcome(
        "error",
        (("idToken.setCustomClaim", ("a", "hunter22")),),
        (("info", "token=hunter22!"), ("info", "nothing")),
        "401 for hunter22",
        datetime.now(UTC),
        timedelta(0),
        Thrown(name="HttpError", message="401 for hunter22", stack="action.js:3: f('hunter22')"),
    )
    shown = Redactor(["hunter22"]).outcome(outcome)
    assert shown.console == (("info", f"token={SHOWN}!"), ("info", "nothing"))
    assert shown.error == f"401 for {SHOWN}"
    assert shown.thrown == Thrown(
        name="HttpError", message=f"401 for {SHOWN}", stack=f"action.js:3: f('{SHOWN}')"
    )
    assert shown.commands == outcome.commands


def test_lines_and_spellings_of_a_value_are_found() -> None:
    """A key of several lines is printed line by line, and JSON and repr escape it."""
    redactor = Redactor(["-----BEGIN\nabcdefgh\n", 'quo"ted'])
    assert redactor.text("abcdefgh") == SHOWN
    assert redactor.text('{"k": "quo\\"ted"}') == f'{{"k": "{SHOWN}"}}'


def test_a_value_in_a_url_is_found() -> None:
    """Errors of HTTP clients have the whole address, in which a key is percent-encoded."""
    redactor = Redactor(["a key/+(é)"])
    for written in (
        "a%20key%2F%2B(%C3%A9)",
        "a%20key%2F%2B%28%C3%A9%29",
        "a+key%2F%2B%28%C3%A9%29",
    ):
        text = f"401 for https://crm.example.com/?key={written}&id=1"
        assert redactor.text(text) == f"401 for https://crm.example.com/?key={SHOWN}&id=1"


def test_short_values_are_left() -> None:
    """A value such as `1` is in every line."""
    assert Redactor(["1", "", "abc"]).text("abc 1") == "abc 1"


@given(st.lists(st.text(min_size=SHORTEST), max_size=3), st.text(), st.text())
def test_no_value_survives(values: list[str], before: str, after: str) -> None:
    """Whatever the values, none of them can be read where one was printed alone."""
    redactor = Redactor(values)
    for value in values:
        assert redactor.text(value) == SHOWN
        assert value not in redactor.text(f"{before}{value}{after}") or value in SHOWN
