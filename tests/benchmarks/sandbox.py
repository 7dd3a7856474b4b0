"""What a guest costs: its events against the same function called in process, in the same run."""

from __future__ import annotations

import asyncio
import json
import subprocess
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import psutil

from authstream.contracts.api import to_guest
from authstream.engine.program import Invocation, Outcome, Program
from authstream.sandbox import runtimes
from authstream.sandbox.fresh import FreshGuests
from authstream.sandbox.guest import Guest
from authstream.sandbox.guest_python.action import Action
from authstream.sandbox.guest_python.event import parse
from authstream.sandbox.memory import own_bytes
from tests.benchmarks.figures import Figures, percentile
from tests.guests import FILES

LANGUAGES = tuple(FILES)
#: Events in flight, as a Kafka fetch brings them.
IN_FLIGHT = 100
#: Executions in processes of their own at a time.
FRESH_AT_ONCE = 4
TRIGGER, HANDLER = "post-login", "onExecutePostLogin"
EVENT = Path(__file__).resolve().parents[2] / "deploy" / "demo" / "events" / "returning.json"
IN_NODE = Path(__file__).with_name("in_node.cjs")
CODE = {
    "python": """
async def on_execute_post_login(event, api):
    api.id_token.set_custom_claim("https://example.com/roles", ["admin", event.client.name])
    api.access_token.set_custom_claim("https://example.com/email", event.user.email)
    api.user.set_app_metadata("seen", event.stats.logins_count + 1)
""",
    "javascript": """
exports.onExecutePostLogin = async (event, api) => {
  api.idToken.setCustomClaim("https://example.com/roles", ["admin", event.client.name]);
  api.accessToken.setCustomClaim("https://example.com/email", event.user.email);
  api.user.setAppMetadata("seen", event.stats.logins_count + 1);
};
""",
}
_MICRO, _MILLI, _MEBIBYTE = 1e6, 1e3, 2**20


def measure(repetitions: int, *, events: int, executions: int) -> Figures:
    """Microseconds of an event for each language; rounds are interleaved."""
    return asyncio.run(_measure(repetitions, events, executions))


async def _measure(repetitions: int, events: int, executions: int) -> Figures:
    figures, event = Figures(), json.dumps(json.loads(EVENT.read_bytes())).encode()
    with TemporaryDirectory() as name:
        programs = {language: _program(Path(name), language) for language in LANGUAGES}
        for _ in range(repetitions):
            for language, program in programs.items():
                figures.add(language, **await _round(language, program, event, events))
                fresh, rate = await _fresh(program, event, executions)
                p50 = percentile(fresh, 0.5) * _MILLI
                figures.add(language, fresh_p50_ms=p50, fresh_rate=rate)
                _say(figures, language)
    return figures


async def _round(language: str, program: Program, event: bytes, count: int) -> dict[str, float]:
    inside = await _in_process(language, program, event, count)
    async with _started(program) as (guest, start):
        wall, cpu, guest_cpu = await _many(guest, event, count)
        alone = await _alone(guest, event)
        memory = own_bytes(guest.pid or 0)
    return {
        "in_process_us": inside,
        "guest_us": wall,
        "overhead_us": wall - inside,
        "stage_cpu_us": cpu,
        "guest_cpu_us": guest_cpu,
        "alone_p50_us": percentile(alone, 0.5) * _MICRO,
        "alone_p99_us": percentile(alone, 0.99) * _MICRO,
        "start_ms": start * _MILLI,
        "memory_mib": memory / _MEBIBYTE,
    }


def _say(figures: Figures, language: str) -> None:
    values = {name: found[-1] for name, found in figures.rows[language].items()}
    print(  # noqa: T201 - progress is this program's output
        f"guest in {language}: {values['guest_us']:.0f} µs an event,"
        f" {values['in_process_us']:.0f} in process; stage CPU {values['stage_cpu_us']:.0f};"
        f" {values['fresh_rate']:.0f}/s in processes of their own",
        flush=True,
    )


