"""Runs a stage's handler: a window of messages, order for each key, done after every output."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Any, Self, cast

import structlog
from opentelemetry import context
from opentelemetry.trace import Span, StatusCode

from authstream import telemetry
from authstream.broker.assignment import Cell
from authstream.broker.producer import Acknowledged
from authstream.broker.stage_meter import StageMeter
from authstream.broker.time_limits import TimeLimits
from authstream.engine.ports import Message, Output, Outputs, Stage
from authstream.engine.windows import Windows
from authstream.errors import HandlerTimeoutError, PoisonError, RecordError

#: Messages of one stage in work at a time.
WINDOW = 256
Send = Callable[[Output, Acknowledged], None]


class RateLimitedError(RecordError):
    """More messages of one key wait than a stage allows."""

    code = "rate_limited"


class HandlerError(RecordError):
    """A stage's handler broke on this message: a bug, and the message is set aside."""

    code = "handler_error"

    @classmethod
    def of(cls, stage: Stage, error: Exception) -> Self:
        """The refusal for what a handler raised; its text may hold secrets and stays in the log."""
        return cls(
            f"stage {stage.name} broke on this message ({type(error).__name__}): see its log"
        )


class Dispatcher:
    """Lives on the event loop. `accept` takes messages in partition order."""

    def __init__(
        self,
        stage: Stage,
        send: Send,
        *,
        fatal: Callable[[BaseException], None],
        window: int = WINDOW,
        group: str | None = None,
    ) -> None:
        """`group` is the consumer group, for spans."""
        self._stage = stage
        self._group = group or stage.name
        self._meter = StageMeter(stage.name)
        self._send = send
        self._fatal = fatal
        self._window = window
        self._running = 0
        self._pumping = False
        self._backlog: deque[Cell] = deque()
        #: Messages waiting for the one of their key that is in work.
        self._keys: dict[bytes, deque[Cell]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._limits = TimeLimits(stage.timeout)
        self._log = structlog.get_logger("authstream.stage").bind(stage=stage.name)
        #: Offsets up to which a partition is worked on one message at a time, after crashes.
        self.suspects: dict[tuple[str, int], int] = {}
        #: Messages that ended the worker before and are set aside now.
        self.offenders: set[tuple[str, int, int]] = set()
        self.topics = stage.topics
        #: Who must know how far what was written, or done with, is remembered.
        self._written = _windows(stage, of_input=False)
        self._finished = _windows(stage, of_input=True)
        self._seen: set[tuple[str, int]] = set()
        #: Told the first message of each partition: where this run began.
        self.met: Callable[[str, int, int], None] = lambda _topic, _partition, _offset: None
        #: Told before each message that is worked on alone.
        self.announce: Callable[[Message], None] = lambda _message: None

    @property
    def in_flight(self) -> int:
        """Messages begun whose outputs are not all acknowledged."""
        return self._running

    @property
    def waiting(self) -> int:
        """Messages read that wait for room or for another of their key."""
        return len(self._backlog) + sum(map(len, list(self._keys.values())))

    def accept(self, cell: Cell) -> None:
        """Start a message, or let it wait for its turn."""
        place = (cell.message.topic, cell.message.partition)
        if place not in self._seen:
            self._seen.add(place)
            if not self._stage.waits:
                self.met(*place, cell.message.offset)
        if self._backlog or not self._may_start(cell):
            self._backlog.append(cell)
        else:
            self._admit(cell)

    def _may_start(self, cell: Cell) -> bool:
        if self.suspects:
            until = self.suspects.get((cell.message.topic, cell.message.partition))
            if until is not None and cell.message.offset >= until:
                del self.suspects[cell.message.topic, cell.message.partition]
            return self._running == 0
        return self._running < self._window

    def _admit(self, cell: Cell) -> None:
        key = cell.message.key
        waiting = self._keys.get(key) if key is not None else None
        if cell.partition.revoked:
            return
        if waiting is None:
            self._start(cell)
        elif self._stage.queue_per_key is not None and len(waiting) >= self._stage.queue_per_key:
            self._refuse_crowded(cell)
        else:
            waiting.append(cell)

    def _start(self, cell: Cell) -> bool:
        """Call the handler, unless the message is not ours any more. Whether it has to wait."""
        partition = cell.partition
        # Counted before the look at `revoked`: the consumer thread does the two in the other order.
        partition.started += 1
        if partition.revoked:
            partition.started -= 1
            return False
        self._running += 1
        self._meter.begin(cell)
        telemetry.AT_WORK.set(cell.message.headers)
        tracing = telemetry.tracing()
        try:
            return self._handle(cell, None) if tracing is None else self._traced(tracing, cell)
        except Exception as error:  # noqa: BLE001 - not to be committed past
            self._fatal(error)
            return False
        finally:
            telemetry.AT_WORK.set(())

    def _traced(self, tracing: telemetry.Tracing, cell: Cell) -> bool:
        message = cell.message
        attributes: dict[str, str | int] = {
            "messaging.destination.partition.id": str(message.partition),
            "messaging.consumer.group.name": self._group,
            "messaging.kafka.offset": message.offset,
        }
        span = tracing.process(message.topic, self._stage.origin(message), attributes)
        token = context.attach(telemetry.within(span, message.headers))
        try:
            return self._handle(cell, span)
        finally:
            context.detach(token)

    def _handle(self, cell: Cell, span: Span | None) -> bool:
        message = cell.message
        if self.suspects:
            self.announce(message)
        try:
            if self.offenders:
                self._set_aside(message)
            result = self._stage.handle(message)
        except RecordError as error:
            self._emit(cell, self._refused(message, error, span), span)
        except Exception as error:  # noqa: BLE001 - every login is answered
            self._emit(cell, self._refused(message, self._broken(error), span), span)
        else:
            # A stage that need not wait gave its outputs at once: no task, no key to hold.
            if isinstance(result, list | tuple):
                self._emit(cell, cast("Outputs", result), span)
            else:
                self._wait(cell, cast("Awaitable[Outputs]", result), span)
                return True
        return False

    def _set_aside(self, message: Message) -> None:
        if message[:3] in self.offenders:
            raise PoisonError(
                f"{message.topic}/{message.partition} offset {message.offset} ended the worker"
                " repeatedly: set aside"
            )

    def _wait(self, cell: Cell, result: Awaitable[Outputs], span: Span | None) -> None:
        key = cell.message.key
        if key is not None:
            self._keys.setdefault(key, deque())
        task = asyncio.get_running_loop().create_task(self._finish(cell, result, span))
        self._tasks.add(task)

    async def _finish(self, cell: Cell, result: Awaitable[Outputs], span: Span | None) -> None:
        task = cast("asyncio.Task[None]", asyncio.current_task())
        self._limits.watch(task)
        try:
            outputs = await self._bounded(cell.message, result, task=task, span=span)
        except Exception as error:  # noqa: BLE001 - not to be committed past
            self._fatal(error)
            return
        finally:
            self._limits.ended(task)
            self._tasks.discard(task)
        # The key's next message goes before any that waits for room.
        self._pumping = True
        self._emit(cell, outputs, span)
        if cell.message.key is not None:
            self._next_of_key(cell.message.key)
        self._pump()

    async def _bounded(
        self,
        message: Message,
        result: Awaitable[Outputs],
        *,
        task: asyncio.Task[None],
        span: Span | None,
    ) -> Outputs:
        try:
            return await result
        except RecordError as error:
            return self._refused(message, error, span)
        except (asyncio.CancelledError, Exception) as error:
            if self._limits.expired(task):
                seconds = self._stage.timeout.total_seconds()
                late = HandlerTimeoutError(f"{self._stage.name} did not finish within {seconds} s")
                return self._refused(message, late, span)
            if isinstance(error, asyncio.CancelledError):
                raise
            # Whatever a handler lets through: every login is answered.
            return self._refused(message, self._broken(error), span)

    def _next_of_key(self, key: bytes) -> None:
        """Start what waits for this key, in order, up to one that has to wait itself."""
        waiting = self._keys[key]
        while waiting:
            # The key stays held meanwhile: a message that comes in queues up behind.
            if self._start(waiting.popleft()):
                return
        del self._keys[key]

    def _broken(self, error: Exception) -> RecordError:
        self._log.exception("handler_failed", error_type=type(error).__name__)
        return HandlerError.of(self._stage, error)

    def _refused(self, message: Message, error: RecordError, span: Span | None) -> Outputs:
        self._meter.refused(error.code)
        if span is not None:
            span.set_attribute("error.type", error.code)
            span.set_status(StatusCode.ERROR)
        outputs = self._stage.refuse(message, error)
        # The answer names the flow, which a record that came from outside does not.
        before = telemetry.AT_WORK.set(outputs[-1].headers if outputs else message.headers)
        self._log.warning(
            "message_refused",
            code=error.code,
            reason=str(error),
            topic=message.topic,
            partition=message.partition,
            offset=message.offset,
        )
        telemetry.AT_WORK.reset(before)
        return outputs

    def _refuse_crowded(self, cell: Cell) -> None:
        cell.partition.started += 1
        self._running += 1
        self._meter.begin(cell)
        error = RateLimitedError(
            f"{self._stage.queue_per_key} messages of this key wait already: slow down"
        )
        try:
            self._emit(cell, self._refused(cell.message, error, None), None)
        except Exception as failure:  # noqa: BLE001 - not to be committed past
            self._fatal(failure)

    def _emit(self, cell: Cell, outputs: Outputs, span: Span | None) -> None:
        """Write the outputs; the message is done when all are acknowledged."""
        try:
            self._write(cell, outputs, span)
        except Exception as error:  # noqa: BLE001 - not to be committed past
            self._fatal(error)
            return
        self._meter.end(cell)
        if cell.waiting == 0:
            self._done(cell)
        if span is not None:
            span.end()

    def _write(self, cell: Cell, outputs: Outputs, span: Span | None) -> None:
        tracing = telemetry.tracing() if span is not None else None
        cell.waiting += len(outputs)
        for output in outputs:
            if tracing is None:
                self._send(output, self._on_acknowledged(cell, output, None))
            else:
                sending = tracing.send(output.topic, span)
                traced = output._replace(headers=telemetry.injected(output.headers, sending))
                self._send(traced, self._on_acknowledged(cell, output, sending))

    def _on_acknowledged(self, cell: Cell, output: Output, sending: Span | None) -> Acknowledged:
        def acknowledged(offset: int) -> None:
            if sending is not None:
                sending.set_attribute("messaging.kafka.offset", offset)
                sending.end()
            cell.waiting -= 1
            if output.then is not None:
                try:
                    self._write(cell, output.then(offset), sending)
                except Exception as error:  # noqa: BLE001 - not to be committed past
                    self._fatal(error)
                    return
            windows = self._written.get(output.topic)
            if windows is not None and output.partition is not None:
                windows.reached(output.topic, output.partition, offset + 1)
            if cell.waiting == 0:
                self._done(cell)

        return acknowledged

    def _done(self, cell: Cell) -> None:
        if cell.done:
            return
        cell.done = True
        partition = cell.partition
        partition.advance()
        windows = self._finished.get(partition.topic)
        if windows is not None and partition.safe is not None:
            windows.reached(partition.topic, partition.number, partition.safe)
        partition.started -= 1
        self._running -= 1
        if not self._pumping:
            self._pump()

    def _pump(self) -> None:
        # Not re-entrant: a message without outputs is done at once; a backlog of them would nest.
        self._pumping = True
        try:
            while self._backlog and self._may_start(self._backlog[0]):
                self._admit(self._backlog.popleft())
        finally:
            self._pumping = False

    async def drained(self) -> None:
        """Cancel what is still in work; nothing of it is acknowledged."""
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*cast("set[Any]", self._tasks), return_exceptions=True)


def _windows(stage: Stage, *, of_input: bool) -> dict[str, Windows]:
    """Kept windows by the topic they are read back from: the stage's input, or what it writes."""
    return {
        topic: memory.windows
        for memory in stage.memories
        if memory.windows is not None and memory.until_position is of_input
        for topic in memory.topics
    }
