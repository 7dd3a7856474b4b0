"""Kill -9 of workers while a provider calls: no call is lost, none is decided twice."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from tests.chaos.calls import DEADLINE, SHED, served
from tests.chaos.load_rate import WANTED
from tests.chaos.logins import SLOW_RATE, Logins
from tests.chaos.pipeline import start_groups
from tests.chaos.test_kill import kill_and_await
from tests.chaos.workers import Workers
from tests.kafka_server import KafkaServer

pytestmark = [pytest.mark.kafka, pytest.mark.chaos, pytest.mark.timeout(900)]

FULL = bool(os.environ.get("FULL"))
#: Reasons that a connection's own policy answers for.
POLICY = SHED | {"timeout", "action_timeout"}
#: Killed in the short form: where actions run, and where verdicts are made.
SHORT = ("action", "assemble")
#: An answer by policy comes at the deadline; a loaded machine is a little later.
LATEST = DEADLINE.total_seconds() + 2


def test_no_call_is_lost_or_decided_twice(
    workers: Workers, logins: Logins, kafka: KafkaServer, tmp_path: Path
) -> None:
    """Each call is answered by its one verdict, or by its connection's policy, which is counted."""
    started = start_groups(workers, logins)
    with served(logins, kafka.bootstrap, tmp_path / "gateway") as calls:
        with calls.driven(WANTED if FULL else SLOW_RATE):
            for name in started if FULL else SHORT:
                kill_and_await(started[name], logins)
        logins.await_all()
    sys.stderr.write(f"{calls.summary()}\n{logins.summary()}\n")
    asked = {flow for flow, told in calls.told.items() if told.code not in SHED}
    assert asked == logins.fates.keys()
    assert {told.status for told in calls.told.values()} == {200}
    assert set(calls.failures()) <= POLICY
    assert max(told.seconds for told in calls.told.values()) < LATEST
    logins.assert_sound(late=True)
    allowed = {flow for flow, told in calls.told.items() if told.outcome == "allowed"}
    decided = {flow for flow, fate in logins.fates.items() if fate.outcome == "allowed"}
    assert allowed <= decided
    assert len(allowed) + calls.failures().total() == len(calls.told)
