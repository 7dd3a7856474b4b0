"""librdkafka settings of our clients: the ones that guarantees rest on, in one place."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import Any

from authstream.broker import broker_errors
from authstream.contracts.access import NO_GROUP
from authstream.engine.ports import Assignor, Stage
from authstream.settings import Settings

#: A lost host costs this much; the least that brokers allow by default.
SESSION_TIMEOUT = timedelta(seconds=6)
#: A member hears of a rebalance by its heartbeat, and everybody waits for the last one.
HEARTBEAT = timedelta(milliseconds=500)
#: Retries of a produce are given up after this; the process then ends with its input uncommitted.
DELIVERY_TIMEOUT = timedelta(seconds=30)
#: The mock broker's Fetch does not wake on produce, so its wait is its latency.
_EMBEDDED_FETCH_WAIT_MS = 2
#: For a stage that nobody waits for: asking costs both sides CPU.
_RELAXED_FETCH_WAIT_MS = 200
_EMBEDDED_RELAXED_WAIT_MS = 50
_RELAXED_FETCH_BYTES = 64 * 1024
_FETCH_WAIT_MS = 250
_READER_WAIT_MS = 10
#: A follower has nothing to do most of the time; a real broker wakes it, the mock does not.
_FOLLOWER_WAIT_MS = 500
_EMBEDDED_FOLLOWER_WAIT_MS = 50
#: Small on purpose: a paused partition drops what was fetched ahead.
_PREFETCH_KBYTES = 8 * 1024
_BATCH_BYTES = 256 * 1024
LOGGER = logging.getLogger("authstream.librdkafka")


def _ms(duration: timedelta) -> int:
    return int(duration / timedelta(milliseconds=1))


def client_config(settings: Settings) -> dict[str, Any]:
    """What every client has."""
    return {
        "bootstrap.servers": settings.brokers,
        "client.id": settings.instance or "authstream",
        # Reconnect soon after a broker restart: a login waits.
        "reconnect.backoff.ms": 50,
        "reconnect.backoff.max.ms": 1000,
        "socket.nagle.disable": True,
        "log.connection.close": False,
        "logger": LOGGER,
        "error_cb": broker_errors.seen,
        **settings.kafka,
    }


def producer_config(settings: Settings) -> dict[str, Any]:
    """Acknowledged by all replicas, idempotent, no lingering; partitioned as Java clients do."""
    return {
        "acks": "all",
        "enable.idempotence": True,
        "linger.ms": 0,
        "batch.size": _BATCH_BYTES,
        "partitioner": "murmur2_random",
        "delivery.timeout.ms": _ms(DELIVERY_TIMEOUT),
        "retry.backoff.ms": 50,
        **client_config(settings),
    }


def consumer_config(
    settings: Settings, *, group: str, assignor: Assignor, member: str = "", relaxed: bool = False
) -> dict[str, Any]:
    """A group member whose offsets we commit; static where the process has a stable name.

    `member` tells those of one process and group apart.
    """
    config: dict[str, Any] = {
        "group.id": group,
        "enable.auto.commit": False,
        "enable.auto.offset.store": False,
        "auto.offset.reset": "earliest",
        "partition.assignment.strategy": assignor,
        "session.timeout.ms": _ms(SESSION_TIMEOUT),
        "heartbeat.interval.ms": _ms(HEARTBEAT),
        **_reading(settings),
        **client_config(settings),
    }
    if relaxed:
        config["fetch.wait.max.ms"] = (
            _EMBEDDED_RELAXED_WAIT_MS if settings.embedded else _RELAXED_FETCH_WAIT_MS
        )
        # A fetch of its own for each record is a third of what a record costs a broker.
        config["fetch.min.bytes"] = _RELAXED_FETCH_BYTES
    if settings.instance and not settings.embedded:
        config["group.instance.id"] = f"{settings.instance}.{group}{member}"
    return config


def group_of(settings: Settings, stage: Stage) -> str:
    """The consumer group of a stage."""
    return f"{settings.prefix}.{stage.name}"


def reader_config(settings: Settings, *, group: str = NO_GROUP) -> dict[str, Any]:
    """A consumer that assigns itself partitions; it may ask for a group's offsets."""
    return {
        "group.id": group,
        "enable.auto.commit": False,
        "auto.offset.reset": "earliest",
        **_reading(settings),
        # The next partition is not fetched before the last one's fetch has come back.
        "fetch.wait.max.ms": _EMBEDDED_FETCH_WAIT_MS if settings.embedded else _READER_WAIT_MS,
        **client_config(settings),
    }


def follower_config(settings: Settings, *, awaited: bool = False) -> dict[str, Any]:
    """A reader that mostly waits for the next record; `awaited`: a caller waits for it too.

    A real broker answers as soon as there is one, so that asking often only costs it CPU.
    """
    embedded = _EMBEDDED_FETCH_WAIT_MS if awaited else _EMBEDDED_FOLLOWER_WAIT_MS
    wait = embedded if settings.embedded else _FOLLOWER_WAIT_MS
    return {**reader_config(settings), "fetch.wait.max.ms": wait}


def _reading(settings: Settings) -> dict[str, Any]:
    return {
        "fetch.wait.max.ms": _EMBEDDED_FETCH_WAIT_MS if settings.embedded else _FETCH_WAIT_MS,
        "fetch.error.backoff.ms": 50,
        "queued.max.messages.kbytes": _PREFETCH_KBYTES,
        "enable.partition.eof": False,
        "topic.metadata.refresh.interval.ms": 10_000,
    }
