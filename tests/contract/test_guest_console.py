"""What an action prints and raises reaches the outcome, cut, and never the frames."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from authstream.contracts.budgets import CONSOLE_CHARACTERS
from authstream.sandbox.guest import (
    GuestLoadError,
    Invocation,
)
from tests.guests import FILES, NewGuest, in_both_languages, invocation, texts

EMPTY = {
    "python": "def on_execute_post_login(event): pass",
    "javascript": "exports.onExecutePostLogin = async (event) => {}",
}


async def test_output_is_captured_with_its_level(new_guest: NewGuest) -> None:
    """print, stderr, logging and a last line without an end."""
    guest = new_guest(
        """
        import logging, sys, warnings
        async def on_execute_post_login(event, api):
            print("a", "b", sep="\\n")
            print("wrong", file=sys.stderr)
            logging.getLogger("x").warning("careful %d", 3)
            logging.error("bad")
            logging.debug("too fine")
            sys.stdout.write("no end")
        """
    )
    assert (await guest.run(invocation())).console == (
        ("info", "a"),
        ("info", "b"),
        ("error", "wrong"),
        ("warning", "careful 3"),
        ("error", "bad"),
        ("info", "no end"),
    )


async def test_the_javascript_console_is_captured_with_its_level(new_guest: NewGuest) -> None:
    """Console's methods, formats and groups; the standard streams; a last line without an end."""
    guest = new_guest(
        """
        exports.onExecutePostLogin = async (event, api) => {
          console.log("a %s", "b", { c: [1] });
          console.info("two\\nlines");
          console.warn("careful");
          console.error("bad");
          console.debug("fine");
          console.group("group");
          console.log("inside");
          console.groupEnd();
          process.stderr.write("wrong\\n");
          process.stdout.write("no end");
        };
        """,
        language="javascript",
    )
    assert (await guest.run(invocation())).console == (
        ("info", "a b { c: [ 1 ] }"),
        ("info", "two"),
        ("info", "lines"),
        ("warning", "careful"),
        ("error", "bad"),
        ("debug", "fine"),
        ("info", "group"),
        ("info", "  inside"),
        ("error", "wrong"),
        ("info", "no end"),
    )


async def test_concurrent_javascript_runs_keep_their_own_console(new_guest: NewGuest) -> None:
    """Interleaved output belongs to the run that wrote it, over timers and callbacks."""
    guest = new_guest(
        """
        const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
        exports.onExecutePostLogin = async (event) => {
          for (let n = 0; n < 3; n++) {
            console.log(event.name, n);
            await wait(10);
          }
        };
        """,
        language="javascript",
    )
    await guest.start()
    outcomes = await asyncio.gather(*(guest.run(invocation({"name": n})) for n in range(40)))
    assert [texts(o) for o in outcomes] == [[f"{n} {i}" for i in range(3)] for n in range(40)]


@pytest.mark.parametrize(("word", "wait"), [("async def", "await asyncio"), ("def", "time")])
async def test_concurrent_runs_keep_their_own_console(
    new_guest: NewGuest, word: str, wait: str
) -> None:
    """Interleaved output belongs to the run that wrote it, in tasks and in threads."""
    guest = new_guest(
        f"""
        import asyncio, time
        {word} on_execute_post_login(event):
            for n in range(3):
                print(event.name, n)
                {wait}.sleep(0.01)
        """
    )
    await guest.start()
    outcomes = await asyncio.gather(*(guest.run(invocation({"name": n})) for n in range(40)))
    assert [texts(o) for o in outcomes] == [[f"{n} {i}" for i in range(3)] for n in range(40)]


@in_both_languages
async def test_a_flood_of_output_is_cut(new_guest: NewGuest, language: str) -> None:
    """4 kB a run, and a line that says so."""
    guest = new_guest(
        {
            "python": """
                async def on_execute_post_login(event):
                    for n in range(10_000):
                        print("line", n)
                    print("x" * 10_000_000, end="")
                """,
            "javascript": """
                exports.onExecutePostLogin = async () => {
                  for (let n = 0; n < 10_000; n++) console.log("line", n);
                  process.stdout.write("x".repeat(10_000_000));
                };
                """,
        },
        language=language,
    )
    outcome = await guest.run(invocation())
    assert outcome.status == "ok"
    assert sum(len(text) for text in texts(outcome)) <= CONSOLE_CHARACTERS
    assert outcome.console[0] == ("info", "line 0")
    assert outcome.console[-1] == ("warning", f"(console cut at {CONSOLE_CHARACTERS} characters)")


async def test_noise_on_the_standard_descriptors_does_not_touch_the_frames(
    new_guest: NewGuest,
) -> None:
    """Descriptors 0, 1 and 2 are not the socket, for the action and for its children."""
    guest = new_guest(
        """
        import os, subprocess, sys
        os.write(1, b"at the top\\n")
        async def on_execute_post_login(event, api):
            os.write(1, b"\\0\\0\\0\\7\\5\\0\\0\\0\\1[]")
            os.write(2, b"x" * 10_000)
            sys.__stdout__.write("past the console\\n")
            sys.__stdout__.flush()
            subprocess.run([sys.executable, "-c", "print('child'); import sys; sys.stdin.read()"])
            api.access.deny("no")
        """,
        level="none",  # it starts a process
    )
    outcomes = [await guest.run(invocation()) for _ in range(3)]
    assert [o.commands for o in outcomes] == [(("access.deny", ("no",)),)] * 3


