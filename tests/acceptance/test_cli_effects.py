"""`authstream effects`: which kinds there are, and an e-mail before anybody gets it."""

from __future__ import annotations

import json

import pytest

from authstream.apps.stages import deliveries
from tests.acceptance.command_line import run_here


def test_a_template_is_shown_as_its_reader_gets_it() -> None:
    """Subject and text, or the HTML part, in which values are escaped."""
    values = '{"name": "<Ada>"}'
    text = run_here("effects", "preview", "welcome", "--values", values)
    assert text.out.startswith("Subject: Welcome, <Ada>\n\nHello <Ada>,\n")
    html = run_here("effects", "preview", "welcome", "--values", values, "--html")
    assert "&lt;Ada&gt;" in html.out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("welcome",), "name"),
        (("no-such-template",), "blocked-account, verify-address, welcome"),
        (("welcome", "--values", "nonsense"), "JSON object"),
    ],
)
def test_what_is_missing_is_named(arguments: tuple[str, ...], said: str) -> None:
    """A value, the template, or values that can be read."""
    failed = run_here("effects", "preview", *arguments)
    assert failed.status != 0
    assert said in failed.err


def test_every_kind_is_listed_with_its_payload() -> None:
    """For people, and as schemas for machines."""
    listed = run_here("effects", "list").out
    schemas = json.loads(run_here("effects", "list", "--schema").out)
    assert [line.partition("\t")[0] for line in listed.splitlines()] == sorted(deliveries())
    assert set(schemas) == set(deliveries())
    assert schemas["sms"]["required"] == ["to", "text"]
