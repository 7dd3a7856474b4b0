"""A small stage whose behaviour a test chooses, with everything a runner has to look after."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta

from authstream.contracts import headers as h
from authstream.engine.ports import Memory, Message, Output, Outputs, Stage
from authstream.errors import RecordError
from authstream.stages.outputs import dead_letter

Handler = Callable[[Message], Outputs | Awaitable[Outputs]]


@dataclass(frozen=True, slots=True)
class ProbeTopics:
    """The topics of one test."""

    prefix: str

    @property
    def input(self) -> str:
        """What the stage reads."""
        return f"{self.prefix}.in.v1"

    @property
    def output(self) -> str:
        """What the stage writes."""
        return f"{self.prefix}.out.v1"

    @property
    def dead(self) -> str:
        """Where the stage sets aside."""
        return f"{self.prefix}.dead-letter.v1"

    @property
    def other(self) -> str:
        """What the stage remembers, or writes second."""
        return f"{self.prefix}.other.v1"

    @property
    def all(self) -> tuple[str, ...]:
        """All of them."""
        return (self.input, self.output, self.dead, self.other)


class Probe(Stage):
    """Calls the test's handler; refuses by a dead letter and an answer on the output topic."""

    name = "probe"

    def __init__(
        self,
        topics: ProbeTopics,
        handler: Handler,
        *,
        memories: tuple[Memory, ...] = (),
        timeout: timedelta = timedelta(seconds=30),
    ) -> None:
        self.topics = (topics.input,)
        self.names = topics
        self.memories = memories
        self.timeout = timeout
        self._handler = handler

    def handle(self, message: Message) -> Outputs | Awaitable[Outputs]:
        """Whatever the test says."""
        return self._handler(message)

    def refuse(self, message: Message, error: RecordError) -> Outputs:
        """A dead letter, and an answer for whoever waits."""
        return [
            dead_letter(self.names.dead, message, error, stage=self.name),
            Output(self.names.output, message.key, b"refused " + error.code.encode()),
        ]


def echo(topics: ProbeTopics, message: Message) -> Output:
    """The message as it came, on the output topic."""
    return Output(topics.output, message.key, message.value, message.headers)


def provenance(letter: Message) -> dict[str, str]:
    """What a dead letter says about where it is from."""
    names = (h.DEAD_REASON, h.DEAD_STAGE, h.DEAD_TOPIC, h.DEAD_PARTITION, h.DEAD_OFFSET)
    return {name: h.text(letter.headers, name) or "" for name in names}