def _program(root: Path, language: str) -> Program:
    root.chmod(0o755)  # a guest of root has a user of its own
    folder = root / language
    folder.mkdir()
    file = folder / FILES[language]
    file.write_text(CODE[language])
    return Program(f"bench-{language}", 1, file, TRIGGER, to_guest(TRIGGER))


@asynccontextmanager
async def _started(program: Program) -> AsyncGenerator[tuple[Guest, float]]:
    guest, began = Guest(program), time.perf_counter()
    await guest.start()
    try:
        yield guest, time.perf_counter() - began
    finally:
        await guest.stop()


async def _many(guest: Guest, event: bytes, count: int) -> tuple[float, float, float]:
    """Microseconds of an event with `IN_FLIGHT` under way: clock, CPU of this process, of its."""
    await _drive(lambda: _run(guest, event), count // 4)
    process = psutil.Process(guest.pid)
    began, cpu, inner = time.perf_counter(), time.process_time(), sum(process.cpu_times()[:2])
    await _drive(lambda: _run(guest, event), count)
    took, used = time.perf_counter() - began, time.process_time() - cpu
    inner = sum(process.cpu_times()[:2]) - inner
    return took / count * _MICRO, used / count * _MICRO, inner / count * _MICRO


async def _drive(call: Callable[[], Awaitable[object]], count: int) -> None:
    async def loop() -> None:
        for _ in range(count // IN_FLIGHT):
            await call()

    await asyncio.gather(*(loop() for _ in range(IN_FLIGHT)))


async def _run(runner: Guest | FreshGuests, event: bytes) -> Outcome:
    outcome = await runner.run(Invocation(HANDLER, event, (), timedelta(seconds=20)))
    assert outcome.status == "ok", outcome.error
    return outcome


async def _alone(guest: Guest, event: bytes) -> list[float]:
    seconds: list[float] = []
    for _ in range(300):
        began = time.perf_counter()
        await _run(guest, event)
        seconds.append(time.perf_counter() - began)
        await asyncio.sleep(0.002)
    return seconds


async def _fresh(program: Program, event: bytes, count: int) -> tuple[list[float], float]:
    """Seconds of each execution in a process of its own, and how many there are in a second."""
    guests, seconds = FreshGuests(program), list[float]()
    await guests.start()

    async def loop() -> None:
        for _ in range(count // FRESH_AT_ONCE):
            began = time.perf_counter()
            await _run(guests, event)
            seconds.append(time.perf_counter() - began)

    began = time.perf_counter()
    try:
        await asyncio.gather(*(loop() for _ in range(FRESH_AT_ONCE)))
        return seconds, len(seconds) / (time.perf_counter() - began)
    finally:
        await guests.stop()


async def _in_process(language: str, program: Program, event: bytes, count: int) -> float:
    """Microseconds of an event when the function is called where the event is: no isolation."""
    return await (_in_python if language == "python" else _in_node)(program, event, count)


class _Api:
    """Records calls of any method, checks nothing."""

    def __init__(self, commands: list[tuple[object, ...]], path: str = "") -> None:
        self._commands, self._path = commands, path

    def __getattr__(self, name: str) -> _Api:
        return _Api(self._commands, f"{self._path}.{name}")

    def __call__(self, *arguments: object) -> None:
        self._commands.append((self._path, *arguments))


async def _in_python(program: Program, event: bytes, count: int) -> float:
    handler = Action(program.file, None).handler(HANDLER)

    async def call() -> None:
        commands: list[tuple[object, ...]] = []
        await asyncio.create_task(handler(parse(event.decode()), _Api(commands)))
        assert len(commands) == 3

    await _drive(call, count // 4)
    began = time.perf_counter()
    await _drive(call, count)
    return (time.perf_counter() - began) / count * _MICRO


async def _in_node(program: Program, event: bytes, count: int) -> float:
    command = (runtimes.node().binary, IN_NODE, program.file, f"{count}", f"{IN_FLIGHT}")

    def called() -> float:
        done = subprocess.run(command, input=event, capture_output=True, check=True)
        return float(done.stdout)

    return await asyncio.to_thread(called)
