"""A worker process with one probe stage: `python -m tests.contract.runner_app`, told by `PROBE_*`.

Values say what the handler does: `slow` waits `PROBE_SLOW` seconds, `boom` raises, `poison` cannot
be decoded, `big` makes an output of `PROBE_BIG` bytes, `die` ends the process; others are echoed.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys

from authstream.apps.supervision import History, Report
from authstream.apps.worker import BEAT, instruct
from authstream.broker.faust import FaustRunner
from authstream.engine.ports import Message, Output, Outputs
from authstream.errors import AuthstreamError, UndecodableError
from authstream.settings import Settings
from tests.contract.probe_stage import Probe, ProbeTopics, echo


class _Behaviour:
    def __init__(self, topics: ProbeTopics) -> None:
        self._topics = topics

    async def handle(self, message: Message) -> Outputs:
        match message.value:
            case b"slow":
                await asyncio.sleep(float(os.environ["PROBE_SLOW"]))
            case b"boom":
                raise ValueError("boom")
            case b"poison":
                raise UndecodableError("not a record")
            case b"die":
                os.kill(os.getpid(), signal.SIGKILL)
            case b"big":
                size = int(os.environ["PROBE_BIG"])
                return [Output(self._topics.output, message.key, b"x" * size)]
            case _:
                pass
        return [echo(self._topics, message)]


async def beat(report: Report) -> None:
    """Tell a supervisor that the loop turns."""
    while True:
        report.beat()
        await asyncio.sleep(BEAT.total_seconds())


async def run(history: History) -> int:
    """Until SIGTERM or a failure."""
    settings = Settings()
    loop = asyncio.get_running_loop()
    ended: asyncio.Future[BaseException | None] = loop.create_future()

    def end(error: BaseException | None) -> None:
        if not ended.done():
            ended.set_result(error)

    loop.add_signal_handler(signal.SIGTERM, end, None)
    topics = ProbeTopics(settings.prefix)
    report = Report()
    runner = FaustRunner(
        [Probe(topics, _Behaviour(topics).handle)],
        settings,
        failed=end,
        prepared=lambda dispatcher: instruct(dispatcher, history, report),
    )
    await runner.start()
    beating = asyncio.create_task(beat(report))
    error = await ended
    if error is None:
        await runner.stop()
        beating.cancel()
        return 0
    # As the worker does: Faust's tasks do not end when cancelled.
    os._exit(error.exit_status if isinstance(error, AuthstreamError) else 70)


if __name__ == "__main__":
    sys.exit(asyncio.run(run(History.awaited())))
