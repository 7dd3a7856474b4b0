"""The ports of the engine: messages in, outputs out, a stage between them, and who feeds it."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Literal, NamedTuple, Protocol

from authstream.contracts.headers import Headers
from authstream.engine.windows import Windows
from authstream.errors import RecordError

Assignor = Literal["cooperative-sticky", "range"]


class Message(NamedTuple):
    """A record read from a topic. `timestamp` is the broker's, in milliseconds since the epoch.

    A named tuple because one is made for every record of every hop, at a quarter of a dataclass's
    cost.
    """

    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    headers: Headers
    timestamp: int


class Output(NamedTuple):
    """A record to write. `then` gives the outputs that may follow once this one is acknowledged."""

    topic: str
    key: bytes | None
    value: bytes | None
    headers: Headers = ()
    #: None: by murmur2 of the key, as every Java client does.
    partition: int | None = None
    #: Called with the offset that the broker gave.
    then: Callable[[int], Sequence[Output]] | None = None


Outputs = Sequence[Output]


@dataclass(frozen=True, slots=True)
class Memory:
    """What a stage reads back for an assigned partition before it handles anything."""

    #: Topics with the same partition number as the assigned one.
    topics: tuple[str, ...]
    #: How far back, in broker time.
    window: timedelta
    remember: Callable[[Message], None]
    #: Called with the topic and partition that went to another process.
    forget: Callable[[str, int], None]
    #: Read only what lies before the stage's own committed position (its input), not up to the end.
    until_position: bool = False
    #: Where what is remembered is kept, if a restart may find it again.
    windows: Windows | None = None


class Stage(ABC):
    """Messages in, outputs out. Everything a runner must know is declared here.

    `handle` may return outputs at once or be a coroutine when it has to wait. It must not have
    effects other than its outputs that matter if it runs twice: after a crash it does.
    """

    #: Consumer group and metric name, e.g. `entry` or `action.crm-enrich`.
    name: str
    topics: tuple[str, ...]
    #: Some of `topics`, which a consumer of their own reads: a fetch costs the broker time for each
    #: partition that it names, so those with traffic are not fetched together with the silent ones.
    frequent: tuple[str, ...] = ()
    assignor: Assignor = "cooperative-sticky"
    #: After this a handler is cancelled and `refuse` answers for it.
    timeout: timedelta = timedelta(seconds=30)
    #: Messages of one key that may wait; one more is refused as `rate_limited`. None: any number.
    queue_per_key: int | None = None
    memories: tuple[Memory, ...] = ()
    #: Nobody waits for it: the broker is asked less often, for more at a time.
    relaxed: bool = False
    #: A partition that is taken away waits for what is in work; False where work is only waiting.
    drains: bool = True
    #: A message may be in work for long on purpose: that runs begin with it is not its fault.
    waits: bool = False
    #: It stands still until an operator has looked; the worker is then not ready.
    halted: bool = False

    @abstractmethod
    def handle(self, message: Message) -> Outputs | Awaitable[Outputs]:
        """The outputs of a message. Raises RecordError for a message that can never be handled."""

    @abstractmethod
    def refuse(self, message: Message, error: RecordError) -> Outputs:
        """What to write for a message that cannot be handled: a dead letter and an answer."""

    def origin(self, message: Message) -> Headers:
        """The headers with the trace context that a message goes on with: its own, mostly."""
        return message.headers

    async def start(self) -> None:  # noqa: B027 - most stages have nothing to prepare
        """Prepare; called once before the first message."""

    async def stop(self) -> None:  # noqa: B027 - most stages have nothing to release
        """Release what `start` took; called once after the last message."""


class PointReader(Protocol):
    """Reads one record again."""

    async def read(self, topic: str, partition: int, offset: int) -> Message | None:
        """The record at exactly this place, or None when it is gone."""


class Clock(Protocol):
    """Where the time comes from, so that tests can set it."""

    def now(self) -> int:
        """Milliseconds since the epoch."""
        ...


@dataclass(frozen=True, slots=True)
class SystemClock:
    """The time of this machine."""

    def now(self) -> int:
        """Milliseconds since the epoch."""
        return time.time_ns() // 1_000_000


@dataclass(slots=True)
class ManualClock:
    """A time that tests move by hand."""

    millis: int = field(default=1_700_000_000_000)

    def now(self) -> int:
        """Milliseconds since the epoch."""
        return self.millis

    def advance(self, by: timedelta) -> None:
        """Move on."""
        self.millis += int(by / timedelta(milliseconds=1))
