"""What all pages of the console share: the way to the admin API, sessions, settings."""

from __future__ import annotations

from dataclasses import dataclass

import httpx

from authstream.console.sessions import Sessions
from authstream.settings import ConsoleSettings


@dataclass(frozen=True, slots=True)
class Parts:
    """Made once for the process."""

    client: httpx.AsyncClient
    sessions: Sessions
    settings: ConsoleSettings
