"""Keycloak, the real one, three ways: our scripts, its events on Kafka, and its event log."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from confluent_kafka import Producer

from authstream.apps.demo.collector import Collector
from authstream.contracts.verdict import Verdict
from authstream.engine.identity import flow_id
from authstream.engine.provider import UNAVAILABLE
from authstream.publisher import VerdictReader
from authstream.settings import Settings
from tests.gateway_ground import Ground, await_spans, folder, secret_of, serving, traced
from tests.kafka_log import until
from tests.providers import keycloak_realm, keycloak_server
from tests.providers.keycloak_realm import Realm
from tests.real_provider import claims

pytestmark = pytest.mark.timeout(300)
TOPIC = "keycloak.events"
CONNECTIONS: dict[str, dict[str, object]] = {
    "keycloak": {"provider": "keycloak", "deadline": "1s"},
    "told": {
        "provider": "keycloak",
        "topic": TOPIC,
        "triggers": {"LOGIN": "post-login"},
    },
}
WITHIN = timedelta(seconds=60)
PEOPLE = ("alice", "blocked-bob", "slow-eve", "carol", "dora", "traced-ada")


@pytest.fixture(scope="module")
def collector() -> Iterator[Collector]:
    """Gets Keycloak's spans and ours."""
    with Collector() as made:
        yield made


@pytest.fixture(scope="module")
def ground(tmp_path_factory: pytest.TempPathFactory, collector: Collector) -> Iterator[Ground]:
    """Broker, worker and gateway, and what reads the providers' own events."""
    root = folder(tmp_path_factory.mktemp("keycloak"), CONNECTIONS)
    with serving(root, traced(collector)) as made:
        command = (sys.executable, "-m", "authstream.cli", "ingest", "--folder", f"{root}")
        ingest = subprocess.Popen(command, env=made.up.environment)
        yield made
        ingest.terminate()
        assert ingest.wait(30) == 0


@pytest.fixture(scope="module")
def log(
    ground: Ground, collector: Collector, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[str, Path]]:
    """Keycloak's address and its log."""
    options = (
        "--tracing-protocol=http/protobuf",
        f"--tracing-endpoint={collector.url}",
        "--spi-events-listener--jboss-logging--success-level=info",
    )
    members = {
        "AUTHSTREAM_URL": ground.hooks("keycloak"),
        "AUTHSTREAM_SECRET": secret_of("keycloak"),
        "OTEL_BSP_SCHEDULE_DELAY": "200",
    }
    home = tmp_path_factory.mktemp("server")
    with keycloak_server.serving(home, options, **members) as made:
        yield made


@pytest.fixture(scope="module")
def realm(log: tuple[str, Path]) -> Iterator[Realm]:
    """A realm that asks us."""
    with keycloak_realm.made(log[0]) as made:
        yield made


@pytest.fixture(scope="module")
def people(realm: Realm) -> dict[str, str]:
    """Their ids by name."""
    return {name: realm.make_user(name) for name in PEOPLE}


def asked(ground: Ground) -> float:
    """How many calls the scripts made."""
    page = httpx.get(f"{ground.url}/metrics").text
    return sum(
        float(line.rpartition(" ")[2])
        for line in page.splitlines()
        if line.startswith("authstream_gateway_calls_total") and 'connection="keycloak"' in line
    )


@pytest.mark.usefixtures("people")
def test_claims_are_in_both_tokens_and_again_at_refresh(realm: Realm, ground: Ground) -> None:
    """One question for a login, whose claims both tokens have; one more for its refresh."""
    before = asked(ground)
    said = realm.password("alice").json()
    after_login = asked(ground)
    again = realm.token(grant_type="refresh_token", refresh_token=said["refresh_token"]).json()
    for tokens in (said, again):
        for kind in ("id_token", "access_token"):
            token = claims(tokens[kind])
            assert (token["tenant"], token["plan"]) == ("acme", "gold"), (kind, token)
    assert claims(said["id_token"])["once"] != claims(again["id_token"])["once"]
    assert (after_login - before, asked(ground) - after_login) == (1, 1)


