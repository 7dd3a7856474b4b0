"""Level `external`: the operator's command confines guests, and the worker tests what it can."""

from __future__ import annotations

import asyncio
import os
import shlex

import pytest

from authstream.apps import doctor
from authstream.apps.doctor import external_line
from authstream.apps.stages import chosen
from authstream.errors import ConfigurationError
from authstream.sandbox import probe
from authstream.sandbox.census import CENSUS
from authstream.sandbox.levels import choose
from authstream.sandbox.probe_guest.attacks import ATTACKS, DRASTIC, ON_THE_WORKER
from authstream.settings import Settings
from tests.guests import NewGuest, children, in_both_languages, invocation, is_running, texts, until
from tests.jail import COMMAND


def test_it_takes_a_command() -> None:
    """Without one there is nothing that would confine."""
    with pytest.raises(ConfigurationError, match="AUTHSTREAM_SANDBOX_COMMAND"):
        choose("external")


def test_a_command_that_is_not_there_is_named() -> None:
    """Before anything is tried."""
    with pytest.raises(ConfigurationError, match="begins with no-such-command"):
        choose("external", wrapper=["no-such-command", "run"])


def test_a_command_that_confines_nothing_is_refused() -> None:
    """It names what a guest could reach."""
    with pytest.raises(ConfigurationError) as refused:
        choose("external", wrapper=["/usr/bin/env"])
    for attack in ("read a secret file", "connect to the broker", "kill another process"):
        assert f"{attack} (open)" in str(refused.value)
    assert "fork" not in str(refused.value)


def test_a_command_that_does_not_run_is_refused() -> None:
    """With its own last words."""
    with pytest.raises(ConfigurationError, match="attacks early"):
        choose("external", wrapper=["/bin/false"])


def test_a_command_that_confines_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    """By its settings; but not where a proven level is demanded."""
    monkeypatch.setenv("AUTHSTREAM_SANDBOX", "external")
    monkeypatch.setenv("AUTHSTREAM_SANDBOX_COMMAND", shlex.join(COMMAND))
    assert chosen(Settings()) == CENSUS.level == "external"
    monkeypatch.setenv("AUTHSTREAM_SANDBOX_MIN_LEVEL", "landlock")
    with pytest.raises(ConfigurationError, match="below"):
        chosen(Settings())


def test_what_is_left_to_the_operator_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the worker saw not blocked, and what it cannot look at."""
    outcomes = dict.fromkeys(ATTACKS, "blocked: x") | {"fork": "open", "listen": "open"}
    found = probe.Findings(outcomes)
    assert found.failures("external") == []

    def found_outside(_: tuple[str, ...]) -> probe.Findings:
        return found

    monkeypatch.setattr(doctor, "found_outside", found_outside)
    line = external_line(("jail",))
    assert "not blocked: listen, fork." in line
    assert "Not tested, and up to that command: egress, CPU, /dev/mem, become root" in line


def test_every_attack_on_the_worker_is_one_of_the_suite() -> None:
    """A name that is misspelt would be tolerated."""
    assert frozenset(ATTACKS) >= ON_THE_WORKER | DRASTIC
    assert not ON_THE_WORKER & DRASTIC


CODE = {
    "python": """
        import os
        async def on_execute_post_login(event, api):
            print(os.path.exists("/etc/hostname"), sorted(os.environ))
        """,
    "javascript": """
        exports.onExecutePostLogin = async (event, api) => {
          const keys = Object.keys(process.env).sort();
          console.log("False", `[${keys.map((key) => `'${key}'`).join(", ")}]`);
        };
        """,
}


@in_both_languages
async def test_a_guest_runs_behind_the_command(new_guest: NewGuest, language: str) -> None:
    """Its memory is counted though another process stands between; nothing is left of it."""
    guest = new_guest(CODE, language=language, level="external", wrapper=COMMAND)
    outcome = await guest.run(invocation())
    assert (outcome.error, outcome.status) == (None, "ok")
    assert texts(outcome)[0].startswith("False ['LANG', ")
    assert guest.pid is not None
    (inner,) = (pid for pid in children(guest.pid) if is_running(pid))
    await until(lambda: any(use.memory > 1_000_000 for use in CENSUS.guests()))
    await guest.stop()
    await until(lambda: not is_running(inner))


async def test_a_killed_guest_is_replaced(new_guest: NewGuest) -> None:
    """As at every other level."""
    guest = new_guest(CODE, level="external", wrapper=COMMAND)
    await guest.start()
    assert guest.pid is not None
    os.kill(guest.pid, 9)
    await asyncio.sleep(0.1)
    assert (await guest.run(invocation())).status == "ok"
