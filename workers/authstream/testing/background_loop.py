"""An event loop in a thread of its own, so that tests with and without asyncio can use it."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine
from datetime import timedelta
from typing import Any, TypeVar

T = TypeVar("T")
#: A flow is over long before: each of its stages has a time limit.
RUN_WITHIN = timedelta(minutes=5)


class BackgroundLoop:
    """Runs coroutines to their end. Guests live as long as the thread that starts them."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(
            target=self._loop.run_forever, name="authstream-testing", daemon=True
        )
        self._thread.start()

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """What a coroutine returns. Blocks."""
        future = asyncio.run_coroutine_threadsafe(work, self._loop)
        return future.result(RUN_WITHIN.total_seconds())

    def close(self) -> None:
        """End the loop and its thread."""
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()
