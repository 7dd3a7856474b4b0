"""The command line against a real Kafka: topics, a supervised worker, send, tail, dead letters."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest
from confluent_kafka import Producer

from tests.acceptance.command_line import (
    Running,
    background,
    environment,
    run,
    run_here,
    wait_for,
)
from tests.kafka_server import KafkaServer

pytestmark = pytest.mark.kafka

_EVENT = "deploy/demo/events/first-login.json"
_READY_SECONDS = 40.0


@dataclass(frozen=True, slots=True)
class Site:
    """A folder on a cluster: topics made, worker up."""

    folder: Path
    env: dict[str, str]
    worker: Running


def write_folder(folder: Path) -> Path:
    """A flow of one action that sets a claim."""
    files = {
        "flows/post-login.yaml": "trigger: post-login\nactions: [{action: greet}]\n",
        "actions/greet/action.yaml": "trigger: post-login\n",
        "actions/greet/action.py": (
            "async def on_execute_post_login(event, api):\n"
            "    api.id_token.set_custom_claim('https://example.com/greeting', 'hello')\n"
        ),
    }
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder


@pytest.fixture(scope="module")
def site(kafka: KafkaServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """One supervised worker for all tests of this module."""
    scratch = tmp_path_factory.mktemp("site")
    folder, ready = write_folder(scratch / "folder"), scratch / "ready"
    env = environment(
        AUTHSTREAM_BROKERS=kafka.bootstrap,
        AUTHSTREAM_PREFIX="t-cli",
        AUTHSTREAM_PARTITIONS="2",
        AUTHSTREAM_READY_FILE=str(ready),
    )
    applied = run("topics", "apply", "--folder", str(folder), env=env)
    assert applied.status == 0, applied.err
    with background(
        "worker", "--folder", str(folder), "--supervised", folder=scratch, env=env
    ) as worker:
        wait_for(ready.exists, seconds=_READY_SECONDS, what=f"worker ready: {worker.err}")
        yield Site(folder, env, worker)


def test_apply_twice_creates_nothing_twice(site: Site) -> None:
    """Topics that are there stay as they are, and check agrees."""
    assert (
        "all topics are there"
        in run("topics", "apply", "--folder", str(site.folder), env=site.env).out
    )
    assert run("topics", "check", "--folder", str(site.folder), env=site.env).status == 0


def test_apply_refuses_to_change_partitions(site: Site) -> None:
    """Partitions decide where a user's records are, so another number is an error, not a change."""
    done = run(
        "topics",
        "apply",
        "--folder",
        str(site.folder),
        env={**site.env, "AUTHSTREAM_PARTITIONS": "3"},
    )
    assert done.status == 78
    assert "never changed" in done.err


def test_send_prints_the_verdict(site: Site) -> None:
    """A published login comes back as one JSON verdict with the action's claim."""
    done = run("send", _EVENT, "--id", "login-1", env=site.env)
    assert done.status == 0, done.err
    verdict = json.loads(done.out)
    assert (verdict["outcome"], verdict["claims"]["id_token"]) == (
        "allowed",
        {"https://example.com/greeting": "hello"},
    )


def test_the_same_id_gets_the_same_verdict(site: Site) -> None:
    """A provider's retry is answered from the log: same flow, same time of decision."""
    first, second = (
        json.loads(run("send", _EVENT, "--id", "login-2", env=site.env).out) for _ in range(2)
    )
    assert first == second


def test_tail_prints_decoded_records(site: Site) -> None:
    """A topic can be read by its short name, body decoded."""
    run("send", _EVENT, "--id", "login-3", env=site.env)
    done = run(
        "tail",
        "post-login.decided.v1",
        "--beginning",
        "--count",
        "1",
        "--seconds",
        "20",
        env=site.env,
    )
    record = json.loads(done.out.splitlines()[0])
    assert record["topic"] == "t-cli.post-login.decided.v1"
    assert record["value"]["outcome"] == "allowed"


def test_a_bad_event_is_answered_and_kept(site: Site) -> None:
    """An event that is no JSON becomes a dead letter that list and show print."""
    producer = Producer({"bootstrap.servers": site.env["AUTHSTREAM_BROKERS"]})
    producer.produce(
        "t-cli.post-login.requested.v1",
        b"not json",
        headers=[("ce_id", b"bad-1"), ("ce_source", b"test")],
    )
    assert producer.flush(10) == 0
    wait_for(
        lambda: "invalid_event" in run("dead-letters", "list", env=site.env).out,
        seconds=20,
        what="a dead letter",
    )
    line = next(
        line
        for line in run("dead-letters", "list", env=site.env).out.splitlines()
        if "invalid_event" in line
    )
    shown = json.loads(run("dead-letters", "show", line.split("\t")[0], env=site.env).out)
    assert shown["value"] == "not json"
    assert shown["headers"]["authstream-dead-topic"] == "t-cli.post-login.requested.v1"
    assert run("send", _EVENT, "--id", "after-bad", env=site.env).status == 0


