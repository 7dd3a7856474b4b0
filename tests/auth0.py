"""What Auth0 documents, as data: its triggers with their handlers, methods and parameters."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

#: Trigger to `{"handlers": […], "methods": {path: [parameter, …]}}`; optional ones end in `?`.
INVENTORY: dict[str, dict[str, Any]] = json.loads(
    (Path(__file__).parent / "auth0_api.json").read_text()
)
#: Trigger to its event: members that have members as objects, the others in one text under "".
EVENTS: dict[str, dict[str, Any]] = json.loads(
    (Path(__file__).parent / "auth0_events.json").read_text()
)


def event_paths(members: dict[str, Any], within: str = "event.") -> Iterator[str]:
    """Every path of an event: `event.user.identities[].provider`."""
    for name, inner in members.items():
        if name:
            yield f"{within}{name.removesuffix('[]')}"
            yield from event_paths(inner, f"{within}{name}.")
        else:
            yield from (f"{within}{leaf}" for leaf in inner.split())
