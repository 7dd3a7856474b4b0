"""What executions of an action share: a process, or nothing; and how many processes there are."""

from __future__ import annotations

import asyncio
import os
import tempfile
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from authstream.contracts.api import to_guest
from authstream.engine.program import Program
from authstream.sandbox.fresh import GUESTS_AT_ONCE, FreshGuests
from authstream.sandbox.guest import GuestLoadError
from authstream.sandbox.pool import BUSY_FROM, GuestPool
from tests.guests import (
    FILES,
    PL,
    children,
    in_both_languages,
    invocation,
    is_running,
    texts,
    until,
)

REMEMBERS = {
    "python": """
import builtins, os
count, mine = 0, os.urandom(8).hex()
async def on_execute_post_login(event, api):
    global count
    count += 1
    builtins.seen = getattr(builtins, "seen", 0) + 1
    print(count, builtins.seen, (api.cache.get("n") or {}).get("value"), mine)
    api.cache.set("n", "kept")
""",
    "javascript": """
let count = 0;
const mine = require("node:crypto").randomUUID();
exports.onExecutePostLogin = async (event, api) => {
  count += 1;
  Object.prototype.seen = (Object.prototype.seen ?? 0) + 1;
  console.log(count, Object.prototype.seen, api.cache.get("n")?.value ?? "None", mine);
  api.cache.set("n", "kept");
};
""",
}


def program(folder: Path, language: str, code: str) -> Program:
    """A program of given code."""
    folder.chmod(0o755)  # where tests run as root, a guest has a user of its own
    file = folder / FILES[language]
    file.write_text(code)
    return Program("crm", 1, file, PL, to_guest(PL))


@pytest.fixture
async def started() -> AsyncIterator[list[FreshGuests | GuestPool]]:
    """What is put here is stopped after the test, and leaves no process."""
    before = set(children())
    guests: list[FreshGuests | GuestPool] = []
    yield guests
    for guest in guests:
        await guest.stop()
    await until(lambda: not any(is_running(pid) for pid in set(children()) - before))


@in_both_languages
async def test_isolated_executions_see_nothing_of_each_other(
    tmp_path: Path, language: str, started: list[FreshGuests | GuestPool]
) -> None:
    """No global, no changed prototype, no cached value: each has a process of its own."""
    guests = FreshGuests(program(tmp_path, language, REMEMBERS[language]))
    started.append(guests)
    assert (await guests.start()).handlers == ("onExecutePostLogin",)
    outcomes = [await guests.run(invocation()) for _ in range(3)]
    outcomes += await asyncio.gather(*(guests.run(invocation()) for _ in range(5)))
    said = [texts(outcome)[0].rpartition(" ") for outcome in outcomes]
    assert {words for words, _, _ in said} == {"1 1 None"}
    assert len({mine for _, _, mine in said}) == 8


WRITES = {
    "python": """
import os, tempfile
async def on_execute_post_login(event, api):
    try:
        with open(os.path.join(tempfile.gettempdir(), "left"), "x") as file:
            file.write("x")
        print("wrote")
    except OSError as error:
        print(error.strerror)
""",
    "javascript": """
const { writeFileSync } = require("node:fs");
const { join } = require("node:path");
exports.onExecutePostLogin = async () => {
  try {
    writeFileSync(join(require("node:os").tmpdir(), "left"), "x", { flag: "wx" });
    console.log("wrote");
  } catch (error) {
    console.log(error.code === "EEXIST" ? "File exists" : error.message);
  }
};
""",
}


