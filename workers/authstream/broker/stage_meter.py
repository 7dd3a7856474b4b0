"""What a worker measures of one stage: how long messages wait and take, and which it refuses."""

from __future__ import annotations

import time

from authstream.broker.assignment import Cell
from authstream.metrics.registry import REGISTRY

_SECONDS = 0.001


class StageMeter:
    """Two observations a message; on the event loop."""

    def __init__(self, stage: str) -> None:
        self._stage = stage
        self._queue = REGISTRY.histogram("authstream.stage.queue", stage)
        self._duration = REGISTRY.histogram("authstream.stage.duration", stage)

    def begin(self, cell: Cell) -> None:
        """A handler begins with a message."""
        self._queue.observe(time.time() - cell.message.timestamp * _SECONDS)
        cell.began = time.perf_counter()

    def end(self, cell: Cell) -> None:
        """Its outputs are handed over."""
        self._duration.observe(time.perf_counter() - cell.began)

    def refused(self, code: str) -> None:
        """It cannot be handled."""
        REGISTRY.counter("authstream.stage.refused", self._stage, code).add()
