"""What stages remember, kept in a file: as in memory, found again after a kill, never too far."""

from __future__ import annotations

import asyncio
import os
import uuid
from collections.abc import Callable, Iterator
from datetime import timedelta
from multiprocessing import get_context
from pathlib import Path

import pytest

from authstream.apps.stages import triggers
from authstream.broker import kept_windows
from authstream.broker.assignment import Assigned
from authstream.broker.kept_windows import COMMIT_EVERY, WindowFile
from authstream.broker.recovery import Recovery
from authstream.contracts import headers as h
from authstream.contracts.topics import Topics
from authstream.engine.ports import Message, Output, SystemClock
from authstream.engine.window import leg_key
from authstream.engine.windows import MemoryWindows, Windows
from authstream.errors import ConfigurationError
from authstream.settings import Settings
from authstream.stages.assemble import Assemble
from authstream.stages.outputs import event_headers, flow_headers
from tests.kafka_log import create, publish, until
from tests.kafka_server import KafkaServer
from tests.samples import NOW

HOUR = timedelta(hours=1)
HOUR_MS = 3_600_000
SPAWN = get_context("spawn")


@pytest.fixture
def file(tmp_path: Path) -> Iterator[WindowFile]:
    """Of this process."""
    file = WindowFile(tmp_path / "state")
    yield file
    file.close()


@pytest.fixture(params=["memory", "file"])
def windows(request: pytest.FixtureRequest) -> Windows:
    """One suite for both."""
    if request.param == "memory":
        return MemoryWindows("assemble", HOUR)
    file: WindowFile = request.getfixturevalue("file")
    return file.stage("assemble", HOUR)


def test_the_first_value_of_a_key_wins(windows: Windows) -> None:
    """In its own partition and under its own name."""
    window = windows.of("decided", 0)
    assert window.first(b"a", 5, at=NOW) == 5
    assert window.first(b"a", 9, at=NOW + 1) == 5
    assert window.get(b"a") == 5
    assert windows.of("decided", 1).get(b"a") is None
    assert windows.of("done", 0).get(b"a") is None


def test_a_value_can_be_replaced_and_renewed(windows: Windows) -> None:
    """Values may be negative, as those that stand for a state are."""
    window = windows.of("", 0)
    window.replace(b"a", -1, at=NOW)
    window.replace(b"a", -2, at=NOW)
    window.latest(b"a", 7, at=NOW + HOUR_MS)
    assert window.get(b"a") == 7


@pytest.mark.parametrize("key", [b"", b"k" * 501, b"k" * 5000])
def test_any_key_will_do(windows: Windows, key: bytes) -> None:
    """A user's key may be as long as the provider likes."""
    window = windows.of("", 0)
    window.first(key, 1, at=NOW)
    window.first(key + b"x", 2, at=NOW)
    assert (window.get(key), window.get(key + b"x")) == (1, 2)


def test_a_key_is_known_for_the_window_and_not_for_ever(windows: Windows) -> None:
    """At the latest half a window later it is gone."""
    window = windows.of("", 0)
    window.first(b"a", 1, at=NOW)
    window.first(b"b", 2, at=NOW + HOUR_MS)
    assert window.get(b"a") == 1
    window.first(b"c", 3, at=NOW + 2 * HOUR_MS)
    assert (window.get(b"a"), window.get(b"c")) == (None, 3)


def test_a_restart_finds_what_was_kept(tmp_path: Path) -> None:
    """Keys, their parts of the window, and how far the sources were read."""
    file = WindowFile(tmp_path)
    kept = file.stage("assemble", HOUR)
    kept.of("", 3).first(b"a", 1, at=NOW)
    kept.of("", 3).first(b"b", 2, at=NOW + HOUR_MS)
    kept.reached("auth.post-login.decided.v1", 3, 41)
    file.close()
    file = WindowFile(tmp_path)
    kept = file.stage("assemble", HOUR)
    assert [kept.of("", 3).get(key) for key in (b"a", b"b", b"c")] == [1, 2, None]
    assert kept.position("auth.post-login.decided.v1", 3) == 41
    assert kept.position("auth.post-login.decided.v1", 2) is None
    file.close()


def test_another_process_may_not_open_it(file: WindowFile, tmp_path: Path) -> None:
    """Two that write one file would wait for each other; the message says what to set."""
    assert file.tables(b"") != []
    with pytest.raises(ConfigurationError, match="AUTHSTREAM_INSTANCE"):
        WindowFile(tmp_path / "state")


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    """The message says which setting to change."""
    (tmp_path / "file").touch()
    with pytest.raises(ConfigurationError, match="AUTHSTREAM_STATE_FOLDER"):
        WindowFile(tmp_path / "file" / "state")


