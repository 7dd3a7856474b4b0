"""Locks the packages of drafts for the admin API: one at a time, by the package managers."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from datetime import timedelta

from authstream.apps.build import TOOLS
from authstream.contracts.runtime import Language
from authstream.control.dependencies import Say, locked
from authstream.errors import BackPressureError

#: One more waits so long for its turn.
TURN_WITHIN = timedelta(seconds=20)


class PackageLocks:
    """Asks the registries that npm and pip are set up for."""

    def __init__(self) -> None:
        self._turn = threading.Lock()

    def __call__(
        self, name: str, spoken: Language, dependencies: Mapping[str, str], say: Say, /
    ) -> bytes:
        """The content of the lock.

        Blocks. Raises ConfigurationError, BackPressureError.
        """
        if not self._turn.acquire(timeout=TURN_WITHIN.total_seconds()):
            raise BackPressureError("packages of another action are being locked: try again")
        try:
            return locked(name, spoken, dependencies, tools=TOOLS, say=say)
        finally:
            self._turn.release()
