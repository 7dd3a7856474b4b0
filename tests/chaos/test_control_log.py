"""Writers of the control log compete and are killed: each revision has one winner, none is lost."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path

import pytest

from authstream.apps.control import opened
from authstream.broker.kafka_log import KafkaLog
from authstream.contracts.topics import Topics
from authstream.control.objects import VariableObject
from authstream.control.store import Store
from authstream.control.view import View
from authstream.settings import Settings
from tests.chaos.control_writer import OBJECTS
from tests.kafka_log import until
from tests.kafka_server import KafkaServer

pytestmark = [pytest.mark.kafka, pytest.mark.chaos, pytest.mark.timeout(300)]

ROOT = Path(__file__).resolve().parents[2]
WRITERS = 4
ATTEMPTS = 250
#: The first writer is killed after so many lines.
KILLED_AFTER = 60
WITHIN = timedelta(seconds=120)


class Writer:
    """A process that writes, and what it said."""

    def __init__(self, settings: Settings, name: str, attempts: int, out: Path) -> None:
        self._out = out
        module = (sys.executable, "-m", "tests.chaos.control_writer")
        with out.open("wb") as stdout:
            self.process = subprocess.Popen(
                (*module, settings.brokers, settings.prefix, name, f"{attempts}"),
                cwd=ROOT,
                stdout=stdout,
                stdin=subprocess.DEVNULL,
            )

    @property
    def lines(self) -> list[list[str]]:
        """What it said, whole lines only."""
        return [line.split() for line in self._out.read_text().split("\n")[:-1]]

    @property
    def won(self) -> dict[tuple[str, int], str]:
        """What was acknowledged to it: by object and revision, the value."""
        return {(line[1], int(line[2])): line[3] for line in self.lines if line[0] == "won"}


@pytest.fixture
def settings(kafka: KafkaServer, topics: Topics) -> Settings:
    """Of a cluster with its topics."""
    return Settings(brokers=kafka.bootstrap, prefix=topics.prefix)


@pytest.fixture
def writers(settings: Settings, tmp_path: Path) -> Iterator[list[Writer]]:
    """Competing writers, none of which is left behind."""
    started = [
        Writer(settings, f"writer-{number}", ATTEMPTS, tmp_path / f"{number}.out")
        for number in range(WRITERS)
    ]
    yield started
    for writer in started:
        writer.process.kill()
        writer.process.wait()


def test_1000_conflicting_writes_and_a_kill(
    settings: Settings, writers: list[Writer], tmp_path: Path
) -> None:
    """One winner for each revision, in every view; what was acknowledged is there."""
    victim = writers[0]
    until(lambda: len(victim.lines) >= KILLED_AFTER, "the first writes", within=WITHIN)
    victim.process.kill()
    writers.append(Writer(settings, "heir", ATTEMPTS - KILLED_AFTER, tmp_path / "heir.out"))
    for writer in writers[1:]:
        assert writer.process.wait(WITHIN.total_seconds()) == 0
    acknowledged = [item for writer in writers for item in writer.won.items()]
    assert len(acknowledged) == len(dict(acknowledged)), "a revision was acknowledged twice"
    assert any(line == ["lost"] for writer in writers for line in writer.lines)

    with ExitStack() as stack:
        stores = [stack.enter_context(opened(settings)) for _ in range(2)]
        winners = replayed(settings)
        assert dict(acknowledged).items() <= winners.items()
        attempts = sum(len(writer.lines) for writer in writers)
        assert attempts >= WRITERS * ATTEMPTS
        for key in OBJECTS:
            latest = max(revision for name, revision in winners if name == key.name)
            for store in stores:
                assert value(store, key.name) == (latest, winners[key.name, latest])
    sys.stderr.write(f"{attempts} writes, {len(acknowledged)} acknowledged\n")


def replayed(settings: Settings) -> dict[tuple[str, int], str]:
    """By object and revision, the value of the first record, as a reader of the log sees it."""
    log, view = KafkaLog(settings, Topics(settings.prefix).control), View()
    end = log.span()[1]
    while view.position < end:
        for record in log.read(view.position, wait=timedelta(seconds=5)):
            view.apply(record)
    log.close()
    return {
        (entry.record.name, entry.record.revision): str(
            VariableObject.model_validate_json(entry.record.body or b"").value
        )
        for entry in view.trail()
        if entry.fate == "won"
    }


def value(store: Store, name: str) -> tuple[int, str]:
    """Revision and value of an object in a view."""
    (key,) = (key for key in OBJECTS if key.name == name)
    stored = store.view.get(key)
    return stored.record.revision, str(stored.read(VariableObject).value)