def test_doctor_is_content_with_broker_and_topics(site: Site) -> None:
    """Against a cluster with its topics, doctor finds no failure."""
    done = run("doctor", "--folder", str(site.folder), env=site.env)
    assert done.status == 0, done.out
    assert "as they should be" in done.out
    assert "no action can redirect" in done.out  # a warning: there is no key for it


def test_a_worker_refuses_to_start_without_its_topics(site: Site) -> None:
    """A missing topic is named, with the command that creates it."""
    done = run(
        "worker", "--folder", str(site.folder), env={**site.env, "AUTHSTREAM_PREFIX": "t-none"}
    )
    assert done.status == 78
    assert "topic t-none.post-login.requested.v1 is missing" in done.err
    assert "authstream topics apply" in done.err


def test_a_worker_refuses_wrong_partitions(site: Site) -> None:
    """Another number of partitions than configured would break the order per user."""
    done = run(
        "worker", "--folder", str(site.folder), env={**site.env, "AUTHSTREAM_PARTITIONS": "5"}
    )
    assert done.status == 78
    assert "has 2 partitions, 5 are configured" in done.err


def test_a_worker_without_a_broker_says_so_and_keeps_trying(site: Site, tmp_path: Path) -> None:
    """It does not give up, and still ends when told to."""
    env = {
        **site.env,
        "AUTHSTREAM_BROKERS": "127.0.0.1:1",
        "AUTHSTREAM_READY_FILE": str(tmp_path / "ready"),
    }
    with background("worker", "--folder", str(site.folder), folder=tmp_path, env=env) as worker:
        wait_for(
            lambda: worker.err.count("broker_unreachable") >= 2, seconds=30, what="two complaints"
        )
        assert worker.process.poll() is None
        worker.process.terminate()
        assert worker.process.wait(30) == 0


def test_an_unknown_stage_is_an_error(site: Site) -> None:
    """A stage pattern that matches nothing would host nothing, so it is refused."""
    done = run("worker", "absent.*", "--folder", str(site.folder), env=site.env)
    assert done.status == 78
    assert "no stage matches 'absent.*'" in done.err


def test_bench_measures_how_long_logins_wait(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every login is decided, at the rate that was asked for."""
    for name, value in site.env.items():
        monkeypatch.setenv(name, value)
    done = run_here("bench", "--rate", "40", "--duration", "1", "--json")
    said = json.loads(done.out)
    assert (done.status, said["logins"], said["outcomes"]) == (0, 40, {"allowed": 40})
    assert 0 < said["wait_ms"]["p50"] <= said["wait_ms"]["p99"] <= said["wait_ms"]["longest"]
    assert 30 < said["per_second"] < 50
    told = run_here("bench", "--rate", "20", "--duration", "1").out
    assert "20 logins" in told
    assert "waited (ms): p50" in told


def test_erase_forgets_a_user_and_says_what_remains(
    site: Site, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The profile is gone, another's is not, and each topic with users says until when."""
    store = tmp_path / "profiles.db"
    told = {"SINK": "sqlite", "URL": f"{store}"}
    for name, value in {f"AUTHSTREAM_METADATA__{name}": told[name] for name in told}.items():
        monkeypatch.setenv(name, value)
    for name, value in site.env.items():
        monkeypatch.setenv(name, value)
    assert "no profile was stored" in run_here("users", "erase", "ada", "--tenant", "acme").out
    with closing(sqlite3.connect(store)) as database, database:
        rows = [("acme", user, "{}", "{}") for user in ("ada", "eve")]
        database.executemany("INSERT INTO profiles VALUES (?, ?, ?, ?)", rows)
    said = run_here("users", "erase", "ada", "--tenant", "acme").out
    assert said.startswith("profile deleted")
    with closing(sqlite3.connect(store)) as database:
        assert database.execute("SELECT user_id FROM profiles").fetchall() == [("eve",)]
    for topic in ("post-login.requested.v1", "action.greet.v1", "dead-letter.v1"):
        assert f"t-cli.{topic}" in said
    assert "t-cli.control.v1" not in said
    assert "never" not in said


def test_a_control_log_comes_back_from_its_backup(
    kafka: KafkaServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Into new topics, revision for revision; not into topics that are in use."""
    file = f"{tmp_path / 'control.backup'}"
    told = {"AUTHSTREAM_BROKERS": kafka.bootstrap, "AUTHSTREAM_PARTITIONS": "1"}
    for name, value in environment(**told).items():
        monkeypatch.setenv(name, value)
    trails: list[str] = []
    for prefix in ("t-kept", "t-restored"):
        monkeypatch.setenv("AUTHSTREAM_PREFIX", prefix)
        assert run_here("topics", "apply").status == 0
        if prefix == "t-kept":
            words = ("deny-all", "post-login", "--reason", "an exercise")
            assert run_here("break-glass", *words).status == 0
            assert "1 records of control" in run_here("control", "backup", file).out
        else:
            assert "1 records of control restored" in run_here("control", "restore", file).out
        trails.append(run_here("audit").out)
    assert "an exercise" in trails[0]
    assert trails[0] == trails[1]
    again = run_here("control", "restore", file)
    assert again.status == 78
    assert "is not empty" in again.err
