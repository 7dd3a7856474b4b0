"""A guest that lies to its worker, and how guests end."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from pathlib import Path

import pytest

from authstream.contracts.budgets import COMMANDS_BYTES
from authstream.sandbox.process import UNASKED
from tests.guests import (
    FILES,
    NewGuest,
    children,
    in_both_languages,
    invocation,
    is_running,
    texts,
    until,
)

FORGE = """
import gc
async def on_execute_post_login(event, api):
    runner = next(o for o in gc.get_objects() if hasattr(o, "_make_api"))
    mine = max(runner._tasks)
    api.id_token.set_custom_claim("n", event.n)
    {attack}
"""


async def test_a_forged_command_is_an_error(new_guest: NewGuest) -> None:
    """The worker checks what the guest sends by its own table."""
    attack = 'runner._send(5, mine, b\'{"commands": [["access.grant", 1]], "console": []}\')'
    outcome = await new_guest(FORGE.format(attack=attack)).run(invocation({"n": 1}))
    assert (outcome.status, outcome.commands) == ("error", ())
    assert "api.access.grant is not a command" in (outcome.error or "")


async def test_a_forged_result_over_the_budget_is_an_error(new_guest: NewGuest) -> None:
    """A guest without the inner limit meets the outer one."""
    size = COMMANDS_BYTES + 10
    attack = (
        'runner._send(5, mine, b\'{"commands":[["access.deny","\' + b\'x\' * '
        f'{size} + b\'"]],"console":[]}}\')'
    )
    outcome = await new_guest(FORGE.format(attack=attack)).run(invocation({"n": 1}))
    assert (outcome.status, outcome.commands) == ("error", ())
    assert "must not exceed" in (outcome.error or "")


@pytest.mark.parametrize("payload", ["b''", "b'[]'", "b'{\"commands\": {}}'", "b'\\xff'"])
async def test_a_broken_result_is_an_error(new_guest: NewGuest, payload: str) -> None:
    """Anything but the documented shape."""
    guest = new_guest(FORGE.format(attack=f"runner._send(5, mine, {payload})"))
    assert (await guest.run(invocation({"n": 1}))).status == "error"


async def test_answers_for_unknown_events_are_dropped(new_guest: NewGuest) -> None:
    """Ids that are not in flight, and frames that only a worker sends, change nothing."""
    attack = "[runner._send(kind, mine + 1000, b'{}') for kind in (1, 2, 3, 5, 6, 8, 9, 12)]"
    outcome = await new_guest(FORGE.format(attack=attack)).run(invocation({"n": 1}))
    assert outcome.commands == (("idToken.setCustomClaim", ("n", 1)),)


@pytest.mark.parametrize(
    "attack",
    ["b'\\xff\\xff\\xff\\xff'", "b'garbage between frames'", "b'\\0\\0\\0\\5\\x63\\0\\0\\0\\0'"],
)
async def test_bytes_that_are_no_frame_end_the_guest(new_guest: NewGuest, attack: str) -> None:
    """Over the limit, text, an unknown type: killed, and only the culprit fails."""
    guest = new_guest(FORGE.format(attack=f"event.n == 3 and runner._transport.write({attack})"))
    outcomes = await asyncio.gather(*(guest.run(invocation({"n": n})) for n in range(6)))
    assert [o.status for o in outcomes] == ["crashed" if n == 3 else "ok" for n in range(6)]
    assert "broke the protocol" in (outcomes[3].error or "")


async def test_a_frame_that_swallows_others_ends_the_guest(new_guest: NewGuest) -> None:
    """Its length covers the answers of other runs, which then are missing: found by PING."""
    attack = (
        "event.n == 3 and runner._transport.write(b'\\0\\x08\\0\\0\\5' + mine.to_bytes(4, 'big'))"
    )
    guest = new_guest(FORGE.format(attack=attack))
    outcomes = await asyncio.gather(*(guest.run(invocation({"n": n})) for n in range(6)))
    assert [o.status for o in outcomes] == ["timeout" if n == 3 else "ok" for n in range(6)]
    assert [o.commands[0][1] for n, o in enumerate(outcomes) if n != 3] == [
        ("n", n) for n in range(6) if n != 3
    ]


async def test_frames_cut_and_mixed_by_threads_end_the_guest(new_guest: NewGuest) -> None:
    """Whole frames of two threads are fine; pieces of them, one in the other, are no frames."""
    guest = new_guest(
        """
        import gc, struct
        async def on_execute_post_login(event, api):
            runner = next(o for o in gc.get_objects() if hasattr(o, "_make_api"))
            mine = max(runner._tasks)
            api.id_token.set_custom_claim("n", event.n)
            if event.n == 3:
                one = struct.pack(">IBI", 7, 5, mine) + b"{}"
                two = struct.pack(">IBI", 7, 6, mine) + b"{}"
                runner._transport.write(one[:6] + two[:6] + one[6:] + two[6:])
        """
    )
    outcomes = await asyncio.gather(*(guest.run(invocation({"n": n})) for n in range(6)))
    assert outcomes.pop(3).status in ("crashed", "error")
    assert {o.status for o in outcomes} == {"ok"}


@pytest.mark.parametrize("kind", [5, 8, 12])
async def test_a_flood_of_small_frames_ends_the_guest(new_guest: NewGuest, kind: int) -> None:
    """What nobody asked for is read once, not until the guest stops; only the culprit fails."""
    frame = b"\0\0\0\5" + bytes([kind]) + b"\0\0\0\0"
    attack = f"event.n == 1 and [runner._transport.write({frame!r} * 1000) for _ in range(300)]"
    guest = new_guest(FORGE.format(attack=attack))
    outcomes = await asyncio.gather(*(guest.run(invocation({"n": n})) for n in range(3)))
    assert [o.status for o in outcomes] == ["ok", "crashed", "ok"]
    assert "frames that nobody asked for" in (outcomes[1].error or "")


async def test_one_answer_too_many_for_each_event_is_no_flood(new_guest: NewGuest) -> None:
    """As many as there may be of events that were given up meanwhile, however long it runs."""
    guest = new_guest(
        """
        import functools, gc
        @functools.cache
        def runner():
            return next(o for o in gc.get_objects() if hasattr(o, "_make_api"))
        async def on_execute_post_login(event):
            runner()._send(6, max(runner()._tasks) + 1000000, b"{}")
        """
    )
    await guest.start()
    pid = guest.pid
    for _ in range(3):
        events = (guest.run(invocation({"n": n})) for n in range(UNASKED // 2))
        assert {o.status for o in await asyncio.gather(*events)} == {"ok"}
    assert guest.pid == pid


async def test_stop_answers_what_is_under_way_and_ends_the_process(new_guest: NewGuest) -> None:
    """Also the processes that an unconfined action started; later events are refused."""
    guest = new_guest(
        """
        import asyncio, subprocess
        child = subprocess.Popen(["sleep", "60"])
        async def on_execute_post_login(event):
            if event.get("ask"):
                print(child.pid)
            else:
                await asyncio.sleep(60)
        """,
        level="none",
    )
    child = int(texts(await guest.run(invocation({"ask": True})))[0])
    pid = guest.pid
    assert pid is not None
    task = asyncio.create_task(guest.run(invocation()))
    await asyncio.sleep(0.05)
    await asyncio.wait_for(guest.stop(), 5)
    assert (await task).status == "unavailable"
    assert (await guest.run(invocation())).status == "unavailable"
    await until(lambda: not is_running(pid) and not is_running(child))


@in_both_languages
@pytest.mark.parametrize("turns", [0, 1, 2, 3, 5, 50])
async def test_stop_during_a_start_leaves_nothing(
    new_guest: NewGuest, turns: int, language: str
) -> None:
    """However far the start is: the event is answered and no process is left."""
    code = {
        "python": "async def on_execute_post_login(event): pass",
        "javascript": "exports.onExecutePostLogin = async () => {}",
    }
    guest = new_guest(code, language=language)
    task = asyncio.create_task(guest.run(invocation()))
    for _ in range(turns):
        await asyncio.sleep(0)
    started = children()
    await asyncio.wait_for(guest.stop(), 5)
    assert (await asyncio.wait_for(task, 1)).status == "unavailable"
    await until(lambda: not any(is_running(pid) for pid in started))


PARENT = """
import asyncio, sys
from datetime import timedelta
from pathlib import Path
from authstream.contracts.api import to_guest
from authstream.sandbox.guest import Guest, Invocation, Program

