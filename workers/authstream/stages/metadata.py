"""metadata: applies users' metadata patches at the sink, in order for each user, and records it."""

from __future__ import annotations

import asyncio
import random
from datetime import timedelta

import orjson
import structlog

from authstream.contracts import headers as h
from authstream.contracts.avro import decode
from authstream.contracts.budgets import DECIDED_WINDOW, METADATA_BYTES
from authstream.contracts.effect import MetadataPatch, PatchDone, PatchStatus
from authstream.contracts.topics import Topics
from authstream.engine.ports import Clock, Memory, Message, Output, Outputs, PointReader, Stage
from authstream.engine.restricted import app_metadata_refusal
from authstream.engine.sink import Sink
from authstream.engine.window import FirstWindow
from authstream.engine.windows import MemoryWindows
from authstream.errors import DeliveryError, RecordError, TooLargeError
from authstream.metrics.registry import REGISTRY
from authstream.stages.outputs import dead_letter
from authstream.stages.replies import due
from authstream.stages.settled import Settled, was_done

#: One try at the sink.
TRY_TIMEOUT = timedelta(seconds=10)
#: Wait before the second try; doubled each time up to the longest, with full jitter.
BACKOFF = timedelta(milliseconds=200)
LONGEST_BACKOFF = timedelta(seconds=30)
#: A patch that could not be applied for so long is given up; its user's next ones wait for it.
GIVE_UP_AFTER = timedelta(days=1)
_MILLISECOND = timedelta(milliseconds=1)


class StalePatchError(RecordError):
    """A patch that is asked for again is older than one of its user that was applied since."""

    code = "stale_patch"


class PatchRefusedError(RecordError):
    """A metadata patch cannot be applied: its user is not known, or a key is reserved."""

    code = "patch_refused"


class PatchGivenUpError(RecordError):
    """The sink refused a metadata patch for good, or was away for too long."""

    code = "patch_given_up"

    def __init__(self, message: str, *, attempts: int) -> None:
        super().__init__(message)
        self.attempts = attempts


