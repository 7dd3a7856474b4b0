"""The sample events of a folder, `events/**/*.json`, and the trigger that each one is for."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from authstream.errors import ConfigurationError

FOLDER = "events"


@dataclass(frozen=True, slots=True)
class SampleEvent:
    """An event file: its name is its path in `events/` without `.json`."""

    name: str
    trigger: str
    file: Path

    def read(self) -> bytes:
        """Its bytes. Raises ConfigurationError."""
        try:
            return self.file.read_bytes()
        except OSError as error:
            raise ConfigurationError(
                f"{self.file} cannot be read ({error.strerror}): give a file with one JSON event"
            ) from error


def sample_events(
    folder: Path, *, triggers: Collection[str], default: str
) -> tuple[SampleEvent, ...]:
    """Every sample event of a folder, by name.

    An event is for the trigger that names its folder (`events/post-login/ada.json`) or begins its
    file's name (`post-login.json`, `post-login.ada.json`), else for `default`.
    """
    root = folder / FOLDER
    found = sorted(path.relative_to(root) for path in root.rglob("*.json") if path.is_file())
    return tuple(
        SampleEvent(
            path.with_suffix("").as_posix(), _trigger(path, triggers) or default, root / path
        )
        for path in found
    )


def _trigger(path: Path, triggers: Collection[str]) -> str | None:
    says = (*path.parts[:-1], path.name.partition(".")[0])
    return next((word for word in says if word in triggers), None)