def test_after_a_reboot_it_is_empty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is synced to the disk, so what a crash of the machine left may be broken."""
    boot = tmp_path / "boot-id"
    boot.write_text("one")
    monkeypatch.setattr(kept_windows, "_BOOT_ID", boot)
    file = WindowFile(tmp_path / "state")
    file.stage("assemble", HOUR).of("", 0).first(b"a", 1, at=NOW)
    file.close()
    boot.write_text("two")
    file = WindowFile(tmp_path / "state")
    assert file.stage("assemble", HOUR).of("", 0).get(b"a") is None
    file.close()


def _decide_until_killed(folder: Path) -> None:
    """Runs in a child: 300 legs, with a commit in between, and the end without a word."""
    file = WindowFile(folder)
    kept = file.stage("assemble", HOUR)
    for number in range(300):
        kept.of("", 0).first(b"%d" % number, number, at=NOW)
        kept.reached("decided", 0, number + 1)
        if number == 200:
            file._began -= COMMIT_EVERY.total_seconds()  # pyright: ignore[reportPrivateUsage] - as if so long ago
    os._exit(9)


def test_a_kill_loses_only_what_its_position_says(tmp_path: Path) -> None:
    """Everything before the position is there: what is read back from there on is all the rest."""
    child = SPAWN.Process(target=_decide_until_killed, args=(tmp_path,))
    child.start()
    child.join(30)
    assert child.exitcode == 9
    file = WindowFile(tmp_path)
    kept = file.stage("assemble", HOUR)
    position = kept.position("decided", 0)
    assert position is not None
    assert 200 <= position < 300
    assert all(kept.of("", 0).get(b"%d" % number) == number for number in range(position))
    file.close()


@pytest.mark.kafka
@pytest.mark.asyncio
async def test_only_what_came_since_is_read_back(
    kafka: KafkaServer, topic_prefix: str, tmp_path: Path
) -> None:
    """A restart of assemble asks for nothing that its file has, and for all that it lacks."""
    topics = Topics(topic_prefix)
    create(kafka.bootstrap, [topics.decided("post-login"), topics.assemble, topics.denied])
    settings = Settings(brokers=kafka.bootstrap, prefix=topic_prefix)
    flows = [str(uuid.UUID(int=number + 1)) for number in range(300)]
    publish(kafka.bootstrap, [_verdict(topics, flow) for flow in flows[:200]])
    assert await _remembered(settings, topics, tmp_path, flows) == (200, 200)
    publish(kafka.bootstrap, [_verdict(topics, flow) for flow in flows[200:]])
    assert await _remembered(settings, topics, tmp_path, flows) == (300, 100)
    assert await _remembered(settings, topics, tmp_path, flows) == (300, 0)


def _verdict(topics: Topics, flow: str) -> Output:
    headers = flow_headers(flow, 0, tenant="acme", trigger="post-login", requested_at=NOW)
    return Output(
        topics.decided("post-login"),
        flow.encode(),
        b"not read",
        h.make({**event_headers("verdict", f"{flow}/0"), **headers}),
        partition=0,
    )


async def _remembered(
    settings: Settings, topics: Topics, folder: Path, flows: list[str]
) -> tuple[int, int]:
    """A process from start to end: how many legs it knows, and how many records it read."""
    file = WindowFile(folder)
    windows = file.stage("assemble", HOUR)
    stage = Assemble(
        topics=topics,
        triggers={"post-login": triggers()["post-login"]},
        reader=_NoReader(),
        slip_key=None,
        windows=windows,
    )
    read = _counting(stage)
    await _recovered(stage, settings)
    known = [windows.of("", 0).get(leg_key(flow, 0)) for flow in flows]
    assert known == [number if value is not None else None for number, value in enumerate(known)]
    file.close()
    return sum(value is not None for value in known), len(read)


def _counting(stage: Assemble) -> list[Message]:
    (memory,) = stage.memories
    read: list[Message] = []

    def remember(message: Message) -> None:
        read.append(message)
        memory.remember(message)

    stage.memories = (
        type(memory)(memory.topics, memory.window, remember, memory.forget, windows=memory.windows),
    )
    return read


async def _recovered(stage: Assemble, settings: Settings) -> None:
    loop = asyncio.get_running_loop()
    failures: list[BaseException] = []

    def on_loop(function: Callable[[], None]) -> None:
        loop.call_soon_threadsafe(function)

    recovery = Recovery(
        stage, settings, clock=SystemClock(), on_loop=on_loop, fatal=failures.append
    )
    partition = Assigned(stage.topics[0], 0)
    recovery.begin([partition])
    await asyncio.to_thread(until, lambda: partition.ready or bool(failures), "it is rebuilt")
    assert failures == []


class _NoReader:
    """Nobody asks for a verdict again here."""

    async def read(self, topic: str, partition: int, offset: int) -> Message | None:
        """Not called."""
        raise AssertionError((topic, partition, offset))
