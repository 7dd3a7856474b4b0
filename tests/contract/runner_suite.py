"""What every runner must do: one suite, run on the memory runner, on real Kafka and embedded."""

from __future__ import annotations

import asyncio
import random
from abc import ABC, abstractmethod
from collections import defaultdict
from collections.abc import Awaitable, Iterable, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import timedelta

import orjson

from authstream.apps.stages import triggers
from authstream.broker.murmur2 import partition_of
from authstream.contracts import headers as h
from authstream.contracts.avro import decode
from authstream.contracts.topics import Topics
from authstream.contracts.verdict import Verdict
from authstream.engine.plan import Flow
from authstream.engine.ports import Memory, Message, Output, Outputs, PointReader, Stage
from authstream.errors import UndecodableError
from authstream.stages.assemble import Assemble
from authstream.stages.entry import Entry
from authstream.stages.fanout import Fanout
from tests.contract.probe_stage import Probe, ProbeTopics, echo, provenance

PARTITIONS = 4
HOUR = timedelta(hours=1)
TRACEPARENT = b"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


class Ground(ABC):
    """Where a suite runs: a broker and the runner on it."""

    prefix: str

    @abstractmethod
    async def create(self, topics: Sequence[str]) -> None:
        """Make topics of four partitions."""

    @abstractmethod
    async def publish(self, outputs: Sequence[Output]) -> list[tuple[int, int]]:
        """Write records in order; the partition and offset of each."""

    @abstractmethod
    def running(self, stages: Sequence[Stage]) -> AbstractAsyncContextManager[None]:
        """Stages at work, ready to handle; on leaving, stopped cleanly."""

    @abstractmethod
    async def records(self, topic: str, count: int) -> list[Message]:
        """All records of a topic once there are so many; fails when there are fewer in the end."""

    @property
    @abstractmethod
    def reader(self) -> PointReader:
        """Reads single records again."""


class NoFlows:
    """No flow is bound anywhere."""

    def choose(self, tenant: str, trigger: str) -> Flow | None:  # noqa: ARG002 - nobody has one
        """None."""
        return None


def login(topics: Topics, user: str, event_id: str, reply: tuple[int, bytes]) -> Output:
    """A login event whose caller waits on a partition."""
    event = {
        "tenant": {"id": "acme"},
        "user": {"user_id": user},
        "client": {"client_id": "shop"},
        "connection": {"name": "db"},
        "request": {"ip": "203.0.113.7"},
    }
    headers = (
        (h.CE_ID, event_id.encode()),
        (h.CE_SOURCE, b"test"),
        (h.CONTENT_TYPE, h.JSON_TYPE),
        (h.REPLY_PARTITION, str(reply[0]).encode()),
        (h.CORRELATION_ID, reply[1]),
    )
    return Output(topics.requested("post-login"), user.encode(), orjson.dumps(event), headers)