SHOWN = {
    "python": [
        "LookupError: no user",
        'action.py:7 in on_execute_post_login: helper("user")',
        'action.py:3 in helper: raise LookupError(f"no {name}")',
    ],
    "javascript": [
        "RangeError: no user",
        "action.js:3 in helper: throw new RangeError(`no ${name}`);",
        'action.js:9 in onExecutePostLogin: helper("user");',
    ],
}


@in_both_languages
async def test_an_error_shows_the_authors_lines_and_discards_the_commands(
    new_guest: NewGuest, language: str
) -> None:
    """Name, message, and the frames of the action only, in the order that the language has."""
    guest = new_guest(
        {
            "python": """
                def helper(name):
                    raise LookupError(f"no {name}")
                async def on_execute_post_login(event, api):
                    print("before")
                    api.access.deny("no")
                    helper("user")
                """,
            "javascript": """
                const helper = (name) => {
                  throw new RangeError(`no ${name}`);
                };
                exports.onExecutePostLogin = async (event, api) => {
                  console.log("before");
                  api.access.deny("no");
                  await null;
                  helper("user");
                };
                """,
        },
        language=language,
    )
    outcome = await guest.run(invocation())
    assert (outcome.status, outcome.commands, texts(outcome)) == ("error", (), ["before"])
    assert outcome.error is not None
    assert outcome.error.splitlines() == SHOWN[language]


@pytest.mark.parametrize("word", ["async def", "def"])
@pytest.mark.parametrize(
    "code", ["raise SystemExit(3)", "raise KeyboardInterrupt", "raise StopIteration", "exit()"]
)
async def test_no_exception_ends_the_guest(new_guest: NewGuest, word: str, code: str) -> None:
    """Whatever is raised is the error of its event only."""
    guest = new_guest(
        f"import sys\nfrom sys import exit\n{word} on_execute_post_login(event): {code}"
    )
    ready_pid = (await guest.start(), guest.pid)[1]
    assert (await guest.run(invocation())).status == "error"
    assert guest.pid == ready_pid


@in_both_languages
async def test_an_action_that_does_not_load_answers_with_its_error(
    new_guest: NewGuest, language: str
) -> None:
    """Top-level errors and syntax errors name the line; every event gets the same answer."""
    guest = new_guest(
        {
            "python": "import os\nraise RuntimeError('no config')",
            "javascript": "const os = require('os')\nthrow new RangeError('no config')",
        },
        language=language,
    )
    with pytest.raises(GuestLoadError, match=r"R[a-z]+Error: no config"):
        await guest.start()
    outcomes = await asyncio.gather(*(guest.run(invocation()) for _ in range(3)))
    assert {o.status for o in outcomes} == {"error"}
    assert outcomes[0].error is not None
    assert f"{FILES[language]}:2" in outcomes[0].error
    code = {"python": "x = 1\ndef broken(:\n", "javascript": "let x = 1\nfunction (broken {\n"}
    broken = await new_guest(code, language=language).run(invocation())
    assert broken.error is not None
    assert "SyntaxError" in broken.error
    assert f"{FILES[language]}:2" in broken.error


@in_both_languages
async def test_a_handler_that_is_not_there_is_named(new_guest: NewGuest, language: str) -> None:
    """None at all is an error of the action, a missing one an error of the event."""
    code = {"python": "def handler(event): pass", "javascript": "exports.handler = async () => {}"}
    nothing = await new_guest(code, language=language).run(invocation())
    assert nothing.error is not None
    assert "defines no handler" in nothing.error
    guest = new_guest(EMPTY, language=language)
    other = await guest.run(invocation(handler="onContinuePostLogin"))
    assert other.error is not None
    assert "has onExecutePostLogin, but not onContinuePostLogin" in other.error


@in_both_languages
@pytest.mark.parametrize("event", [b"not json", b"[1]", b"x" * 2_000_000])
async def test_an_event_that_cannot_be_run_is_an_error_of_its_own(
    new_guest: NewGuest, event: bytes, language: str
) -> None:
    """Not JSON, not an object, too long for a frame; the next event is fine."""
    guest = new_guest(EMPTY, language=language)
    bad = Invocation("onExecutePostLogin", event, (), timedelta(seconds=5))
    assert (await guest.run(bad)).status == "error"
    assert (await guest.run(invocation())).status == "ok"


@in_both_languages
async def test_a_flood_past_the_console_is_read_at_a_limited_rate(
    new_guest: NewGuest, language: str
) -> None:
    """Beyond 256 kB a second the guest waits in its own write, and the worker does not."""
    guest = new_guest(
        {
            "python": """
                import os, time
                def on_execute_post_login(event):
                    began = time.monotonic()
                    os.write(2, b"x" * 600_000)
                    print(time.monotonic() - began)
                """,
            "javascript": """
                const fs = require("node:fs");
                exports.onExecutePostLogin = async () => {
                  const began = Date.now();
                  for (let n = 0; n < 6; n++) fs.writeSync(n % 2 + 1, "x".repeat(100_000));
                  console.log((Date.now() - began) / 1000);
                };
                """,
        },
        language=language,
    )
    outcome = await guest.run(invocation())
    assert outcome.status == "ok"
    assert float(texts(outcome)[0]) > 0.8
