"""What the table takes, the fold knows: no legal command makes a flow undecidable."""

from __future__ import annotations

import pytest

from authstream.apps.stages import triggers
from authstream.contracts.api import methods
from authstream.engine.fold import fold
from tests.api_calls import legal
from tests.samples import NOW, command, envelope


@pytest.mark.parametrize("trigger", sorted(triggers()))
def test_every_legal_command_is_folded(trigger: str) -> None:
    """It takes effect, is listed in `dropped`, or fails the flow with a reason: never refused."""
    for path, method in methods(trigger).items():
        for arguments in legal(trigger, path) if method.kind == "command" else []:
            flow = envelope(command(path, *arguments), trigger=trigger)
            verdict = fold(flow, triggers()[trigger], now=NOW)
            assert verdict.outcome != "failed" or verdict.reason, (path, arguments)
