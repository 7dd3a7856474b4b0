"""What Auth0 documents, as data: its triggers with their handlers, methods and parameters."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

#: Trigger to `{"handlers": […], "methods": {path: [parameter, …]}}`; optional ones end in `?`.
INVENTORY: dict[str, dict[str, Any]] = json.loads(
    (Path(__file__).parent / "auth0_api.json").read_text()
)
