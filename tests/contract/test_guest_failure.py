"""Time limits, crashes, loops and restarts: only the event at fault is failed."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import time
from datetime import timedelta
from pathlib import Path

import pytest

from authstream.contracts.api import to_guest
from authstream.sandbox.circuit import RESTARTS, Circuit
from authstream.sandbox.guest import (
    Guest,
    GuestStartError,
    Outcome,
    Program,
)
from tests.guests import PL, NewGuest, in_both_languages, invocation, texts, until


@pytest.mark.parametrize(
    ("word", "wait"),
    [
        ("async def", "await asyncio.sleep(60)"),
        ("def", "time.sleep(60)"),
        ("def", "\n    while True: pass"),
    ],
)
async def test_an_event_over_its_time_is_ended_alone(
    new_guest: NewGuest, word: str, wait: str
) -> None:
    """A task is cancelled, a thread interrupted; the same process runs the others meanwhile."""
    guest = new_guest(
        f"import asyncio, time\n{word} on_execute_post_login(event):\n  print('before')\n"
        f"  if event.get('slow'): {wait}\n"
    )
    await guest.start()
    pid = guest.pid
    slow = asyncio.create_task(guest.run(invocation({"slow": True}, timeout=0.3)))
    others = await asyncio.gather(*(guest.run(invocation()) for _ in range(10)))
    outcome = await asyncio.wait_for(slow, 2)
    assert {o.status for o in others} == {"ok"}
    assert (outcome.status, texts(outcome)) == ("timeout", ["before"])
    assert timedelta(seconds=0.3) < outcome.duration < timedelta(seconds=0.8)
    assert outcome.error == "the action did not end within 0.3 s"
    assert guest.pid == pid


async def test_a_busy_thread_is_really_stopped(new_guest: NewGuest) -> None:
    """After the time-out of a loop in a plain handler the guest uses no more processor time."""
    guest = new_guest("def on_execute_post_login(event):\n  while True: pass")
    assert (await guest.run(invocation(timeout=0.2))).status == "timeout"

    def ticks() -> int:
        fields = Path(f"/proc/{guest.pid}/stat").read_text().rpartition(")")[2].split()
        return int(fields[11]) + int(fields[12])

    async def is_idle() -> bool:
        before = ticks()
        await asyncio.sleep(0.3)
        return ticks() - before <= 2

    for _ in range(10):
        if await is_idle():
            return
    pytest.fail("the thread went on")


async def test_a_javascript_event_over_its_time_is_ended_alone(new_guest: NewGuest) -> None:
    """Its signal is aborted and it is answered; the same process runs the others meanwhile."""
    guest = new_guest(
        """
        let aborted = 0;
        exports.onExecutePostLogin = async (event) => {
          console.log("before", aborted);
          if (!event.slow) return;
          event.signal.addEventListener("abort", () => aborted++);
          await new Promise(() => {});
        };
        """,
        language="javascript",
    )
    await guest.start()
    pid = guest.pid
    slow = asyncio.create_task(guest.run(invocation({"slow": True}, timeout=0.3)))
    others = await asyncio.gather(*(guest.run(invocation()) for _ in range(10)))
    outcome = await asyncio.wait_for(slow, 2)
    assert {o.status for o in others} == {"ok"}
    assert (outcome.status, texts(outcome)) == ("timeout", ["before 0"])
    assert outcome.error == "the action did not end within 0.3 s"
    assert texts(await guest.run(invocation())) == ["before 1"]
    assert guest.pid == pid


async def test_a_caller_that_gives_up_stops_its_run(new_guest: NewGuest, tmp_path: Path) -> None:
    """Cancelling `run` cancels the action's task."""
    guest = new_guest(
        f"""
        import asyncio, pathlib
        async def on_execute_post_login(event):
            try:
                pathlib.Path("{tmp_path}/began").touch()
                await asyncio.sleep(60)
            except asyncio.CancelledError:
                pathlib.Path("{tmp_path}/stopped").touch()
        """,
        level="none",  # it writes files of the test
    )
    task = asyncio.create_task(guest.run(invocation()))
    await until((tmp_path / "began").exists)
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task
    await until((tmp_path / "stopped").exists)


