"""Dead letters on a real Kafka: found by filter, published again under their ids, settled once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from authstream.broker.dead_letters import DeadLetter, DeadLetters, Filter, ReplayRefusedError
from authstream.broker.kafka_topics import KafkaTopics, wanted
from authstream.contracts import headers as h
from authstream.contracts.avro import encode
from authstream.contracts.effect import Effect
from authstream.contracts.topics import Topics
from authstream.control.tokens import Tokens
from authstream.engine.ports import Message, Output
from authstream.errors import RecordError, UndecodableError
from authstream.gateway.admin.app import admin_app
from authstream.gateway.admin.callers import Entrance
from authstream.settings import Settings
from authstream.stages.effect import GivenUpError
from authstream.stages.outputs import dead_letter
from tests import kafka_log
from tests.contract.test_effect_kinds import PAYLOADS, effect
from tests.control_plane import Refusing, door, memory_store
from tests.kafka_server import KafkaServer
from tests.samples import envelope
from tests.unit.test_admin_api import Client

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(120)]
PARTITION = 2


@dataclass
class Site:
    """The topics of one prefix."""

    settings: Settings
    topics: Topics
    letters: DeadLetters

    def set_aside(self, origin: Message, error: RecordError, *, stage: str) -> DeadLetter:
        """A record in the dead letters, as its stage puts it there."""
        output = dead_letter(self.topics.dead_letter, origin, error, stage=stage)
        ((partition, offset),) = kafka_log.publish(self.settings.brokers, [output])
        found = self.letters.at(partition, offset)
        assert found is not None
        return found

    def published(self, topic: str) -> Message:
        """The one record of a topic."""
        (record,) = kafka_log.read(self.settings.brokers, topic, 1)
        return record

    def write(self, topic: str, **said: str) -> None:
        """A record that something was done."""
        key, headers = b"acme/ada", h.make(said)
        output = Output(topic, key, b"x", headers, PARTITION)
        kafka_log.publish(self.settings.brokers, [output])


@pytest.fixture
def site(kafka: KafkaServer, topic_prefix: str) -> Iterator[Site]:
    """All topics, empty."""
    settings = Settings(brokers=kafka.bootstrap, prefix=topic_prefix)
    topics = Topics(topic_prefix)
    needed = wanted(topics, settings, triggers=["post-login"], actions=[], kinds=["log"])
    KafkaTopics(settings).apply(needed)
    kafka_log.await_readable(settings, needed)
    with DeadLetters(settings) as letters:
        yield Site(settings, topics, letters)


def record(topic: str, value: bytes, **said: str) -> Message:
    """A record as its stage read it, at offset 7."""
    headers = h.make({h.TENANT: "acme", h.FLOW_ID: "flow-1", **said})
    return Message(topic, PARTITION, 7, b"acme/ada", value, headers, 0)


def an_effect(site: Site, topic: str | None = None) -> tuple[Effect, DeadLetter]:
    """An effect that was given up, and its letter."""
    ordered = effect("log", PAYLOADS["log"])
    said = {h.CE_ID: ordered.id, h.ATTEMPT: "11", h.SEQUENCE: "3", h.HOP: "12"}
    origin = record(topic or site.topics.effects("log"), encode(ordered), **said)
    return ordered, site.set_aside(origin, GivenUpError("no", attempts=11), stage="effect.log")


def test_letters_are_found_by_what_is_known_of_them(site: Site) -> None:
    """Reason, stage and tenant; newest first; those settled only when asked for."""
    _, first = an_effect(site)
    other = record(site.topics.assemble, b"?")
    second = site.set_aside(other, UndecodableError("bytes"), stage="assemble")
    assert site.letters.find(Filter()) == [second, first]
    assert site.letters.find(Filter(reason="undeliverable")) == [first]
    assert site.letters.find(Filter(stage="assemble", tenant="acme")) == [second]
    assert site.letters.find(Filter(tenant="other")) == []
    site.letters.drop(first)
    assert site.letters.find(Filter()) == [second]
    assert [one.settled for one in site.letters.find(Filter(settled=True))] == [None, "dropped"]


@pytest.mark.parametrize("delayed", [False, True])
def test_an_effect_is_ordered_again_under_its_id(site: Site, *, delayed: bool) -> None:
    """In its partition, its tries counted anew, whichever topic it was set aside from."""
    ordered, letter = an_effect(site, site.topics.effects_retry("log", "5s") if delayed else None)
    site.letters.replay(letter)
    again = site.published(site.topics.effects("log"))
    assert (again.partition, again.key, again.value) == (PARTITION, b"acme/ada", encode(ordered))
    names = {name for name, _ in again.headers}
    assert names == {h.CE_ID, h.TENANT, h.FLOW_ID, h.REPLAY}
    assert [one.settled for one in site.letters.find(Filter(settled=True))] == ["replayed"]


def test_an_effect_that_was_delivered_is_not_ordered_again(site: Site) -> None:
    """However long ago within the topic's retention; that it was given up does not count."""
    ordered, letter = an_effect(site)
    done = site.topics.effects_done("log")
    site.write(done, **{h.CE_ID: ordered.id, h.STATUS: "dead"})
    site.letters.replay(letter)
    site.write(done, **{h.CE_ID: ordered.id, h.STATUS: "delivered"})
    with pytest.raises(ReplayRefusedError, match="was delivered since"):
        site.letters.replay(letter)