class Metadata(Stage):
    """Reads `user-metadata`. A user's next patch waits until this one is applied or given up."""

    name = "metadata"
    waits = True
    timeout = GIVE_UP_AFTER + TRY_TIMEOUT * 2

    def __init__(
        self,
        sink: Sink,
        *,
        topics: Topics,
        reader: PointReader,
        clock: Clock,
        concurrency: int = 16,
        window: timedelta = DECIDED_WINDOW,
    ) -> None:
        self.topics = (topics.user_metadata,)
        self._names = topics
        self._sink = sink
        self._reader = reader
        self._clock = clock
        self._room = asyncio.Semaphore(concurrency)
        self._window = window
        self._log = structlog.get_logger("authstream.metadata")
        self._settled = Settled(
            topics.user_metadata_done, kind="patch-done", windows=MemoryWindows(self.name, window)
        )
        #: By partition: the newest patch applied of each key.
        self._applied: dict[int, FirstWindow] = {}
        self.memories = (
            Memory((topics.user_metadata_done,), window, self._remember, self._forget),
        )

    async def start(self) -> None:
        """Let the sink connect."""
        await self._sink.start()

    async def stop(self) -> None:
        """Let the sink close its connections."""
        await self._sink.stop()

    async def handle(self, message: Message) -> Outputs:
        """A record that the patch is applied or given up, and the reply that waited for it.

        Raises RecordError for bytes that are no patch.
        """
        patch = decode(MetadataPatch, message.value)
        return [*await self._done_with(message, patch), *await self._reply(message)]

    def refuse(self, message: Message, error: RecordError) -> Outputs:
        """A dead letter, and a record that the patch was given up."""
        REGISTRY.counter("authstream.metadata", "dead").add()
        letter = dead_letter(self._names.dead_letter, message, error, stage=self.name)
        try:
            patch = decode(MetadataPatch, message.value)
        except RecordError:
            return [letter]
        attempts = error.attempts if isinstance(error, PatchGivenUpError) else 0
        record = self._record(message, patch, attempts=attempts, status="dead", detail=f"{error}")
        return [letter, record]

    async def _done_with(self, message: Message, patch: MetadataPatch) -> Outputs:
        known = self._settled.known(message, patch.id)
        if known is not None:
            return known
        try:
            return [await self._applied_in_order(message, patch)]
        except RecordError as error:
            # Here and not by the runner: whoever waits is answered all the same.
            self._log.warning("patch_refused", code=error.code, reason=f"{error}")
            return self.refuse(message, error)

    async def _applied_in_order(self, message: Message, patch: MetadataPatch) -> Output:
        sequence = _sequence(message)
        newest = self._newest(message.partition)
        known = newest.get(message.key or b"")
        if known is not None and sequence < known:
            raise StalePatchError(
                f"patch {patch.id} is older than one that was applied since: order the values that "
                "are still wanted anew"
            )
        _check(patch)
        attempts = await self._until_applied(message, patch)
        REGISTRY.counter("authstream.metadata", "applied").add()
        newest.latest(message.key or b"", sequence, at=message.timestamp)
        return self._record(message, patch, attempts=attempts)

    async def _reply(self, message: Message) -> list[Output]:
        """What a suspended leg's caller waits for: the browser leaves after its metadata."""
        reply = await due(message, topics=self._names, reader=self._reader)
        return [] if reply is None else [reply]

    async def _until_applied(self, message: Message, patch: MetadataPatch) -> int:
        hops = h.number(message.headers, h.HOPS) or 0
        attempt = 0
        while True:
            attempt += 1
            try:
                async with self._room, asyncio.timeout(TRY_TIMEOUT.total_seconds()):
                    await self._sink.apply(patch, hops=hops)
            except (DeliveryError, TimeoutError) as error:
                failure = error
            else:
                return attempt
            since = (self._clock.now() - message.timestamp) * _MILLISECOND
            permanent = isinstance(failure, DeliveryError) and failure.permanent
            if permanent or since > GIVE_UP_AFTER:
                raise PatchGivenUpError(
                    f"patch {patch.id} was given up after {attempt} tries at {self._sink.name}: "
                    f"{f'{failure}' or 'timed out'}",
                    attempts=attempt,
                ) from failure
            REGISTRY.counter("authstream.metadata", "retried").add()
            await asyncio.sleep(_backoff(attempt, failure))

    def _record(
        self,
        message: Message,
        patch: MetadataPatch,
        *,
        attempts: int,
        status: PatchStatus = "applied",
        detail: str = "",
    ) -> Output:
        sequence = _sequence(message)
        record = PatchDone(
            id=patch.id,
            flow_id=patch.flow_id,
            leg=patch.leg,
            status=status,
            sink=self._sink.name,
            detail=detail,
            attempts=attempts,
            sequence=sequence,
            done_at=self._clock.now(),
        )
        return self._settled.record(message, record, {h.SEQUENCE: f"{sequence}"})

    def _newest(self, partition: int) -> FirstWindow:
        return self._applied.setdefault(partition, FirstWindow(self._window))

    def _remember(self, message: Message) -> None:
        self._settled.remember(message)
        sequence = h.number(message.headers, h.SEQUENCE)
        if was_done(message) and sequence is not None:
            newest = self._newest(message.partition)
            newest.latest(message.key or b"", sequence, at=message.timestamp)

    def _forget(self, _topic: str, partition: int) -> None:
        self._settled.forget(partition)
        self._applied.pop(partition, None)


def _sequence(message: Message) -> int:
    """Where the patch first was: one that is asked for again says it in a header."""
    said = h.number(message.headers, h.SEQUENCE)
    return message.offset if said is None else said


def _check(patch: MetadataPatch) -> None:
    if patch.subject is None:
        raise PatchRefusedError(f"patch {patch.id} names no user")
    reserved = [key for key in patch.app_metadata if app_metadata_refusal(key)]
    if reserved:
        raise PatchRefusedError(f"patch {patch.id} sets reserved keys: {', '.join(reserved)}")
    for name in ("app_metadata", "user_metadata"):
        size = len(orjson.dumps(getattr(patch, name)))
        if size > METADATA_BYTES:
            raise TooLargeError(
                f"{name} of patch {patch.id} is {size} bytes, the limit is {METADATA_BYTES}"
            )


def _backoff(attempt: int, failure: Exception) -> float:
    """Seconds until the next try."""
    longest = min(BACKOFF * 2 ** min(attempt, 20), LONGEST_BACKOFF).total_seconds()
    asked = failure.retry_after if isinstance(failure, DeliveryError) else None
    wait: float = random.uniform(0, longest)  # noqa: S311 - jitter
    return wait + (asked.total_seconds() if asked else 0)
