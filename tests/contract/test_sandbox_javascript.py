"""What JavaScript in a guest can do to its host: nothing, at every level, whoever the worker is."""

from __future__ import annotations

import functools
import json
import subprocess
from pathlib import Path
from typing import cast

import pytest

from authstream.sandbox import probe, runtimes
from authstream.sandbox.probe_guest.attacks import ONLY_HIDDEN_BY_NAMESPACES
from tests.confinement import grounds, run_json

ATTACKS = Path(__file__).with_name("attacks.cjs")
_ATTACK = """
import asyncio, json, sys
from datetime import timedelta
from authstream.contracts.api import to_guest
from authstream.sandbox.guest import Guest, Invocation, Program
from authstream.sandbox.probe import prepared

async def main(level, code):
    with prepared([]) as (ground, folder):
        file = folder / "action.js"
        file.write_text(code)
        guest = Guest(Program("attack", 1, file, "post-login", to_guest("post-login")), level=level)
        event = json.dumps({"ground": ground}).encode()
        outcome = await guest.run(
            Invocation("onExecutePostLogin", event, (), timedelta(seconds=40))
        )
        await guest.stop()
    assert outcome.status == "ok", outcome
    print(json.dumps(outcome.commands[0][1][1]))

asyncio.run(main(*sys.argv[1:]))
"""


@functools.cache
def without_confinement() -> dict[str, str]:
    """The outcome of each attack by a plain Node."""
    with probe.prepared([]) as (ground, folder):
        file = folder / "attacks.cjs"
        file.write_text(ATTACKS.read_text())
        done = subprocess.run(
            [runtimes.node().binary, file],
            input=json.dumps(ground),
            capture_output=True,
            text=True,
            check=True,
        )
    return cast("dict[str, str]", json.loads(done.stdout))


@pytest.mark.parametrize(("user", "level"), grounds())
def test_no_javascript_attack_succeeds(user: str, level: str) -> None:
    """Of all attacks, only the harmless ones at level landlock."""
    outcomes = run_json(user, _ATTACK, level, ATTACKS.read_text())
    assert outcomes.keys() == without_confinement().keys()
    tolerated = ONLY_HIDDEN_BY_NAMESPACES if level == "landlock" else set[str]()
    assert {name for name, outcome in outcomes.items() if outcome == "open"} <= tolerated


def test_without_confinement_the_same_javascript_attacks_succeed() -> None:
    """So each of them can find a hole."""
    outcomes = without_confinement()
    assert {name: outcome for name, outcome in outcomes.items() if outcome != "open"} == {}
    assert len(outcomes) >= 17
