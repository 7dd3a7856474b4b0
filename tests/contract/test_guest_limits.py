"""The limits of `action.yaml` hold for each guest: memory, threads, descriptors, output, log."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from authstream.engine.guest_limits import DEFAULT, LEAST, MIB, GuestLimits
from authstream.sandbox.census import CENSUS
from tests.guests import NewGuest, in_both_languages, invocation, texts, until

BOMBS = {
    "python": """
        import mmap, tempfile
        hoard = []
        async def on_execute_post_login(event, api):
            match event.get("bomb"):
                case "heap":
                    hoard.extend(bytearray(1_000_000) for _ in range(200))
                case "mapped":
                    file = tempfile.TemporaryFile()
                    file.truncate(event.size)
                    shared = mmap.mmap(file.fileno(), event.size)
                    for at in range(0, event.size, 4096):
                        shared[at] = 1
                    await __import__("asyncio").sleep(60)
            api.id_token.set_custom_claim("n", event.n)
        """,
    "javascript": """
        const turn = () => new Promise((resolve) => setTimeout(resolve, 1));
        exports.onExecutePostLogin = async (event, api) => {
          const hoard = [];
          while (event.bomb === "heap") {
            for (let i = 0; i < 200; i++) hoard.push(new Array(1000).fill(i));
            await turn();
          }
          while (event.bomb === "buffer") {
            hoard.push(Buffer.alloc(2_000_000, 1));
            await turn();
          }
          api.idToken.setCustomClaim("n", event.n);
        };
        """,
}
WORDS = {
    ("python", "heap"): "MemoryError: out of memory (its limits.memory of 64 MiB: use less",
    ("javascript", "heap"): "filled its JavaScript heap of 32 MiB, a part of its limits.memory of",
    ("javascript", "buffer"): "of memory, over its limits.memory of 64 MiB: use less, or raise",
}


@pytest.mark.parametrize(("language", "bomb"), WORDS)
async def test_a_memory_bomb_at_a_small_limit_fails_its_own_event(
    new_guest: NewGuest, language: str, bomb: str
) -> None:
    """By the runtime, by V8, or by the worker that looks from outside; the others are run again."""
    guest = new_guest(BOMBS, language=language, limits=GuestLimits(memory=64 * MIB))
    await guest.start()
    outcomes = await asyncio.gather(
        *(guest.run(invocation({"n": n, "bomb": bomb if n == 3 else ""})) for n in range(8))
    )
    bad = outcomes.pop(3)
    assert bad.status == ("error" if language == "python" else "crashed"), bad.error
    assert WORDS[language, bomb] in (bad.error or "")
    assert [o.commands[0][1] for o in outcomes] == [("n", n) for n in range(8) if n != 3]


async def test_memory_that_no_limit_of_the_kernel_counts_is_seen(new_guest: NewGuest) -> None:
    """Mapped files of the temporary folder: the worker names the limit and the use."""
    limits = GuestLimits(memory=32 * MIB, temporary=64 * MIB)
    guest = new_guest(BOMBS, limits=limits, level="namespaces")
    outcome = await guest.run(invocation({"bomb": "mapped", "size": 48 * MIB, "n": 1}))
    assert outcome.status == "crashed"
    assert "over its limits.memory of 32 MiB" in (outcome.error or "")


@in_both_languages
async def test_the_least_limits_are_enough_for_a_small_action(
    new_guest: NewGuest, language: str
) -> None:
    """A limit that is accepted does not keep the runtime from starting."""
    least = LEAST["python" if language == "python" else "javascript"]
    guest = new_guest(BOMBS, language=language, limits=least)
    outcomes = await asyncio.gather(*(guest.run(invocation({"n": n})) for n in range(50)))
    assert {(o.status, o.error) for o in outcomes} == {("ok", None)}


USES = {
    "python": """
        import os, threading
        def on_execute_post_login(event, api):
            if event.use == "descriptors":
                try:
                    while True: os.dup(0)
                except OSError as error:
                    print(error.strerror, len(os.listdir("/proc/self/fd")) if 0 else "")
            if event.use == "threads":
                done = threading.Event()
                try:
                    for n in range(500): threading.Thread(target=done.wait).start()
                except RuntimeError as error:
                    print(error, n)
                finally:
                    done.set()
            if event.use == "output":
                api.id_token.set_custom_claim("x", "y" * 3000)
            if event.use == "log":
                print("z" * 3000)
        """,
    "javascript": """
        exports.onExecutePostLogin = async (event, api) => {
          if (event.use === "output") api.idToken.setCustomClaim("x", "y".repeat(3000));
          if (event.use === "log") console.log("z".repeat(3000));
        };
        """,
}
SMALL = replace(DEFAULT, threads=32, descriptors=48, output=2000, log=1000)


async def test_threads_and_descriptors_are_limited(new_guest: NewGuest) -> None:
    """By what the action asked for, not by what others may have."""
    guest = new_guest(USES, limits=SMALL)
    assert texts(await guest.run(invocation({"use": "descriptors"}))) == ["Too many open files "]
    guest = new_guest(USES, limits=SMALL)
    (line,) = texts(await guest.run(invocation({"use": "threads"})))
    assert line.startswith("can't start new thread ")
    assert int(line.rpartition(" ")[2]) < 32


@in_both_languages
async def test_output_and_log_are_limited(new_guest: NewGuest, language: str) -> None:
    """The call that is over the output fails where it is made; the log is cut and says so."""
    guest = new_guest(USES, language=language, limits=SMALL)
    outcome = await guest.run(invocation({"use": "output"}))
    assert (outcome.status, outcome.commands) == ("error", ())
    assert "too large together" in (outcome.error or "")
    outcome = await guest.run(invocation({"use": "log"}))
    assert sum(map(len, texts(outcome))) <= 1000
    assert texts(outcome)[-1] == "(console cut at 1000 characters)"


async def test_memory_of_each_guest_is_known(new_guest: NewGuest) -> None:
    """By action and number, from its start to its end."""
    guest = new_guest(BOMBS)
    await guest.start()
    await until(lambda: any(use.memory for use in CENSUS.guests()))
    (use,) = CENSUS.guests()
    assert (use.action, use.number, use.pid) == ("crm", 0, guest.pid)
    assert MIB < use.memory < use.memory_limit == DEFAULT.memory
    await guest.stop()
    assert CENSUS.guests() == []
