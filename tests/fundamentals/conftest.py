"""The flow that each page of this living documentation builds."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.local_flow import LocalFlow


@pytest.fixture
def flow(tmp_path: Path) -> LocalFlow:
    """An empty flow."""
    return LocalFlow(tmp_path)
