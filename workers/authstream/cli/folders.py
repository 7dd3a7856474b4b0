"""The action topics of a folder that a command is given."""

from __future__ import annotations

from pathlib import Path

from authstream.apps.stages import most, triggers
from authstream.contracts.topics import Topics
from authstream.control.folder import load
from authstream.settings import Settings


def action_topics(folder: Path | None, settings: Settings) -> list[str]:
    """Their names, also where secrets have no value yet; none without a folder.

    Raises ConfigurationError for a folder that cannot be loaded.
    """
    if folder is None:
        return []
    topics = Topics(settings.prefix)
    loaded = load(
        folder, triggers=triggers(), topics=topics, missing_secret="", most=most(settings)
    )
    return [action.topic for action in loaded.actions.values()]