class RunnerSuite:
    """The behaviours. Classes that inherit name the ground by a fixture `ground`."""

    async def test_outputs_keep_the_order_of_their_key(self, ground: Ground) -> None:
        """However long each handler waits, a key's outputs come in the order of its inputs."""
        topics = await prepared(ground)

        async def handle(message: Message) -> Outputs:
            await asyncio.sleep(random.uniform(0, 0.01))
            return [echo(topics, message)]

        sent = [(f"user-{n % 5}".encode(), str(n).encode()) for n in range(100)]
        async with ground.running([Probe(topics, handle)]):
            await ground.publish([Output(topics.input, *pair) for pair in sent])
            came = await ground.records(topics.output, len(sent))
        assert by_key((message.key, message.value) for message in came) == by_key(sent)

    async def test_a_message_without_wait_overtakes_none_of_its_key(self, ground: Ground) -> None:
        """Handlers that answer at once and those that wait, mixed: the key's order holds."""
        topics = await prepared(ground)

        async def later(message: Message) -> Outputs:
            await asyncio.sleep(0.01)
            return [echo(topics, message)]

        def handle(message: Message) -> Outputs | Awaitable[Outputs]:
            if int(message.value or b"0") % 3 == 0:
                return later(message)
            return [echo(topics, message)]

        sent = [(f"user-{n % 2}".encode(), str(n).encode()) for n in range(60)]
        async with ground.running([Probe(topics, handle)]):
            await ground.publish([Output(topics.input, *pair) for pair in sent])
            came = await ground.records(topics.output, len(sent))
        assert by_key((message.key, message.value) for message in came) == by_key(sent)

    async def test_an_undecodable_message_is_set_aside_with_its_origin(
        self, ground: Ground
    ) -> None:
        """Reason, stage, topic, partition, offset, key, bytes and headers; the neighbours pass."""
        topics = await prepared(ground)

        def handle(message: Message) -> Outputs:
            if message.value == b"\xff\x00":
                raise UndecodableError("not a record")
            return [echo(topics, message)]

        headers = (("kept", b"\x00\xfe"), (h.FLOW_ID, b"f-1"))
        values = (b"before", b"\xff\x00", b"after")
        async with ground.running([Probe(topics, handle)]):
            places = await ground.publish([Output(topics.input, b"k", v, headers) for v in values])
            (letter,) = await ground.records(topics.dead, 1)
            came = await ground.records(topics.output, 3)
        assert provenance(letter) == {
            h.DEAD_REASON: "undecodable",
            h.DEAD_STAGE: "probe",
            h.DEAD_TOPIC: topics.input,
            h.DEAD_PARTITION: str(places[1][0]),
            h.DEAD_OFFSET: str(places[1][1]),
        }
        assert (letter.key, letter.value) == (b"k", b"\xff\x00")
        assert set(headers) < set(letter.headers)
        assert [message.value for message in came] == [b"before", b"refused undecodable", b"after"]

    async def test_a_handler_that_breaks_is_answered_for(self, ground: Ground) -> None:
        """Any exception is a refusal; what it said stays in the log, as it may hold secrets."""
        topics = await prepared(ground)

        async def handle(message: Message) -> Outputs:
            await asyncio.sleep(0)
            if message.value == b"bad":
                raise ValueError("hunter2")
            return [echo(topics, message)]

        async with ground.running([Probe(topics, handle)]):
            await ground.publish([Output(topics.input, b"k", v) for v in (b"bad", b"good")])
            (letter,) = await ground.records(topics.dead, 1)
            came = await ground.records(topics.output, 2)
        assert provenance(letter)[h.DEAD_REASON] == "handler_error"
        assert b"hunter2" not in b"".join(value for _, value in letter.headers)
        assert [message.value for message in came] == [b"refused handler_error", b"good"]

    async def test_a_handler_that_hangs_is_answered_for(self, ground: Ground) -> None:
        """After the stage's time the message is refused and the key goes on."""
        topics = await prepared(ground)

        async def handle(message: Message) -> Outputs:
            if message.value == b"hang":
                await asyncio.Event().wait()
            return [echo(topics, message)]

        stage = Probe(topics, handle, timeout=timedelta(milliseconds=200))
        async with ground.running([stage]):
            await ground.publish([Output(topics.input, b"k", v) for v in (b"hang", b"good")])
            came = await ground.records(topics.output, 2)
            (letter,) = await ground.records(topics.dead, 1)
        assert provenance(letter)[h.DEAD_REASON] == "handler_timeout"
        assert [message.value for message in came] == [b"refused handler_timeout", b"good"]

    async def test_what_follows_an_output_learns_its_offset(self, ground: Ground) -> None:
        """`then` is called with the place the broker gave, and its outputs are written."""
        topics = await prepared(ground)

        def handle(message: Message) -> Outputs:
            def then(offset: int) -> Outputs:
                return [Output(topics.other, message.key, str(offset).encode())]

            return [Output(topics.output, message.key, message.value, then=then)]

        async with ground.running([Probe(topics, handle)]):
            await ground.publish([Output(topics.input, b"k", str(n).encode()) for n in range(5)])
            followers = await ground.records(topics.other, 5)
            leaders = await ground.records(topics.output, 5)
        assert [int(m.value or b"") for m in followers] == [m.offset for m in leaders]

    async def test_the_memory_is_rebuilt_before_the_first_message(self, ground: Ground) -> None:
        """What another topic holds for the partition is remembered before anything is handled."""
        topics = await prepared(ground)
        known: set[bytes] = set()
        memory = Memory(
            (topics.other,),
            HOUR,
            lambda message: known.add(message.value or b""),
            lambda _topic, _partition: None,
        )

        def handle(message: Message) -> Outputs:
            found = b"known" if message.value in known else b"new"
            return [Output(topics.output, message.key, found)]

        ids = [f"id-{n}".encode() for n in range(40)]
        await ground.publish([Output(topics.other, key, key) for key in ids])
        await ground.publish([Output(topics.input, key, key) for key in [*ids, b"unheard"]])
        async with ground.running([Probe(topics, handle, memories=(memory,))]):
            came = await ground.records(topics.output, 41)
        assert sorted(m.value or b"" for m in came) == [b"known"] * 40 + [b"new"]

    async def test_the_memory_of_the_input_ends_at_the_position(self, ground: Ground) -> None:
        """A second run remembers exactly what the first one handled."""
        topics = await prepared(ground)
        known: list[bytes] = []
        memory = Memory(
            (topics.input,),
            HOUR,
            lambda message: known.append(message.value or b""),
            lambda _topic, _partition: None,
            until_position=True,
        )

        def handle(message: Message) -> Outputs:
            return [Output(topics.output, message.key, b",".join(known))]

        stage = Probe(topics, handle, memories=(memory,))
        await ground.publish([Output(topics.input, b"k", v) for v in (b"1", b"2")])
        async with ground.running([stage]):
            first = await ground.records(topics.output, 2)
        known.clear()
        await ground.publish([Output(topics.input, b"k", b"3")])
        async with ground.running([stage]):
            second = await ground.records(topics.output, 3)
        assert [message.value for message in first] == [b"", b""]
        assert second[-1].value == b"1,2"

    async def test_what_is_done_is_committed_on_stop(self, ground: Ground) -> None:
        """The next run handles nothing twice and leaves nothing out."""
        topics = await prepared(ground)
        handled: list[bytes | None] = []

        def handle(message: Message) -> Outputs:
            handled.append(message.value)
            return [echo(topics, message)]

        await ground.publish([Output(topics.input, b"%d" % n, b"%d" % n) for n in range(20)])
        async with ground.running([Probe(topics, handle)]):
            await ground.records(topics.output, 20)
        await ground.publish([Output(topics.input, b"last", b"last")])
        async with ground.running([Probe(topics, handle)]):
            await ground.records(topics.output, 21)
        assert sorted(v or b"" for v in handled) == sorted(
            [*(b"%d" % n for n in range(20)), b"last"]
        )

    async def test_headers_and_empty_values_arrive_as_they_were_sent(self, ground: Ground) -> None:
        """Bytes, order and repetition are kept; the trace context is there exactly once."""
        topics = await prepared(ground)
        headers = (("b", b"\x00\xff"), ("a", b"1"), ("b", b""), ("traceparent", TRACEPARENT))
        async with ground.running([Probe(topics, lambda message: [echo(topics, message)])]):
            sent = [Output(topics.input, b"k", value, headers) for value in (b"", None, b"v")]
            await ground.publish(sent)
            came = await ground.records(topics.output, 3)
        assert [message.value for message in came] == [b"", None, b"v"]
        assert {message.headers for message in came} == {headers}

    async def test_a_stage_may_say_which_partition(self, ground: Ground) -> None:
        """Partition in is partition out when the output says so, whatever its key."""
        topics = await prepared(ground)

        def handle(message: Message) -> Outputs:
            return [Output(topics.output, b"same", message.value, (), message.partition)]

        numbers = [*range(PARTITIONS)]
        async with ground.running([Probe(topics, handle)]):
            await ground.publish([Output(topics.input, b"same", b"%d" % n, (), n) for n in numbers])
            came = await ground.records(topics.output, PARTITIONS)
        assert sorted((m.partition, m.value) for m in came) == [(n, b"%d" % n) for n in numbers]

    async def test_keys_are_partitioned_as_java_clients_do(self, ground: Ground) -> None:
        """A key's partition is its murmur2: equal in every runner and every Kafka client."""
        topics = await prepared(ground)
        keys = [random.randbytes(random.randint(1, 40)) for _ in range(200)]
        async with ground.running([Probe(topics, lambda message: [echo(topics, message)])]):
            await ground.publish([Output(topics.input, key, b"v") for key in keys])
            came = await ground.records(topics.output, len(keys))
        assert {m.partition for m in came} == set(range(PARTITIONS))
        assert all(m.partition == partition_of(m.key or b"", PARTITIONS) for m in came)

    async def test_a_login_that_is_asked_for_again_is_answered_again(self, ground: Ground) -> None:
        """A retry is the same flow: one verdict has consequences, both callers get it."""
        topics, known = Topics(ground.prefix), {"post-login": triggers()["post-login"]}
        entry = Entry(topics=topics, triggers=known, flows=NoFlows(), slip_key=None)
        stages = [
            entry,
            Assemble(topics=topics, triggers=known, reader=ground.reader, slip_key=None),
            Fanout(topics=topics, triggers=known, kinds=frozenset()),
        ]
        names = (topics.requested("post-login"), topics.assemble, topics.denied)
        outs = (topics.decided("post-login"), topics.replies, topics.executions)
        await ground.create([*names, *outs, topics.dead_letter])
        async with ground.running(stages):
            await ground.publish([login(topics, "ada", "login-1", (1, b"one"))])
            await ground.records(topics.replies, 1)
            await ground.publish([login(topics, "ada", "login-1", (2, b"two"))])
            replies = await ground.records(topics.replies, 2)
            decided = await ground.records(topics.decided("post-login"), 2)
        told = {h.first(m.headers, h.CORRELATION_ID): decode(Verdict, m.value) for m in replies}
        assert told[b"one"] == told[b"two"]
        assert [m.partition for m in replies] == [1, 2]
        assert [h.first(m.headers, h.REPEAT) is not None for m in decided] == [False, True]


async def prepared(ground: Ground) -> ProbeTopics:
    """The probe's topics, made."""
    topics = ProbeTopics(ground.prefix)
    await ground.create(topics.all)
    return topics


def by_key(pairs: Iterable[tuple[bytes | None, bytes | None]]) -> dict[bytes, list[bytes]]:
    """Values in order, for each key."""
    values: dict[bytes, list[bytes]] = defaultdict(list)
    for key, value in pairs:
        values[key or b""].append(value or b"")
    return values
