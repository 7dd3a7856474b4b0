"""Stock Faust with its own Kafka transport (aiokafka), sends awaited or not."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

import faust

from tests.benchmarks.processes import Hop
from tests.benchmarks.work import CALL, changed


def serve_awaited(hop: Hop) -> None:
    """Run until killed; each send is awaited until the broker has acknowledged it."""
    asyncio.run(_serve(hop, awaited=True))


def serve_not_awaited(hop: Hop) -> None:
    """Run until killed; sends are not awaited, so a crash loses what was not written yet."""
    asyncio.run(_serve(hop, awaited=False))


def _quiet() -> None:
    for name in ("faust", "mode", "aiokafka"):
        logging.getLogger(name).setLevel(logging.ERROR)


async def _serve(hop: Hop, *, awaited: bool) -> None:
    _quiet()
    app: Any = faust.App(
        hop.group,
        broker=f"kafka://{hop.brokers}",
        key_serializer="raw",
        value_serializer="raw",
        web_enabled=False,
        topic_allow_declare=False,
        topic_disable_leader=True,
        consumer_auto_offset_reset="earliest",
        producer_acks=-1,
        producer_linger=0,
        producer_max_batch_size=262_144,
        stream_wait_empty=True,
    )
    source = app.topic(hop.source, key_type=bytes, value_type=bytes)
    target = app.topic(hop.target, key_type=bytes, value_type=bytes)

    async def stage(stream: Any) -> None:
        async for event in stream.events():
            if hop.waits:
                await asyncio.sleep(CALL.total_seconds())
            value = event.value if hop.waits else changed(event.value)
            headers = list(dict(event.message.headers).items())
            sent = await target.send(key=event.key, value=value, headers=headers)
            if awaited:
                await sent

    app.agent(source)(stage)
    app.finalize()
    await app.start()
    await asyncio.Event().wait()