def test_a_patch_keeps_its_id_and_its_place(site: Site) -> None:
    """Its place says whether something newer was applied; then it is refused."""
    topic, done = site.topics.user_metadata, site.topics.user_metadata_done
    origin = record(topic, b"patch", **{h.CE_ID: "p1"})
    letter = site.set_aside(origin, GivenUpError("no", attempts=1), stage="metadata")
    site.write(done, **{h.CE_ID: "p0", h.STATUS: "applied", h.SEQUENCE: "5"})
    site.letters.replay(letter)
    again = site.published(topic)
    assert (again.partition, h.number(again.headers, h.SEQUENCE)) == (PARTITION, 7)
    site.write(done, **{h.CE_ID: "p2", h.STATUS: "applied", h.SEQUENCE: "9"})
    with pytest.raises(ReplayRefusedError, match="a newer patch"):
        site.letters.replay(letter)
    site.write(done, **{h.CE_ID: "p1", h.STATUS: "applied", h.SEQUENCE: "7"})
    with pytest.raises(ReplayRefusedError, match="was applied since"):
        site.letters.replay(letter)


@pytest.mark.parametrize("effects", [False, True])
def test_a_login_becomes_a_new_flow(site: Site, *, effects: bool) -> None:
    """From its event, wherever in the flow it was set aside; without effects unless wanted."""
    flow = envelope()
    said = {h.REPLY_PARTITION: "1", h.CORRELATION_ID: "c", h.CE_ID: "x"}
    origin = record(site.topics.action("default", "claims"), encode(flow), **said)
    letter = site.set_aside(origin, UndecodableError("x"), stage="action.claims")
    said_of_it = site.letters.replay(letter, effects=effects)
    again = site.published(site.topics.requested("post-login"))
    assert again.value == flow.event
    assert h.text(again.headers, h.REPLAY_OF) == flow.flow_id
    assert (h.text(again.headers, h.CE_ID) or "?") in said_of_it
    assert h.first(again.headers, h.REPLY_PARTITION) is None
    assert h.first(again.headers, h.EFFECTS) == (None if effects else h.EFFECTS_OFF)


def test_what_holds_no_login_is_refused(site: Site) -> None:
    """There is no way back for it; the reason says so."""
    origin = record(site.topics.decided("post-login"), b"?")
    letter = site.set_aside(origin, UndecodableError("x"), stage="fanout")
    with pytest.raises(ReplayRefusedError, match="ordered anew"):
        site.letters.replay(letter)


@pytest.fixture
def api(site: Site) -> Iterator[Client]:
    """The admin API at these letters, with an operator's token."""
    with memory_store() as store:
        ada = door(store, builder=Refusing())
        app = admin_app(Entrance(ada, letters=lambda: DeadLetters(site.settings)))
        token = Tokens(ada).create("operator", "operator")
        client = Client(app)
        client.headers["Authorization"] = f"Bearer {token}"
        yield client


def test_letters_are_settled_over_http(site: Site, api: Client) -> None:
    """As at the command line: by filter or by place, each once, what is refused with the reason."""
    url = "/v1/admin/dead-letters"
    _, first = an_effect(site)
    lost = record(site.topics.decided("post-login"), b"?")
    second = site.set_aside(lost, UndecodableError("bytes"), stage="fanout")
    listed = api.get(url, params={"limit": 1}).json()
    rest = api.get(url, params={"cursor": listed["next"]}).json()
    assert [one["place"] for one in listed["items"] + rest["items"]] == [second.place, first.place]
    (found,) = api.get(url, params={"reason": "undeliverable", "tenant": "acme"}).json()["items"]
    assert (found["place"], found["stage"]) == (first.place, "effect.log")
    assert found["origin"]["offset"] == 7
    shown = api.get(f"{url}/{first.place}").json()
    assert shown["record"]["value"]["payload"] == PAYLOADS["log"]
    said = api.post(f"{url}/replay", json={"hours": 1}).json()
    assert said["replayed"] == {first.place: "the effect, under its id"}
    assert "ordered anew" in said["refused"][second.place]
    assert site.published(site.topics.effects("log")).partition == PARTITION
    dropped = api.post(f"{url}/drop", json={"places": [second.place]}).json()
    assert dropped == {"dropped": [second.place]}
    assert api.get(url).json()["items"] == []


def test_what_is_not_there_or_not_said_is_a_problem(api: Client) -> None:
    """Nothing is settled by accident."""
    url = "/v1/admin/dead-letters"
    assert [api.get(f"{url}/{place}").status_code for place in ("0/99", "99/0")] == [404, 404]
    for body in ({}, {"places": ["x"]}, {"limit": 5}):
        assert api.post(f"{url}/drop", json=body).status_code == 422
