"""Kill -9 of the resume stage while browsers come back: each flow goes on, and only once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from authstream.apps.stages import deliveries, triggers
from authstream.broker.kafka_topics import KafkaTopics, wanted
from authstream.contracts import headers as h
from authstream.contracts.avro import decode
from authstream.contracts.resume import Resume
from authstream.contracts.topics import Topics
from authstream.contracts.verdict import Verdict
from authstream.engine.first_wins import FirstWins
from authstream.engine.ports import Message, Output
from authstream.engine.resume_record import resume_record
from authstream.settings import Settings
from tests.chaos.logins import event
from tests.chaos.workers import Workers
from tests.kafka_log import Log, publish, until
from tests.kafka_server import KafkaServer

pytestmark = [pytest.mark.kafka, pytest.mark.chaos, pytest.mark.timeout(300)]

#: Browsers that come back between two kills.
_BATCH = 80
_SETTLED_WITHIN = timedelta(seconds=40)
_CODE = """\
def on_execute_post_login(event, api):
    api.redirect.send_user_to("https://verify.example.com/")

def on_continue_post_login(event, api):
    api.id_token.set_custom_claim("verified", True)
"""


class Legs:
    """What was decided of each flow and leg, and who was told."""

    def __init__(self, brokers: str, topics: Topics) -> None:
        self._first = FirstWins(timedelta(hours=1))
        self._decided = Log(brokers, topics.decided("post-login"))
        self._replies = Log(brokers, topics.replies)
        #: Verdicts that stand, by leg.
        self.verdicts: dict[int, dict[str, Verdict]] = defaultdict(dict)
        #: Verdicts that were told, by caller.
        self.told: dict[str, set[bytes]] = defaultdict(set)

    def poll(self) -> None:
        """Take note of what is new."""
        for one in self._decided.poll():
            self._decide(one)
        for one in self._replies.poll():
            self.told[h.text(one.headers, h.CORRELATION_ID) or ""].add(one.value or b"")

    def _decide(self, message: Message) -> None:
        verdict = decode(Verdict, message.value)
        if self._first.accepts(message, verdict.flow_id, verdict.leg):
            self.verdicts[verdict.leg][verdict.flow_id] = verdict

    def await_legs(self, number: int, count: int) -> None:
        """Wait until so many flows have a verdict of a leg."""

        def enough() -> bool:
            self.poll()
            return len(self.verdicts[number]) >= count

        until(enough, f"{count} verdicts of leg {number}", within=_SETTLED_WITHIN)

    def close(self) -> None:
        """Release the connections."""
        self._decided.close()
        self._replies.close()


@pytest.fixture
def suspending(tmp_path: Path, kafka: KafkaServer, topic_prefix: str) -> Path:
    """A folder whose one action sends the browser away, and its topics."""
    folder = tmp_path / "folder"
    (folder / "flows").mkdir(parents=True)
    (folder / "flows/post-login.yaml").write_text(
        "trigger: post-login\nactions: [{action: verify}]\n"
    )
    (folder / "actions/verify").mkdir(parents=True)
    (folder / "actions/verify/action.yaml").write_text("trigger: post-login\n")
    (folder / "actions/verify/action.py").write_text(_CODE)
    settings, topics = Settings(brokers=kafka.bootstrap, prefix=topic_prefix), Topics(topic_prefix)
    actions = [topics.action("default", "verify")]
    KafkaTopics(settings).apply(
        wanted(topics, settings, triggers=triggers(), actions=actions, kinds=deliveries())
    )
    return folder


@pytest.fixture
def suspending_workers(
    suspending: Path, kafka: KafkaServer, topic_prefix: str, tmp_path: Path
) -> Iterator[Workers]:
    """Workers of that folder; all of their processes are gone afterwards."""
    with Workers(kafka.bootstrap, topic_prefix, tmp_path, folder=suspending) as workers:
        yield workers


@pytest.fixture
def legs(suspending: Path, kafka: KafkaServer, topic_prefix: str) -> Iterator[Legs]:  # noqa: ARG001 - makes the topics
    """Watches."""
    legs = Legs(kafka.bootstrap, Topics(topic_prefix))
    yield legs
    legs.close()


def login(topics: Topics, number: int) -> Output:
    """A login that nobody waits for."""
    headers = h.make({h.CE_ID: f"login-{number}", h.CE_SOURCE: "chaos"})
    return Output(topics.requested("post-login"), None, event(f"user-{number}"), headers)


def click(topics: Topics, verdict: Verdict, number: int) -> Output:
    """A browser is back, for the first or the second time."""
    state, browser = verdict.state or "", verdict.flow_id
    resume = Resume(state=state, request={"ip": "203.0.113.7"}, browser=browser)
    address = {h.REPLY_PARTITION: "0", h.CORRELATION_ID: f"{number} {verdict.flow_id}"}
    return resume_record(topics, resume, h.make(address))


def test_kill_9_of_the_resume_stage(
    suspending_workers: Workers, legs: Legs, kafka: KafkaServer, topic_prefix: str, rounds: int
) -> None:
    """Every browser clicks twice, the stage is killed in between: one verdict for each leg.

    It is told to all that waited, and none has two.
    """
    topics, key = Topics(topic_prefix), {"AUTHSTREAM_STATE_KEY": "chaos"}
    rest = ("entry", "action.*", "assemble", "fanout")
    suspending_workers.start("rest", *rest, static=True, **key)
    resuming = suspending_workers.start("resume", "resume", static=True, **key)
    flows = rounds * _BATCH
    publish(kafka.bootstrap, [login(topics, number) for number in range(flows)])
    legs.await_legs(0, flows)
    left = list(legs.verdicts[0].values())
    assert {one.outcome for one in left} == {"suspended"}
    resuming.await_spare()
    for start in range(0, flows, _BATCH):
        batch = left[start : start + _BATCH]
        publish(kafka.bootstrap, [click(topics, one, 1) for one in batch])
        resuming.kill_child()
        publish(kafka.bootstrap, [click(topics, one, 2) for one in batch])
        resuming.await_spare()
    legs.await_legs(1, flows)
    everybody = {f"{n} {one.flow_id}" for one in left for n in (1, 2)}

    def all_told() -> bool:
        legs.poll()
        return everybody <= legs.told.keys()

    until(all_told, "every click is answered", within=_SETTLED_WITHIN)
    later = legs.verdicts[1]
    assert set(later) == set(legs.verdicts[0])
    assert {one.outcome for one in later.values()} == {"allowed"}
    for flow, verdict in later.items():
        told = [decode(Verdict, value) for n in (1, 2) for value in legs.told[f"{n} {flow}"]]
        assert told == [verdict, verdict]
