"""The consumer thread of one stage: polls, hands over, commits what is done, holds back."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import timedelta

import structlog
from confluent_kafka import Consumer, KafkaError, KafkaException, TopicPartition
from confluent_kafka import Message as KafkaMessage

from authstream.broker.access import DENIED, denied
from authstream.broker.assignment import Assigned, Cell, PartitionPlace
from authstream.broker.dispatcher import WINDOW
from authstream.broker.kafka_config import consumer_config, group_of
from authstream.broker.kafka_reader import converted
from authstream.broker.recovery import Recovery
from authstream.broker.schema_registry import framing_of
from authstream.contracts.access import Operation
from authstream.engine.ports import Stage
from authstream.errors import (
    AuthstreamError,
    BrokerUnreachableError,
    FencedError,
    TopicMismatchError,
)
from authstream.settings import Settings

COMMIT_INTERVAL = timedelta(milliseconds=100)
#: Messages in work or waiting here: from the first on nothing is read, from the second on again.
HIGH_WATER = 2 * WINDOW
LOW_WATER = WINDOW
#: Full for so long, the partitions are paused; until then nothing is polled.
PAUSE_AFTER = timedelta(milliseconds=250)
#: A partition whose oldest undone message is this far back is paused: a crash repeats no more.
FARTHEST_BEHIND = 1024
#: How often the ends of logs are looked at, and for how long after somebody asked.
LOOK_EVERY = timedelta(seconds=1)
ASKED_FOR = timedelta(minutes=2)
#: How long a revoke waits for work in progress; the rest is done again by the next owner.
DRAIN = timedelta(seconds=5)
_POLL_SECONDS = 0.1
_ROOM_SECONDS = 0.02
_ROOM_POLL_SECONDS = 0.001
#: For an answer that nobody needs.
_WAKE_SECONDS = 0.2
_DRAIN_POLL_SECONDS = 0.002
_FENCED = (KafkaError.FENCED_INSTANCE_ID, KafkaError._FENCED)  # noqa: SLF001 - local error
#: The client's own state is broken for good; why, it says only in words.
_DEAD = (KafkaError._FATAL,)  # noqa: SLF001 - as above
#: After a lost session a fence is the late echo of our own old membership.
_FENCED_BY_ITSELF = timedelta(seconds=60)


class StageConsumer:
    """One group member, one thread. What happens to messages happens on the loop, by `deliver`."""

    def __init__(  # noqa: PLR0913 - what it is made of, by name
        self,
        stage: Stage,
        settings: Settings,
        topics: Sequence[str],
        *,
        member: str,
        recovery: Recovery,
        deliver: Callable[[list[Cell]], None],
        forget: Callable[[str, int], None],
        fatal: Callable[[BaseException], None],
    ) -> None:
        """Of a stage with `frequent` topics a process has two, told apart by `member`."""
        self._stage = stage
        self._group = group_of(settings, stage)
        self._framing = framing_of(settings)
        self._topics = list(topics)
        self._recovery = recovery
        self._deliver = deliver
        self._forget = forget
        self._fatal = fatal
        self._consumer = Consumer(
            consumer_config(
                settings,
                group=self._group,
                member=member,
                assignor=stage.assignor,
                relaxed=stage.relaxed,
            ),
            on_commit=self._on_commit,
        )
        self._assigned: dict[tuple[str, int], Assigned] = {}
        self._stopping = threading.Event()
        self._last_commit = 0.0
        self._lost_at = -math.inf
        self._full = False
        #: When somebody last asked how far it is, and when this thread last looked for them.
        self._asked_at = self._looked_at = -math.inf
        self._lacking_since: float | None = None
        #: When the thread last began a turn, in monotonic seconds.
        self.turned_at = time.monotonic()
        #: The group has given this member its share, which may be nothing.
        self.joined = False
        self._log = structlog.get_logger("authstream.consumer").bind(stage=stage.name)
        self.thread = threading.Thread(target=self._run, name=f"consume-{stage.name}", daemon=True)

    @property
    def stage(self) -> str:
        """The name of the stage that it feeds."""
        return self._stage.name

    @property
    def partitions(self) -> list[Assigned]:
        """What this member owns now."""
        return list(self._assigned.values())

    def places(self) -> list[PartitionPlace]:
        """How far each partition is; for any thread. The ends of logs are known a second later."""
        self._asked_at = time.monotonic()
        return [PartitionPlace.of(partition) for partition in self.partitions]

    def _look(self) -> None:
        """Take over the ends of the logs as of the last fetch.

        In this thread: the client library lets another one wait until a poll is over.
        """
        now = time.monotonic()
        asked = now - self._asked_at < ASKED_FOR.total_seconds()
        if not asked or now - self._looked_at < LOOK_EVERY.total_seconds():
            return
        self._looked_at = now
        for partition in self.partitions:
            place = TopicPartition(partition.topic, partition.number)
            with suppress(KafkaException):  # metrics are no reason to end
                _, end = self._consumer.get_watermark_offsets(place, cached=True)
                partition.saw(end)

    def stop(self) -> None:
        """Ask the thread to drain, commit and leave."""
        self._stopping.set()

    def _run(self) -> None:
        try:
            self._consumer.subscribe(
                self._topics,
                on_assign=self._on_assign,
                on_revoke=self._on_revoke,
                on_lost=self._on_lost,
            )
            while not self._stopping.is_set():
                self._turn()
            self._release(self.partitions)
            self._consumer.close()
        except BaseException as error:  # noqa: BLE001 - no process without this thread
            self._fatal(error)

    def _turn(self) -> None:
        self.turned_at = time.monotonic()
        if self._await_room():
            self._flow()
            self._poll()
        if time.monotonic() - self._last_commit >= COMMIT_INTERVAL.total_seconds():
            self._commit_done()
            self._look()

    def _await_room(self) -> bool:
        """Whether to poll now: there is room, or it has lacked for so long that we must pause.

        A pause drops what was fetched ahead, and fetching again costs tens of milliseconds: a
        stage that is merely busy just reads on a little later.
        """
        if self._held() < HIGH_WATER:
            self._lacking_since = None
            return True
        if self._lacking_since is None:
            self._lacking_since = time.monotonic()
        if time.monotonic() - self._lacking_since >= PAUSE_AFTER.total_seconds():
            return True
        time.sleep(_ROOM_POLL_SECONDS)
        return False

    def _held(self) -> int:
        return sum(len(partition.pending) for partition in self._assigned.values())

    def _poll(self) -> None:
        wait = (
            _ROOM_SECONDS
            if self._full or any(not partition.ready for partition in self.partitions)
            else _POLL_SECONDS
        )
        first = self._consumer.poll(wait)
        if first is not None:
            owner = self._owner(first)
            more = self._consumer.consume(WINDOW - 1, 0)
            # A rebalance may have come in between: the first is then read again, in its order.
            current = first.error() is not None or self._owner(first) is owner
            self._hand_over([first, *more] if current else more)

    def _hand_over(self, batch: Sequence[KafkaMessage]) -> None:
        cells: list[Cell] = []
        for message in batch:
            error = message.error()
            if error is not None:
                self._on_error(error)
                continue
            partition = self._owner(message)
            if partition is not None:
                cells.append(partition.add(converted(message, self._framing)))
        if cells:
            self._deliver(cells)

    def _owner(self, message: KafkaMessage) -> Assigned | None:
        return self._assigned.get((message.topic() or "", message.partition() or 0))

    def _on_error(self, error: KafkaError) -> None:
        if error.code() in _FENCED or (error.code() in _DEAD and "fenced" in error.str()):
            raise self._fenced()
        if error.code() in DENIED:
            of_group = error.code() == KafkaError.GROUP_AUTHORIZATION_FAILED
            what = f"group {self._group}" if of_group else f"a topic ({error.str()})"
            raise denied(Operation.READ, what, who=f"stage {self._stage.name}")
        if error.fatal() or error.code() in _DEAD:
            raise KafkaException(error)
        self._log.warning("consumer_error", error=error.str())

    def _fenced(self) -> AuthstreamError:
        name = self._stage.name
        if time.monotonic() - self._lost_at < _FENCED_BY_ITSELF.total_seconds():
            # A commit from before the session ended comes late and is fenced by our own new
            # membership; the client is of no use any more.
            return BrokerUnreachableError(
                f"{name} lost its session while the broker was away: it has to start afresh"
            )
        return FencedError(f"another process runs {name} under this instance id: stop one of them")

    def _flow(self) -> None:
        """Pause what is full or too far behind, resume when there is room: polling never blocks."""
        held = self._held()
        self._full = held > LOW_WATER if self._full else held >= HIGH_WATER
        pause: list[TopicPartition] = []
        resume: list[TopicPartition] = []
        for partition in self._assigned.values():
            hold = not partition.ready or self._full or partition.behind > FARTHEST_BEHIND
            if hold != partition.paused:
                partition.paused = hold
                (pause if hold else resume).append(
                    TopicPartition(partition.topic, partition.number)
                )
        if pause:
            self._consumer.pause(pause)
        if resume:
            self._consumer.resume(resume)
            self._wake(resume)

    def _wake(self, resumed: Sequence[TopicPartition]) -> None:
        """Have the client fetch again at once.

        librdkafka looks at a resumed partition when its broker thread next has something to do, up
        to 1 s later (measured: 0.7 to 1.0 s without a message, each time). A question wakes it.
        """
        for partition in resumed:
            with suppress(KafkaException):  # the broker is away: there is nothing to hurry for
                self._consumer.get_watermark_offsets(partition, timeout=_WAKE_SECONDS)

    def _commit_done(self) -> None:
        self._last_commit = time.monotonic()
        offsets = self._offsets(self.partitions)
        if offsets:
            self._consumer.commit(offsets=offsets, asynchronous=True)

    def _offsets(self, partitions: Sequence[Assigned]) -> list[TopicPartition]:
        offsets: list[TopicPartition] = []
        for partition in partitions:
            safe = partition.safe
            if safe is not None and safe != partition.committed:
                partition.committed = safe
                offsets.append(TopicPartition(partition.topic, partition.number, safe))
        return offsets

    def _on_commit(self, error: KafkaError | None, offsets: list[TopicPartition]) -> None:
        failed = (
            offsets
            if error is not None
            else [offset for offset in offsets if offset.error is not None]
        )
        for offset in failed:
            partition = self._assigned.get((offset.topic, offset.partition))
            if partition is not None:
                # Not committed after all: the next turn tries again.
                partition.committed = None
        if failed:
            self._log.warning("commit_failed", error=str(error or failed[0].error))

    def _on_assign(self, consumer: Consumer, partitions: list[TopicPartition]) -> None:
        self.joined = True
        new = [Assigned(partition.topic, partition.partition) for partition in partitions]
        for partition in new:
            partition.ready = not self._stage.memories
            partition.paused = not partition.ready or self._full
            self._assigned[partition.topic, partition.number] = partition
        if self._stage.assignor == "range":
            consumer.assign(partitions)
            self._check_pairs()
        else:
            consumer.incremental_assign(partitions)
        held = [
            TopicPartition(partition.topic, partition.number)
            for partition in new
            if partition.paused
        ]
        if held:
            consumer.pause(held)
        if new and self._stage.memories:
            self._recovery.begin(new)
        self._log.info(
            "assigned",
            partitions=sorted(f"{partition.topic}/{partition.number}" for partition in new),
        )

    def _check_pairs(self) -> None:
        numbers = {
            topic: {number for name, number in self._assigned if name == topic}
            for topic in self._topics
        }
        if len(set(map(frozenset, numbers.values()))) > 1:
            raise TopicMismatchError(
                f"stage {self._stage.name} owns different partitions of its topics ({numbers}):"
                " give them the same number of partitions"
            )

    def _on_revoke(self, consumer: Consumer, partitions: list[TopicPartition]) -> None:
        self._release(
            [
                self._assigned[key]
                for partition in partitions
                if (key := (partition.topic, partition.partition)) in self._assigned
            ]
        )
        if self._stage.assignor == "range":
            consumer.unassign()
        else:
            consumer.incremental_unassign(partitions)

    def _on_lost(self, consumer: Consumer, partitions: list[TopicPartition]) -> None:
        """Ours no more: somebody else may work on them already, so nothing is committed."""
        self._lost_at = time.monotonic()
        self._log.warning("partitions_lost", partitions=len(partitions))
        for lost in partitions:
            self._drop(self._assigned.get((lost.topic, lost.partition)))
        if self._stage.assignor == "range":
            consumer.unassign()
        else:
            consumer.incremental_unassign(partitions)

    def _release(self, partitions: Sequence[Assigned]) -> None:
        """Let work in progress finish for a bounded time, commit what is done, forget the rest."""
        for partition in partitions:
            partition.revoked = True
        deadline = time.monotonic() + (DRAIN.total_seconds() if self._stage.drains else 0)
        while any(partition.started for partition in partitions) and time.monotonic() < deadline:
            time.sleep(_DRAIN_POLL_SECONDS)
        offsets = self._offsets(partitions)
        if offsets:
            try:
                self._consumer.commit(offsets=offsets, asynchronous=False)
            except KafkaException as error:
                # The next owner repeats these messages: at least once.
                self._log.warning("commit_failed", error=str(error))
        for partition in partitions:
            self._drop(partition)

    def _drop(self, partition: Assigned | None) -> None:
        if partition is not None:
            partition.revoked = True
            self._assigned.pop((partition.topic, partition.number), None)
            self._forget(partition.topic, partition.number)
