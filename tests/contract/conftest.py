"""What the contract tests share: guests of given code."""

from __future__ import annotations

import os
import textwrap
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from authstream.contracts.api import to_guest
from authstream.sandbox.guest import Guest, Program
from tests.guests import FILES, PL, SECRETS, NewGuest


@pytest.fixture
async def new_guest(tmp_path: Path) -> AsyncIterator[NewGuest]:
    """Makes guests of given code; ends them after the test."""
    guests: list[Guest] = []
    os.chmod(tmp_path, 0o755)  # noqa: PTH101, S103 - blocks no loop; where tests run as root, a guest has a user of its own

    def make(code: str | Mapping[str, str], *, language: str = "python", **options: Any) -> Guest:
        file = tmp_path / FILES[language]
        file.write_text(textwrap.dedent(code if isinstance(code, str) else code[language]))
        choices = {
            key: options.pop(key) for key in ("circuit", "level", "wrapper") if key in options
        }
        values: dict[str, Any] = {
            "secrets": SECRETS,
            "configuration": {"tier": {"name": "gold"}},
            **options,
        }
        trigger = values.pop("trigger", PL)
        program = Program("crm", 1, file, trigger, to_guest(trigger), **values)
        guests.append(Guest(program, **choices))
        return guests[-1]

    yield make
    for guest in guests:
        await guest.stop()
