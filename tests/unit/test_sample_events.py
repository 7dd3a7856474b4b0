"""Sample events of a folder, and the trigger that each is for."""

from __future__ import annotations

from pathlib import Path

from authstream.control.sample_events import sample_events

TRIGGERS = ("post-login", "credentials-exchange")


def test_an_event_says_its_trigger(tmp_path: Path) -> None:
    """By the folder it is in, or by how its file's name begins; else it is of the default."""
    said = {
        "ada": "post-login",
        "credentials-exchange": "credentials-exchange",
        "credentials-exchange.batch": "credentials-exchange",
        "credentials-exchange/nightly": "credentials-exchange",
        "more/post-login/first": "post-login",
        "more/other": "post-login",
    }
    for name in said:
        file = tmp_path / "events" / f"{name}.json"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("{}")
    found = sample_events(tmp_path, triggers=TRIGGERS, default="post-login")
    assert {one.name: one.trigger for one in found} == said
    assert [one.read() for one in found] == [b"{}"] * len(said)


def test_a_folder_without_events_has_none(tmp_path: Path) -> None:
    """It is no error: events are for trying out."""
    assert sample_events(tmp_path, triggers=TRIGGERS, default="post-login") == ()
