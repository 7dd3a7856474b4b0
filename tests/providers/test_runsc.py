"""Level `external` with a real gVisor: `deploy/gvisor/guest.sh` around every guest."""

from __future__ import annotations

import os
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from authstream.contracts.api import to_guest
from authstream.engine.program import Program
from authstream.sandbox import runtimes
from authstream.sandbox.guest import Guest
from authstream.sandbox.levels import choose, found_outside
from tests.guests import FILES, PL, children, in_both_languages, invocation, texts, until
from tests.providers.checkers import ROOT
from tests.providers.go_programs import RUNSC

pytestmark = pytest.mark.timeout(120)

#: What an action is told of its kernel.
CODE = {
    "python": """
import os
async def on_execute_post_login(event, api):
    print(os.uname().release)
""",
    "javascript": """
exports.onExecutePostLogin = async () => console.log(require("node:os").release());
""",
}


def command(root: Path) -> tuple[str, ...]:
    """What an operator sets AUTHSTREAM_SANDBOX_COMMAND to."""
    programs = (Path(sys.executable), Path(runtimes.node().binary))
    folders = {str(program.resolve().parents[1]) for program in programs} - {"/usr"}
    script = str(ROOT / "deploy" / "gvisor" / "guest.sh")
    root.mkdir()
    return (script, str(RUNSC.built()), str(root), *sorted(folders), str(ROOT / "workers"), "--")


@pytest.fixture
async def guest(tmp_path: Path, language: str) -> AsyncIterator[Guest]:
    """A guest behind the command."""
    folder = tmp_path / "action"
    folder.mkdir()
    file = folder / FILES[language]
    file.write_text(CODE[language])
    program = Program("gvisor", 1, file, PL, to_guest(PL))
    made = Guest(program, level="external", wrapper=command(tmp_path / "root"))
    yield made
    await made.stop()


def test_gvisor_keeps_guests_away_from_the_worker(tmp_path: Path) -> None:
    """The worker attacks itself from inside and takes the command."""
    wrapper = command(tmp_path / "root")
    assert choose("external", wrapper=wrapper) == "external"
    through = found_outside(wrapper).got_through
    assert "io_uring" not in through
    assert "read /etc/passwd" not in through


@in_both_languages
async def test_a_guest_runs_in_gvisor(guest: Guest, language: str) -> None:
    """By a kernel of its own; nothing is left of it."""
    outcome = await guest.run(invocation())
    assert (outcome.error, outcome.status) == (None, "ok")
    assert texts(outcome) != [os.uname().release]
    assert [one.name for one in guest.program.file.parent.iterdir()] == [FILES[language]]
    before = set(children())
    await guest.stop()
    await until(lambda: not before & set(children()))
