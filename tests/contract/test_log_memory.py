"""The log in memory, by the suite of all logs."""

from __future__ import annotations

import pytest

from authstream.broker.memory_log import MemoryLog
from authstream.engine.log import Log
from tests.contract.log_suite import LogSuite


class TestMemoryLog(LogSuite):
    """The suite on a list."""

    @pytest.fixture(autouse=True)
    def _fresh(self) -> None:
        self.log = MemoryLog()

    def make(self) -> Log:
        """The one list."""
        return self.log
