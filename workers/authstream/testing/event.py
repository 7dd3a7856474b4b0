"""Events for tests: valid ones of any trigger, changed where a test cares."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from authstream.apps.stages import triggers
from authstream.control.event_builder import build, merged
from authstream.control.sample_events import sample_events
from authstream.errors import ConfigurationError

DEFAULT_TRIGGER = "post-login"


class Event(dict[str, Any]):
    """The members of an event, which knows its trigger."""

    def __init__(self, trigger: str, members: Mapping[str, Any]) -> None:
        super().__init__(members)
        self.trigger = trigger


class MakeEvent:
    """Makes events: objects among the changes are merged, None removes, other values replace."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def __call__(self, trigger: str = DEFAULT_TRIGGER, /, **changes: Any) -> Event:  # noqa: ANN401 - JSON
        """An event that a trigger's model accepts, made by that model.

        Raises ConfigurationError for a trigger that there is none of.
        """
        known = triggers()
        if trigger not in known:
            raise ConfigurationError(
                f"no trigger {trigger!r}; there are {', '.join(sorted(known))}"
            )
        return Event(trigger, build(known[trigger], changes))

    def sample(self, name: str, /, **changes: Any) -> Event:  # noqa: ANN401 - JSON
        """A sample event of the folder, `events/<name>.json`, changed.

        Raises ConfigurationError when there is none of this name.
        """
        found = {
            sample.name: sample
            for sample in sample_events(self._folder, triggers=triggers(), default=DEFAULT_TRIGGER)
        }
        if name not in found:
            raise ConfigurationError(
                f"no sample event {name!r} in {self._folder / 'events'};"
                f" there are {', '.join(found) or 'none'}"
            )
        members = json.loads(found[name].read())
        return Event(found[name].trigger, merged(members, changes))
