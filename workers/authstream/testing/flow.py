"""The flows of a folder in a test: set up what a test needs, run an event, look at the result."""

from __future__ import annotations

import itertools
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import orjson

from authstream.apps.rehearsal import Rehearsal
from authstream.control.event_builder import merged
from authstream.control.folder import DeployedAction
from authstream.testing.background_loop import BackgroundLoop
from authstream.testing.event import DEFAULT_TRIGGER, Event
from authstream.testing.result import Result

#: Sets of guests that are kept; the one that was not used for longest goes.
KEPT = 4


@dataclass(frozen=True, slots=True)
class _Setup:
    """What guests are started with: JSON of secrets and configuration by action."""

    folder: Path
    trigger: str
    egress: tuple[str, ...]
    secrets: bytes
    configuration: bytes

    def prepare(self, action: DeployedAction) -> DeployedAction:
        """An action with what a test gives it."""
        secrets = orjson.loads(self.secrets).get(action.name, {})
        configuration = orjson.loads(self.configuration).get(action.name, {})
        return replace(
            action,
            egress=(*action.egress, *self.egress),
            secrets={**action.secrets, **secrets},
            configuration={**action.configuration, **configuration},
        )


class Rehearsals:
    """Guests that are up, by what they were started with. Close it at the end."""

    def __init__(self) -> None:
        self._loop = BackgroundLoop()
        self._kept: OrderedDict[_Setup, Rehearsal] = OrderedDict()
        self._numbers = itertools.count(1)

    def run(self, setup: _Setup, event: bytes) -> dict[str, Any]:
        """What comes of an event. Raises ConfigurationError for a folder that cannot be loaded."""
        rehearsal = self._rehearsal(setup)
        event_id = f"test-{next(self._numbers)}"
        return self._loop.run(rehearsal.run(event, trigger=setup.trigger, event_id=event_id))

    def resume(self, setup: _Setup, state: str, members: Mapping[str, Any]) -> dict[str, Any]:
        """What comes of the next leg of a suspended flow."""
        rehearsal = self._rehearsal(setup)
        return self._loop.run(rehearsal.resume(state, members, trigger=setup.trigger))

    def forget(self, setup: _Setup) -> None:
        """End the guests of a setup."""
        if rehearsal := self._kept.pop(setup, None):
            self._loop.run(rehearsal.__aexit__(None, None, None))

    def close(self) -> None:
        """End all guests."""
        for setup in list(self._kept):
            self.forget(setup)
        self._loop.close()

    def _rehearsal(self, setup: _Setup) -> Rehearsal:
        if setup not in self._kept:
            rehearsal = Rehearsal(setup.folder, triggers=(setup.trigger,), prepare=setup.prepare)
            self._kept[setup] = self._loop.run(rehearsal.__aenter__())
            while len(self._kept) > KEPT:
                self.forget(next(iter(self._kept)))
        self._kept.move_to_end(setup)
        return self._kept[setup]


class Flow:
    """The flows of a folder, for one test; guests are shared with tests of the same setup.

    What an action keeps in memory or in `api.cache` is there for the next test, as it is for the
    next login in a worker; `fresh` starts anew.
    """

    def __init__(
        self, folder: Path, rehearsals: Rehearsals, *, egress: tuple[str, ...] = ()
    ) -> None:
        """`egress`: hosts that every action may connect to besides its own."""
        self._folder = folder
        self._rehearsals = rehearsals
        self._egress = egress
        self._secrets: dict[str, dict[str, str]] = {}
        self._configuration: dict[str, dict[str, Any]] = {}

    def secrets(self, action: str, /, **values: str) -> None:
        """Secrets of an action for this test, over those in `.secrets.yaml`."""
        self._secrets.setdefault(action, {}).update(values)

    def configure(self, action: str, /, **values: Any) -> None:  # noqa: ANN401 - JSON
        """Configuration of an action for this test, over that in its `action.yaml`."""
        self._configuration.setdefault(action, {}).update(values)

    def fresh(self, trigger: str = DEFAULT_TRIGGER) -> None:
        """Start the next run of a trigger with new guests, whose memory is empty."""
        self._rehearsals.forget(self._setup(trigger))

    def run(self, event: Mapping[str, Any], *, trigger: str | None = None) -> Result:
        """Run an event through the flow of its trigger.

        The trigger is that of `make_event` unless said. Each run is a login of its own.
        Raises ConfigurationError for a folder that cannot be loaded.
        """
        known = event.trigger if isinstance(event, Event) else DEFAULT_TRIGGER
        setup = self._setup(trigger or known)
        members = dict(event)
        return Result(self._rehearsals.run(setup, orjson.dumps(members)), members)

    def resume(self, suspended: Result, **members: Any) -> Result:  # noqa: ANN401 - JSON
        """Bring the browser back to a suspended flow, with new members of the event.

        `prompt` or `authentication`: `flow.resume(result, prompt={"fields": {…}})`. The request is
        that of the event, with what is said of it in `request`. Secrets and configuration must be
        those that the flow was suspended with.
        """
        suspended.assert_suspended()
        verdict, event = suspended.verdict, suspended.event
        request = merged(event.get("request", {}), members.get("request", {}))
        new = {**members, "request": request}
        setup = self._setup(verdict["trigger"])
        result = self._rehearsals.resume(setup, verdict["state"], new)
        return Result(result, {**event, **new})

    def _setup(self, trigger: str) -> _Setup:
        return _Setup(
            self._folder,
            trigger,
            self._egress,
            _frozen(self._secrets),
            _frozen(self._configuration),
        )


def _frozen(members: Mapping[str, Any]) -> bytes:
    return orjson.dumps(members, option=orjson.OPT_SORT_KEYS)
