"""The whole pipeline as worker processes, warmed up, in one shape or another."""

from __future__ import annotations

from authstream.apps.stages import deliveries, triggers
from authstream.broker.kafka_topics import KafkaTopics, wanted
from authstream.contracts.topics import Topics
from authstream.settings import Settings
from tests.chaos.logins import Logins
from tests.chaos.workers import Worker, Workers

#: Each stage or pair of stages in a process of its own.
GROUPS = {
    "entry": ("entry",),
    "action": ("action.*",),
    "assemble": ("assemble",),
    "fanout": ("fanout", "effect.*"),
}
_WARM_UP = 40  # logins: every partition has some


def make_topics(settings: Settings) -> Topics:
    """All topics that the folder's flow needs."""
    topics = Topics(settings.prefix)
    actions = [topics.action("default", name) for name in ("enrich", "claims")]
    needed = wanted(topics, settings, triggers=triggers(), actions=actions, kinds=deliveries())
    KafkaTopics(settings).apply(needed)
    return topics


def start_groups(workers: Workers, logins: Logins, *, leave_out: str = "") -> dict[str, Worker]:
    """A worker for each group but one, under a stable name."""
    started = {
        name: workers.start(name, *stages) for name, stages in GROUPS.items() if name != leave_out
    }
    if not leave_out:
        warm_up(logins, *started.values())
    return started


def warm_up(logins: Logins, *workers: Worker) -> None:
    """Have everything handle something, and wait for the spares; then forget those logins."""
    for _ in range(_WARM_UP):
        logins.publish()
    logins.await_all()
    for worker in workers:
        worker.await_spare()
    logins.fates.clear()
