"""The action topics of a folder that a command is given."""

from __future__ import annotations

from pathlib import Path

from authstream.apps.stages import loaded
from authstream.settings import Settings


def action_topics(folder: Path | None, settings: Settings) -> list[str]:
    """Their names, also where secrets have no value yet; none without a folder.

    Raises ConfigurationError for a folder that cannot be loaded.
    """
    if folder is None:
        return []
    found = loaded(folder, settings, missing_secret="")
    return [action.topic for action in found.actions.values()]