MISBEHAVES = {
    "python": """
        import asyncio, ctypes, os, time
        async def on_execute_post_login(event, api):
            await asyncio.sleep(0)
            match event.get("mode"):
                case "exit":
                    os._exit(3)
                case "killed":
                    os.write(2, b"last words")
                    ctypes.string_at(0)
                case "loop":
                    while True:
                        pass
            api.id_token.set_custom_claim("n", event.n)
        """,
    "javascript": """
        const fs = require("node:fs");
        exports.onExecutePostLogin = async (event, api) => {
          await null;
          if (event.mode === "exit") {
            process.removeAllListeners("uncaughtException");
            process.nextTick(() => { throw new Error("out of the handler"); });
            await new Promise(() => {});
          }
          if (event.mode === "killed") {
            fs.writeSync(2, "last words");
            process.kill(process.pid, "SIGKILL");
          }
          while (event.mode === "loop");
          api.idToken.setCustomClaim("n", event.n);
        };
        """,
}
#: JavaScript has no fault to make, and at level namespaces a guest's own signals do not reach it.
LEVELS = {"python": None, "javascript": "none"}


async def _with_one_bad(guest: Guest, mode: str) -> tuple[list[Outcome], float]:
    await guest.start()
    began = time.monotonic()
    outcomes = await asyncio.gather(
        *(guest.run(invocation({"n": n, "mode": mode if n == 7 else ""})) for n in range(21))
    )
    return list(outcomes), time.monotonic() - began


def _assert_only_the_seventh_failed(outcomes: list[Outcome], status: str) -> None:
    assert outcomes.pop(7).status == status
    assert {o.status for o in outcomes} == {"ok"}
    expected = [n for n in range(21) if n != 7]
    assert [o.commands[0][1] for o in outcomes] == [("n", n) for n in expected]


@in_both_languages
@pytest.mark.parametrize(
    ("mode", "reason"),
    [("exit", "exited with status"), ("killed", "; it last said: last words")],
)
async def test_a_crash_hurts_only_its_own_event(
    new_guest: NewGuest, mode: str, reason: str, language: str
) -> None:
    """The unfinished events are run again one at a time until the culprit shows itself."""
    level = LEVELS[language] if mode == "killed" else None
    guest = new_guest(MISBEHAVES, language=language, level=level)
    outcomes, _ = await _with_one_bad(guest, mode)
    assert reason in (outcomes[7].error or "")
    assert mode != "killed" or "was ended by SIG" in (outcomes[7].error or "")
    _assert_only_the_seventh_failed(outcomes, "crashed")
    assert (await guest.run(invocation({"n": 1}))).status == "ok"


@in_both_languages
async def test_an_endless_loop_hurts_only_its_own_event(new_guest: NewGuest, language: str) -> None:
    """No PONG for a second, twice (found, and found out): about two seconds, then all are done."""
    outcomes, seconds = await _with_one_bad(new_guest(MISBEHAVES, language=language), "loop")
    _assert_only_the_seventh_failed(outcomes, "timeout")
    assert 2 < seconds < 6


@in_both_languages
async def test_a_loop_that_outlives_its_own_event_is_not_blamed_on_the_next(
    new_guest: NewGuest, language: str
) -> None:
    """An event is cut before its guest is found stuck; the others are run again, and pass."""
    guest = new_guest(MISBEHAVES, language=language)
    await guest.start()
    bad = guest.run(invocation({"mode": "loop", "n": 0}, timeout=0.2))
    outcomes = await asyncio.gather(bad, *(guest.run(invocation({"n": n})) for n in range(1, 6)))
    assert [o.status for o in outcomes] == ["timeout"] + ["ok"] * 5


async def test_an_event_that_was_killed_from_outside_is_run_again(new_guest: NewGuest) -> None:
    """An innocent event is not failed because something else ended the process."""
    guest = new_guest(
        "import asyncio\nasync def on_execute_post_login(event): await asyncio.sleep(0.3)"
    )
    await guest.start()
    task = asyncio.create_task(guest.run(invocation()))
    await asyncio.sleep(0.05)
    assert guest.pid is not None
    os.kill(guest.pid, signal.SIGKILL)
    assert (await task).status == "ok"