@pytest.mark.usefixtures("people")
def test_a_browser_gets_its_claims_too(realm: Realm, ground: Ground) -> None:
    """By code and PKCE, with one question for all of it."""
    before = asked(ground)
    said = realm.browse("alice").json()
    assert claims(said["id_token"])["tenant"] == "acme"
    assert claims(said["access_token"])["plan"] == "gold"
    assert asked(ground) - before == 1


def test_a_denial_is_told_with_its_text(realm: Realm, people: dict[str, str]) -> None:
    """To a client, to a browser on Keycloak's own page, and to Keycloak's own record."""
    told = realm.password("blocked-bob")
    page = realm.browse("blocked-bob")
    assert (told.status_code, told.json()["error"]) == (403, "access_denied")
    assert told.json()["error_description"] == "Blocked by policy"
    assert page.status_code == 403
    assert "Blocked by policy" in page.text
    written = [event["type"] for event in realm.events(people["blocked-bob"])]
    assert written.count("LOGIN_ERROR") == 2


@pytest.mark.usefixtures("people")
def test_closed_when_there_is_no_verdict_in_time(realm: Realm) -> None:
    """Nobody gets in, and is told to try again later."""
    late = realm.password("slow-eve")
    assert (late.status_code, late.json()["error_description"]) == (403, UNAVAILABLE)


def test_one_trace_from_keycloak_to_the_action(
    realm: Realm, people: dict[str, str], collector: Collector
) -> None:
    """The script's call goes on with Keycloak's own span."""
    assert realm.password("traced-ada").status_code == 200
    assert people
    found: list[str] = []

    def joined() -> bool:
        spans = list(collector.spans)
        known = {span.span_id for span in spans}
        found[:] = [
            span.trace_id
            for span in spans
            if span.name == "POST /hooks/keycloak" and span.parent_id in known
        ]
        return bool(found)

    until(joined, "a span of ours has one of Keycloak's as parent")
    await_spans(collector, found[-1], "run policy", "process auth.post-login.decided.v1")


def verdict_on(ground: Ground, event_id: str, user_id: str) -> Verdict:
    """The verdict on what Keycloak told."""
    flow = flow_id("default", "post-login", "/connections/told", event_id, subject=user_id)
    settings = Settings(brokers=ground.up.brokers, embedded=True)
    deadline = time.monotonic() + WITHIN.total_seconds()
    with VerdictReader("post-login", group=event_id, settings=settings) as reader:
        while time.monotonic() < deadline:
            found = reader.next(timedelta(seconds=2))
            if found is not None and found.flow_id == flow:
                return found
    raise AssertionError(f"no verdict on {event_id}")


def publish(ground: Ground, record: bytes) -> None:
    """As a Kafka listener of Keycloak, or a log shipper, would."""
    producer = Producer({"bootstrap.servers": ground.up.brokers})
    producer.produce(TOPIC, record)
    assert producer.flush(10) == 0


def test_events_on_kafka_become_flows(realm: Realm, people: dict[str, str], ground: Ground) -> None:
    """A real login event, as JSON on a topic: the flow runs, under the event's own id."""
    assert realm.password("carol").status_code == 200
    (event,) = [one for one in realm.events(people["carol"]) if one["type"] == "LOGIN"]
    record = json.dumps(event).encode()
    publish(ground, record)
    found = verdict_on(ground, event["id"], people["carol"])
    assert (found.outcome, found.claims.id_token["tenant"]) == ("allowed", "acme")


def test_the_event_log_becomes_flows_in_keycloaks_own_trace(
    realm: Realm,
    log: tuple[str, Path],
    people: dict[str, str],
    ground: Ground,
    collector: Collector,
) -> None:
    """A line of the JSON log on a topic: its flow is in the trace of the request that wrote it."""
    assert realm.password("dora").status_code == 200
    written: list[tuple[bytes, dict[str, Any]]] = []

    def logged() -> bool:
        written.extend(
            (line, json.loads(line))
            for line in log[1].read_bytes().splitlines()
            if people["dora"].encode() in line and b'type=\\"LOGIN\\"' in line
        )
        return bool(written)

    until(logged, "Keycloak logs the login")
    line, said = written[0]
    publish(ground, line)
    trace = said["mdc"]["traceId"]
    spans = await_spans(
        collector, trace, f"process {TOPIC}", "process auth.post-login.requested.v1", "run policy"
    )
    assert spans[f"process {TOPIC}"].parent_id == said["mdc"]["spanId"]
