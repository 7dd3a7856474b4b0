"""A provider's call to its verdict, through gateway and flow, beside plain webhooks."""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import aiohttp
import orjson
import uvicorn
from fastapi import FastAPI
from starlette.requests import Request

from authstream.apps import gateway
from authstream.apps.up import free_port
from authstream.settings import GatewaySettings
from tests.benchmarks import flow, flow_actions
from tests.benchmarks.bench import Bench
from tests.benchmarks.engine_authstream import settings_of
from tests.benchmarks.figures import Figures
from tests.benchmarks.hop import summary
from tests.benchmarks.processes import Running, running
from tests.gateway_ground import await_ready, secret_of

GATEWAY = "Authstream: gateway, entry, three sandboxed actions, assemble, fanout"
WEBHOOKS = "three FastAPI webhooks, one after the other: nothing durable, isolated or traced"
RATE = 200
WARM_UP = 100
#: Eight processes load Python at once.
STARTED_WITHIN = timedelta(minutes=2)
CONNECTION = "bench"
_STAGES = (*flow.STAGES, "fanout")
_TIMEOUT = aiohttp.ClientTimeout(total=30)


@dataclass(frozen=True, slots=True)
class Served:
    """What a gateway process serves."""

    brokers: str
    prefix: str
    folder: Path
    port: int


@dataclass(frozen=True, slots=True)
class Target:
    """Where calls go, one after the other, and what makes a right answer."""

    urls: tuple[str, ...]
    process: Running
    right: Callable[[dict[str, Any]], bool]


def serve_gateway(served: Served) -> None:
    """A gateway until SIGTERM."""
    settings = settings_of(
        served.brokers, served.prefix, delivery="agent", partitions=flow.PARTITIONS
    )
    kept = settings.model_copy(update={"gateway": GatewaySettings(port=served.port)})
    gateway.main(served.folder, kept)


def serve_webhook(port: int) -> None:
    """What a team would write instead: one rule in a service of its own."""
    app = FastAPI()

    @app.post("/")
    async def rule(request: Request) -> dict[str, object]:
        event = orjson.loads(await request.body())
        denied = event["request"]["geoip"]["countryCode"] in flow_actions.DENIED
        return {"denied": denied, "claims": {"https://shop.example/plan": "gold"}}

    uvicorn.run(app, host="127.0.0.1", port=port, log_level="error", access_log=False)


def measure(bench: Bench) -> Figures:
    """Latency at 200 calls a second, from the moment a call was to be made."""
    figures = Figures()
    for repetition in range(bench.extent.repetitions):
        for name, way in ((GATEWAY, _gateway), (WEBHOOKS, _webhooks)):
            with contextmanager(way)(bench) as target:
                count = int(RATE * bench.extent.latency_seconds)
                bodies = [sample.value for sample in bench.events]
                asyncio.run(_calls(target, bodies, WARM_UP))
                spent = target.process.cpu_seconds()
                times = asyncio.run(_calls(target, bodies, count))
                spent = target.process.cpu_seconds() - spent
            cpu = {f"cpu_ms_{RATE}": spent / count * 1e3}
            figures.add(name, **summary(times, count, rate=RATE), **cpu)
            last = {figure: values[-1] for figure, values in figures.rows[name].items()}
            said = f"p50 {last[f'p50_{RATE}']:.1f} p99 {last[f'p99_{RATE}']:.1f} ms"
            bench.say(f"provider call {repetition + 1}: {name}: {said}")
    return figures


def _gateway(bench: Bench) -> Generator[Target]:
    prefix, port = bench.unique("call"), free_port(0)
    with tempfile.TemporaryDirectory(prefix="authstream-bench-") as scratch:
        folder = Path(scratch)
        flow_actions.folder(folder)
        (folder / "connections").mkdir()
        said = f"provider: generic\ntenant: shop\nrate: {100 * RATE}\n"
        (folder / "connections" / f"{CONNECTION}.yaml").write_text(said)
        secret = f"connections/{CONNECTION}: {{current: {secret_of(CONNECTION)}}}\n"
        (folder / ".secrets.yaml").write_text(secret)
        names = flow.topics_of(bench, prefix, folder)
        parts = [
            flow.Part(bench.cluster.brokers, prefix, folder, (stage,), guests=True)
            for stage in _STAGES
        ]
        served = Served(bench.cluster.brokers, prefix, folder, port)
        jobs = [(flow.serve, part) for part in parts]
        with running(*jobs, (serve_gateway, served)) as process:
            await_ready(f"http://127.0.0.1:{port}", STARTED_WITHIN)
            url = f"http://127.0.0.1:{port}/v1/triggers/{flow.TRIGGER}"
            yield Target((url,), process, _decided)
        bench.cluster.remove(*names)


def _decided(said: dict[str, Any]) -> bool:
    return said["outcome"] in ("allowed", "denied")


def _webhooks(_bench: Bench) -> Generator[Target]:
    ports = [free_port(0) for _ in flow_actions.NAMES]
    with running(*((serve_webhook, port) for port in ports)) as process:
        urls = tuple(f"http://127.0.0.1:{port}/" for port in ports)
        for url in urls:
            await_answer(url)
        yield Target(urls, process, lambda said: "claims" in said)


def await_answer(url: str) -> None:
    """Until something listens there."""
    host, port = url.removeprefix("http://").rstrip("/").split(":")
    deadline = time.monotonic() + 30

    async def tried() -> None:
        _, writer = await asyncio.open_connection(host, int(port))
        writer.close()

    while True:
        try:
            asyncio.run(tried())
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)
        else:
            return


async def _calls(target: Target, bodies: Sequence[bytes], count: int) -> list[float]:
    """Milliseconds of each call, made at its time whether others are answered or not."""
    headers = {
        "authorization": f"Bearer {secret_of(CONNECTION)}",
        "content-type": "application/json",
        "ce-specversion": "1.0",
    }
    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(connector=connector, timeout=_TIMEOUT) as session:
        run = time.time_ns()
        began = time.perf_counter()

        async def call(number: int) -> float:
            due = began + number / RATE
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            own = {**headers, "ce-id": f"{run}-{number}"}
            for url in target.urls:
                body = bodies[number % len(bodies)]
                async with session.post(url, data=body, headers=own) as answer:
                    said = orjson.loads(await answer.read())
                    if answer.status != 200 or not target.right(said):
                        raise RuntimeError(f"{url} answered {answer.status}: {said}")
            return (time.perf_counter() - due) * 1e3

        return list(await asyncio.gather(*(call(number) for number in range(count))))
