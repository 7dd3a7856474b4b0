"""Events in bursts through guests, for long: no process, descriptor, thread or memory is left over.

Ten seconds for each language; with FULL=1 a million events, which takes about ten minutes.
"""

from __future__ import annotations

import asyncio
import gc
import itertools
import os
import textwrap
import threading
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

from authstream.contracts.api import to_guest
from authstream.engine.program import Program
from authstream.sandbox.circuit import Circuit
from authstream.sandbox.guest import Guest
from tests.guests import FILES, PL, children, descriptors, in_both_languages, invocation, until

FULL = bool(os.environ.get("FULL"))
pytestmark = [pytest.mark.chaos, pytest.mark.timeout(3600 if FULL else 60)]

EVENTS = 1_000_000 if FULL else 400_000
SECONDS = 1800 if FULL else 8
BURST = 200
#: Events before anything is compared: imports, caches, arenas.
WARM_UP = 5 * BURST
#: A guest is killed after so many bursts: what it had in work is run again.
KILL_EVERY = 20
LEAST_KILLS = 2
#: Allocators keep what they were once given: bytes that are no leak.
ROOM = 24 * 2**20
CODE = {
    "python": """
        import json
        async def on_execute_post_login(event, api):
            api.id_token.set_custom_claim("n", event.n)
            api.cache.set(f"k{event.n % 100}", "v" * 50)
            print(json.dumps(event.user))
        """,
    "javascript": """
        exports.onExecutePostLogin = async (event, api) => {
          api.idToken.setCustomClaim("n", event.n);
          api.cache.set(`k${event.n % 100}`, "v".repeat(50));
          console.log(JSON.stringify(event.user));
        };
        """,
}


@dataclass(frozen=True, slots=True)
class Holdings:
    """What a worker holds."""

    children: int
    descriptors: int
    threads: int
    memory: int
    guest_memory: int


def holdings(guest: Guest) -> Holdings:
    """What this process and its guest hold now."""
    assert guest.pid is not None
    gc.collect()
    return Holdings(
        len(children()),
        len(descriptors(os.getpid())),
        threading.active_count(),
        psutil.Process().memory_info().rss,
        psutil.Process(guest.pid).memory_info().rss,
    )


@pytest.fixture
async def guest(tmp_path: Path, language: str) -> AsyncIterator[Guest]:
    """A guest of the action, whose circuit sees an hour between any two ends of its process."""
    an_hour_later = map(float, itertools.count(0, 3600)).__next__
    made = Guest(_program(tmp_path, language), circuit=Circuit(clock=an_hour_later))
    yield made
    await made.stop()


def _program(folder: Path, language: str) -> Program:
    folder.chmod(0o755)  # where tests run as root, a guest has a user of its own
    file = folder / FILES[language]
    file.write_text(textwrap.dedent(CODE[language]))
    return Program("soak", 1, file, PL, to_guest(PL))


async def burst(guest: Guest, start: int) -> None:
    """`BURST` events at a time, each answered with its own number."""
    outcomes = await asyncio.gather(
        *(guest.run(invocation({"n": n})) for n in range(start, start + BURST))
    )
    numbers = [outcome.commands[0][1][1] if outcome.commands else outcome for outcome in outcomes]
    assert numbers == list(range(start, start + BURST))


@in_both_languages
async def test_a_soak_leaves_nothing_behind(guest: Guest, language: str) -> None:
    """Also where the guest is killed again and again with events under way."""
    del language  # of the guest
    for start in range(0, WARM_UP, BURST):
        await burst(guest, start)
    before, began, done, kills = holdings(guest), time.monotonic(), 0, 0
    while done < EVENTS and (time.monotonic() - began < SECONDS or kills < LEAST_KILLS):
        work = asyncio.create_task(burst(guest, done))
        if done // BURST % KILL_EVERY == KILL_EVERY - 1 and guest.pid is not None:
            await asyncio.sleep(0.002)
            psutil.Process(guest.pid).kill()
            kills += 1
        await work
        done += BURST
    await burst(guest, done)  # by a process that serves, whatever became of the last one
    after = holdings(guest)
    assert (after.children, after.threads) == (before.children, before.threads)
    assert after.descriptors <= before.descriptors
    assert after.memory < before.memory + ROOM
    assert after.guest_memory < before.guest_memory + ROOM
    await guest.stop()
    await until(lambda: "egress" not in {thread.name for thread in threading.enumerate()})
    assert len(children()) == before.children - 1
