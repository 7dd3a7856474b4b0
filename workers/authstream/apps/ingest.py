"""The ingest process: turns providers' own events, from their topics, into events of triggers."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Sequence
from pathlib import Path

import structlog

from authstream import telemetry
from authstream.apps import logs
from authstream.apps.gateway import connections
from authstream.apps.stages import triggers
from authstream.broker import embedded
from authstream.broker.faust import FaustRunner
from authstream.contracts.avro import write_as
from authstream.contracts.topics import Topics
from authstream.errors import AuthstreamError, ConfigurationError
from authstream.settings import Settings
from authstream.stages.ingest import Ingest

#: Exit status after an error nobody foresaw (sysexits.h, EX_SOFTWARE).
_SOFTWARE_ERROR = 70
_LOG = structlog.get_logger("authstream.ingest")


def stages(folder: Path, settings: Settings, names: Sequence[str] = ()) -> list[Ingest]:
    """A stage for each connection that has a topic, or for those named.

    Raises ConfigurationError.
    """
    known = connections(folder, settings)
    telling = {name: one for name, one in known.items() if one.topic}
    lacking = sorted(set(names) - set(telling))
    if lacking or not telling:
        raise ConfigurationError(
            f"no connection {', '.join(lacking) or 'of this folder'} has a topic: say "
            "`topic: keycloak.events` in connections/<name>.yaml"
        )
    topics = Topics(settings.prefix)
    chosen = names or sorted(telling)
    return [Ingest(telling[name], topics=topics, triggers=triggers()) for name in chosen]


def main(folder: Path, settings: Settings, *, names: Sequence[str] = ()) -> int:
    """Read until SIGTERM, SIGINT or an error; the exit status. Raises ConfigurationError."""
    logs.configure(settings)
    made = stages(folder, settings, names)
    write_as(settings.write_as)
    telemetry.configure("authstream-ingest")
    try:
        return asyncio.run(_host(made, settings))
    finally:
        telemetry.shutdown()


async def _host(made: list[Ingest], settings: Settings) -> int:
    loop = asyncio.get_running_loop()
    ended: asyncio.Future[BaseException | None] = loop.create_future()

    def end(error: BaseException | None) -> None:
        if not ended.done():
            ended.set_result(error)

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, end, None)
    if settings.embedded:
        await asyncio.to_thread(embedded.touch, settings, _touched(made, settings))
    runner = FaustRunner(made, settings, failed=end)
    await runner.start()
    _LOG.info("ingest_started", topics=[topic for stage in made for topic in stage.topics])
    error = await ended
    if error is None:
        await runner.stop()
        return 0
    # Nothing more is committed: what was in work is done again by the next process.
    _LOG.error("ingest_failed", error_type=type(error).__name__, reason=str(error))
    return error.exit_status if isinstance(error, AuthstreamError) else _SOFTWARE_ERROR


def _touched(made: list[Ingest], settings: Settings) -> list[str]:
    """What a broker that makes topics on first use must have made."""
    topics = Topics(settings.prefix)
    read = [topic for stage in made for topic in stage.topics]
    return [*read, *(topics.requested(name) for name in triggers()), topics.dead_letter]