@in_both_languages
async def test_a_temporary_file_lasts_as_long_as_the_process(
    tmp_path: Path, language: str, started: list[FreshGuests | GuestPool]
) -> None:
    """So an isolated execution finds an empty folder, and a shared one what was left there."""
    written = program(tmp_path, language, WRITES[language])
    fresh = FreshGuests(written, level="namespaces")
    shared = GuestPool(written, level="namespaces")
    started += [fresh, shared]
    assert [texts(await fresh.run(invocation())) for _ in range(3)] == [["wrote"]] * 3
    said = [texts(await shared.run(invocation()))[0] for _ in range(2)]
    assert said == ["wrote", "File exists"]
    assert not os.path.exists(os.path.join(tempfile.gettempdir(), "left"))  # noqa: ASYNC240, PTH110, PTH118 - blocks no loop


@in_both_languages
async def test_shared_executions_share_their_process(
    tmp_path: Path, language: str, started: list[FreshGuests | GuestPool]
) -> None:
    """The default: globals and the cache last from one execution to the next."""
    guests = GuestPool(program(tmp_path, language, REMEMBERS[language]))
    started.append(guests)
    said = [texts(await guests.run(invocation()))[0].rpartition(" ")[0] for _ in range(2)]
    assert said == ["1 1 None", "2 2 kept"]


async def test_all_guests_of_an_action_have_their_threads(
    tmp_path: Path, started: list[FreshGuests | GuestPool]
) -> None:
    """They may share a user, and the kernel counts a user's threads, not a process's."""
    code = """
const { lookup } = require("node:dns").promises;
exports.onExecutePostLogin = async () => {
  await Promise.all([1, 2, 3, 4, 5].map(() => lookup("127.0.0.1")));
  await new Promise((resolve) => setTimeout(resolve, 300));
};
"""
    guests = FreshGuests(program(tmp_path, "javascript", code))
    started.append(guests)
    outcomes = await asyncio.gather(*(guests.run(invocation()) for _ in range(GUESTS_AT_ONCE)))
    assert {(outcome.status, outcome.error) for outcome in outcomes} == {("ok", None)}


async def test_an_isolated_action_that_does_not_load_answers_with_its_error(
    tmp_path: Path, started: list[FreshGuests | GuestPool]
) -> None:
    """Every event has the error, and no process is started for each."""
    guests = FreshGuests(program(tmp_path, "javascript", "throw new Error('no config')"))
    started.append(guests)
    with pytest.raises(GuestLoadError, match="no config"):
        await guests.start()
    outcomes = await asyncio.gather(*(guests.run(invocation()) for _ in range(5)))
    assert {(o.status, "no config" in (o.error or "")) for o in outcomes} == {("error", True)}


async def test_a_pool_grows_when_busy_and_shrinks_when_idle(
    tmp_path: Path, started: list[FreshGuests | GuestPool]
) -> None:
    """One process at first, up to its size under load, one again after."""
    code = """
import asyncio
async def on_execute_post_login(event):
    await asyncio.sleep(0.3)
"""
    idle = timedelta(seconds=0.4)
    guests = GuestPool(program(tmp_path, "python", code), size=3, idle_after=idle)
    started.append(guests)
    await guests.start()
    assert len(guests.pids) == 1
    many = [asyncio.create_task(guests.run(invocation())) for _ in range(4 * BUSY_FROM)]
    await until(lambda: len(guests.pids) == 3)
    assert {outcome.status for outcome in await asyncio.gather(*many)} == {"ok"}
    await until(lambda: len(guests.pids) == 1)
    assert (await guests.run(invocation())).status == "ok"


async def test_stopping_answers_what_is_under_way(tmp_path: Path) -> None:
    """In either kind, events in work are unavailable and later ones are refused."""
    code = "import asyncio\nasync def on_execute_post_login(): await asyncio.sleep(60)"
    for guests in (
        FreshGuests(program(tmp_path, "python", code)),
        GuestPool(program(tmp_path, "python", code)),
    ):
        await guests.start()
        task = asyncio.create_task(guests.run(invocation()))
        await asyncio.sleep(0.05)
        await asyncio.wait_for(guests.stop(), 5)
        assert (await task).status == "unavailable"
        assert (await guests.run(invocation())).status == "unavailable"
        await guests.stop()
