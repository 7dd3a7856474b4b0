"""What all tests share: one real Kafka per run, and a loud word when a server is missing."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from typing import Protocol

import pytest

from tests import browser, kafka_jars, postgres_server, prometheus_tools
from tests.kafka_server import KafkaServer

_LEFT_OUT = pytest.StashKey[str]()
_SAID = "left_out"
#: Markers of tests that need a real server, what it is called, and what it lacks here.
_SERVERS = {
    "kafka": ("a real Kafka", kafka_jars.missing),
    "postgres": ("a real PostgreSQL", postgres_server.missing),
    "browser": ("a real browser", browser.missing),
    "promtool": ("Prometheus' tools", prometheus_tools.missing),
}


@pytest.fixture(scope="session")
def kafka() -> Iterator[KafkaServer]:
    """A running broker, shared by the run: use `topic_prefix` to keep tests apart."""
    with KafkaServer() as server:
        yield server


@pytest.fixture
def topic_prefix() -> str:
    """A prefix for topics and groups that no other test has, such as `t-ab12cd`."""
    return f"t-{secrets.token_hex(3)}"


@pytest.hookimpl(trylast=True)  # after -k and -m have chosen
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out tests that need a server where there can be none; where CI is set, fail."""
    notices: list[str] = []
    for marker, (server, missing) in _SERVERS.items():
        left_out = [item for item in items if item.get_closest_marker(marker)]
        if not left_out or not (lacking := missing()):
            continue
        notices.append(f"{len(left_out)} tests need {server}. Install {' and '.join(lacking)}.")
        if os.environ.get("CI"):
            raise pytest.UsageError(notices[-1])
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in left_out]
    if notices:
        config.stash[_LEFT_OUT] = "\n".join(notices)
        output: dict[str, str] | None = getattr(config, "workeroutput", None)
        if output is not None:  # one of several, which prints nothing itself
            output[_SAID] = config.stash[_LEFT_OUT]


class _Worker(Protocol):
    """One of pytest-xdist's, which has no types."""

    config: pytest.Config
    workeroutput: dict[str, str]


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: _Worker) -> None:
    """Take what a worker left out: all of them collect, and leave out, the same."""
    if notice := getattr(node, "workeroutput", {}).get(_SAID):  # one that crashed has none
        node.config.stash[_LEFT_OUT] = notice


def pytest_collection_finish(session: pytest.Session) -> None:
    """Fetch Kafka's jars before the tests, whose time-outs are for tests."""
    wanted = any(item.get_closest_marker("kafka") for item in session.items)
    if not wanted or session.config.option.collectonly:
        return
    try:
        kafka_jars.fetch_jars()
    except RuntimeError as error:
        raise pytest.UsageError(f"Kafka's jars cannot be fetched: {error}") from error


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """Say what was left out, where nobody can miss it."""
    if notice := config.stash.get(_LEFT_OUT, None):
        terminalreporter.section("REAL SERVERS LEFT OUT", sep="!", red=True, bold=True)
        terminalreporter.line(notice, red=True, bold=True)