async def test_the_circuit_opens_and_closes_again(new_guest: NewGuest, tmp_path: Path) -> None:
    """Too many restarts: refused at once, then one event is tried, then all run."""
    guest = new_guest(
        f"""
        import os, pathlib
        async def on_execute_post_login(event):
            if not pathlib.Path("{tmp_path}/repaired").exists():
                os._exit(1)
        """,
        level="none",  # it writes files of the test
        circuit=Circuit(open_for=timedelta(seconds=0.5)),
    )
    statuses: list[str] = []
    while "unavailable" not in statuses:
        statuses.append((await guest.run(invocation())).status)
        assert len(statuses) <= RESTARTS + 1
    assert set(statuses[:-1]) == {"crashed"}
    refused = await guest.run(invocation())
    assert refused.status == "unavailable"
    assert refused.duration < timedelta(milliseconds=50)
    assert "failed" in (refused.error or "")
    with pytest.raises(GuestStartError, match="is not run"):
        await guest.start()
    (tmp_path / "repaired").touch()
    await asyncio.sleep(0.5)
    outcomes = await asyncio.gather(*(guest.run(invocation()) for _ in range(5)))
    assert {o.status for o in outcomes} == {"ok"}


async def test_a_half_open_circuit_risks_one_event(new_guest: NewGuest, tmp_path: Path) -> None:
    """If the one that is tried fails, the others are refused without being run."""
    guest = new_guest(
        f"""
        import os
        async def on_execute_post_login(event):
            with open("{tmp_path}/runs", "a") as file:
                file.write("x")
            os._exit(1)
        """,
        level="none",  # it writes files of the test
        circuit=Circuit(open_for=timedelta(seconds=0.3)),
    )
    while (await guest.run(invocation())).status != "unavailable":
        pass
    before = len((tmp_path / "runs").read_text())
    await asyncio.sleep(0.3)
    outcomes = await asyncio.gather(*(guest.run(invocation()) for _ in range(5)))
    assert sorted(o.status for o in outcomes) == ["crashed"] + ["unavailable"] * 4
    assert len((tmp_path / "runs").read_text()) == before + 1


async def test_an_interpreter_that_does_not_start_is_reported(tmp_path: Path) -> None:
    """The events are answered; nothing waits for ever."""
    file = tmp_path / "action.py"
    file.write_text("def on_execute_post_login(): pass")
    program = Program("crm", 1, file, PL, to_guest(PL))
    for python in ("/bin/false", str(tmp_path / "nowhere")):
        guest = Guest(program, python=python)
        outcome = await asyncio.wait_for(guest.run(invocation()), 10)
        assert outcome.status == "unavailable"
        assert "did not start" in (outcome.error or "")
        await guest.stop()


async def test_an_event_whose_caller_left_before_the_start_is_not_run(
    new_guest: NewGuest, tmp_path: Path
) -> None:
    """Cancelled while the guest was starting: the action never sees it."""
    guest = new_guest(
        f"""
        import pathlib
        async def on_execute_post_login(event):
            pathlib.Path("{tmp_path}", event.name).touch()
        """,
        level="none",  # it writes files of the test
    )
    left = asyncio.create_task(guest.run(invocation({"name": "left"})))
    stayed = asyncio.create_task(guest.run(invocation({"name": "stayed"})))
    await asyncio.sleep(0)
    left.cancel()
    assert (await stayed).status == "ok"
    assert (tmp_path / "stayed").exists()
    assert not (tmp_path / "left").exists()


async def test_a_program_too_large_for_a_frame_is_refused(new_guest: NewGuest) -> None:
    """A configuration over a megabyte cannot be sent; the event is answered with that."""
    guest = new_guest("def on_execute_post_login(): pass", configuration={"x": "y" * 1_100_000})
    outcome = await asyncio.wait_for(guest.run(invocation()), 10)
    assert outcome.status == "unavailable"
    assert "over the limit" in (outcome.error or "")