async def main():
    program = Program("a", 1, Path(sys.argv[1]), "post-login", to_guest("post-login"))
    guest = Guest(program)
    await guest.start()
    print(guest.pid, flush=True)
    await guest.run(Invocation("onExecutePostLogin", b"{}", (), timedelta(seconds=60)))

asyncio.run(main())
"""


LOOPS = {
    "python": "async def on_execute_post_login(event):\n  while True: pass\n",
    "javascript": "exports.onExecutePostLogin = async () => { for (;;); }",
}


@in_both_languages
async def test_a_guest_dies_with_its_worker(tmp_path: Path, language: str) -> None:
    """Even a guest in an endless loop, and a worker that was killed with SIGKILL."""
    os.chmod(tmp_path, 0o755)  # noqa: PTH101, S103 - as for other guests
    action = tmp_path / FILES[language]
    action.write_text(LOOPS[language])
    source = Path(__file__).parents[2] / "workers"
    with subprocess.Popen(  # noqa: ASYNC220 - starting it is quick
        [sys.executable, "-c", PARENT, str(action)],
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(source)},
    ) as parent:
        assert parent.stdout is not None
        line = await asyncio.to_thread(parent.stdout.readline)
        guest = int(line)
        assert is_running(guest)
        parent.kill()
        parent.wait()
        await until(lambda: not is_running(guest))
