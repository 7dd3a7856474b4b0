"""The one producer of a process: outputs in, acknowledgements back on the event loop."""

from __future__ import annotations

import asyncio
import math
import threading
import time
from collections import deque
from collections.abc import Callable
from datetime import timedelta

from confluent_kafka import TIMESTAMP_LOG_APPEND_TIME, KafkaError, KafkaException
from confluent_kafka import Message as KafkaMessage
from confluent_kafka import Producer as ConfluentProducer

from authstream.broker.access import DENIED, denied
from authstream.broker.kafka_config import producer_config
from authstream.broker.schema_registry import framing_of, written
from authstream.contracts.access import Operation
from authstream.engine.ports import Output
from authstream.errors import ProduceError
from authstream.settings import Settings

#: Called on the event loop with the offset that the broker gave.
Acknowledged = Callable[[int], None]
#: Acknowledgements that come within this time wake the loop once. Nobody waits for one: a record is
#: out when it is sent, and offsets are committed every 100 ms.
TOGETHER = timedelta(milliseconds=10)
#: How often clocks are compared, and how many comparisons count.
COMPARE_EVERY = timedelta(seconds=1)
COMPARED = 30
_POLL_SECONDS = 0.2
_FLUSH_SECONDS = 10.0


class KafkaProducer:
    """Idempotent, acks=all. An output that cannot be written is fatal: `failed` is called."""

    def __init__(self, settings: Settings, *, failed: Callable[[ProduceError], None]) -> None:
        self._loop = asyncio.get_running_loop()
        self._failed = failed
        self._framing = framing_of(settings)
        self._producer = ConfluentProducer(producer_config(settings))
        self._done: deque[tuple[Acknowledged, int]] = deque()
        self._stopping = False
        self._compared = -math.inf
        #: This clock less the broker's at acknowledgements, seconds: each also has its delay in it.
        self._skews: deque[float] = deque(maxlen=COMPARED)
        # A thread of its own: mixing delivery and consumer polling doubles the latency (measured).
        self._thread = threading.Thread(target=self._poll, name="authstream-delivery", daemon=True)
        self._thread.start()

    def send(self, output: Output, acknowledged: Acknowledged) -> None:
        """Write an output. Raises ProduceError when the local queue is full."""

        def delivered(error: KafkaError | None, message: KafkaMessage) -> None:
            offset = message.offset()
            if error is not None:
                self._fail(output, _reason(error, output.topic))
            elif offset is None and output.then is not None:
                # A retry that the broker knew already and no longer knows where.
                self._fail(output, "written, but its offset is unknown")
            else:
                self._done.append((acknowledged, offset or 0))
                if time.monotonic() - self._compared > COMPARE_EVERY.total_seconds():
                    self._compare(message)

        value = written(output.value, self._framing)
        try:
            if output.partition is None:
                self._producer.produce(
                    output.topic,
                    value,
                    output.key,
                    on_delivery=delivered,
                    headers=list(output.headers),
                )
            else:
                self._producer.produce(
                    output.topic,
                    value,
                    output.key,
                    output.partition,
                    delivered,
                    headers=list(output.headers),
                )
        except (BufferError, KafkaException) as error:
            raise ProduceError(
                f"a record for {output.topic} could not be queued ({error}):"
                " is the broker reachable?"
            ) from error

    @property
    def skew(self) -> float | None:
        """Seconds by which this clock is ahead of the broker's, by the quickest acknowledgement."""
        return min(self._skews, default=None)

    def close(self) -> None:
        """Wait for what is under way, then stop. Raises ProduceError for what was not in time."""
        left = self._producer.flush(_FLUSH_SECONDS)
        self._call(self._flush_done)
        self._stopping = True
        self._thread.join(2 * _POLL_SECONDS + 1)
        if left:
            raise ProduceError(
                f"{left} records were not acknowledged within {_FLUSH_SECONDS} s:"
                " they will be made again from their input"
            )

    def _compare(self, message: KafkaMessage) -> None:
        kind, stamped = message.timestamp()
        self._compared = time.monotonic()
        if kind == TIMESTAMP_LOG_APPEND_TIME:  # else it is our own
            self._skews.append(time.time() - stamped / 1000)

    def _poll(self) -> None:
        while not self._stopping:
            self._producer.poll(_POLL_SECONDS)
            if self._done:
                # A loop woken at each of them takes the interpreter lock back and forth every time.
                time.sleep(TOGETHER.total_seconds())
                self._producer.poll(0)
                self._call(self._flush_done)

    def _fail(self, output: Output, reason: str) -> None:
        msg = f"a record for {output.topic} was not written: {reason}"
        self._call(lambda: self._failed(ProduceError(msg)))

    def _call(self, function: Callable[[], None]) -> None:
        try:
            self._loop.call_soon_threadsafe(function)
        except RuntimeError:
            # The loop is closed: what is not acknowledged will be made again from its input.
            self._stopping = True

    def _flush_done(self) -> None:
        done = self._done
        while done:
            acknowledged, offset = done.popleft()
            acknowledged(offset)


def _reason(error: KafkaError, topic: str) -> str:
    if error.code() in DENIED:
        return f"{denied(Operation.WRITE, f'topic {topic}', who='this process')}"
    return error.str()
