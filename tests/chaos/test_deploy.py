"""Deploys under load: no login fails, each is on one plan, a second later all are on the new."""

from __future__ import annotations

import sys
import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import replace

import pytest

from authstream.apps.control import door, opened
from authstream.contracts import headers as h
from authstream.contracts.avro import decode
from authstream.contracts.topics import Topics
from authstream.contracts.verdict import Verdict
from authstream.control.actions import Actions
from authstream.control.door import Door, Unchecked
from authstream.control.drafts import Draft
from authstream.control.flows import Flows
from authstream.control.objects import BoundAction, FlowObject
from authstream.settings import Settings
from tests.chaos.logins import TRIGGER, Logins
from tests.chaos.pipeline import warm_up
from tests.chaos.workers import Workers
from tests.kafka_log import Log, until
from tests.kafka_server import KafkaServer

pytestmark = [pytest.mark.kafka, pytest.mark.chaos, pytest.mark.timeout(300)]

NAMES = ("first", "second")
SWITCHED_WITHIN = 1.0  # seconds
#: Actions with their versions, in order.
Plan = tuple[tuple[str, int], ...]


def draft(name: str, text: str) -> Draft:
    """An action that says which text it has, and orders the effect that logins wait for."""
    code = (
        "def on_execute_post_login(event, api):\n"
        f"    api.id_token.set_custom_claim('https://chaos.example/{name}', '{text}')\n"
    )
    effect = "    api.effects.send('log', {'message': 'seen'})\n" if name == NAMES[0] else ""
    return Draft(TRIGGER, "action.py", (code + effect).encode())


@contextmanager
def control(settings: Settings) -> Generator[Door]:
    """A door that trusts the drafts of this test."""
    with opened(settings) as store:
        yield replace(door(store, settings, actor="ada"), builder=Unchecked())


def plans(ada: Door) -> list[Plan]:
    """Every plan that there ever was."""
    flows = [
        FlowObject.model_validate_json(entry.record.body or b"")
        for entry in ada.view.trail()
        if entry.fate == "won" and entry.record.kind == "flow"
    ]
    return [tuple((one.action, one.version) for one in flow.bindings) for flow in flows]


def verdicts(kafka: KafkaServer, topics: Topics, count: int) -> dict[str, Verdict]:
    """The first verdict of every flow."""
    log = Log(kafka.bootstrap, topics.decided(TRIGGER))
    found = log.await_count(count)
    log.close()
    first: dict[str, Verdict] = {}
    for message in found:
        flow = h.text(message.headers, h.FLOW_ID) or ""
        first.setdefault(flow, decode(Verdict, message.value))
    return first


def test_deploys_under_load(
    kafka: KafkaServer, topics: Topics, workers: Workers, logins: Logins
) -> None:
    """Ten deploys, a new action, and its end while logins come in."""
    settings = Settings(brokers=kafka.bootstrap, prefix=topics.prefix)
    with control(settings) as ada:
        actions, flows = Actions(ada, "default"), Flows(ada)
        for name in NAMES:
            actions.create(name, draft(name, "1"))
            actions.deploy(name)
        flows.replace("default", TRIGGER, [BoundAction(action=name, version=0) for name in NAMES])
        worker = workers.follow("live")
        worker.await_assigned()
        warm_up(logins, worker)
        logins.drive()
        after: list[tuple[str, Plan]] = []
        for number in range(10):
            name = NAMES[number % 2]
            actions.edit(name, draft(name, f"{number // 2 + 2}"))
            actions.deploy(name)
            after += published_a_second_later(logins, plans(ada)[-1])
        actions.create("third", draft("third", "1"))
        actions.deploy("third")
        flows.add("default", TRIGGER, BoundAction(action="third", version=0))
        until(lambda: '"stage_started"' in worker.log.read_text(), "the new stage is started")
        time.sleep(SWITCHED_WITHIN)
        actions.delete("third", force=True)
        after += published_a_second_later(logins, plans(ada)[-1])
        logins.settle()
        logins.report()
        logins.assert_sound()
        decided = verdicts(kafka, topics, len(logins.fates))
        known = set(plans(ada))
    for flow in logins.fates:
        assert plan_of(decided[flow]) in known
        assert claims_of(decided[flow]) == {
            f"https://chaos.example/{name}": f"{version}"
            for name, version in plan_of(decided[flow])
        }
    late = [flow for flow, plan in after if plan_of(decided[flow]) != plan]
    sys.stderr.write(f"{len(after)} logins a second after a deploy, {len(late)} on an old plan\n")
    assert late == []


def published_a_second_later(logins: Logins, plan: Plan) -> list[tuple[str, Plan]]:
    """The logins of half a second, beginning a second after now."""
    time.sleep(SWITCHED_WITHIN)
    before = set(logins.fates)
    time.sleep(SWITCHED_WITHIN / 2)
    after = [(flow, plan) for flow in list(logins.fates) if flow not in before]
    # Those that still wait for entry must not meet the next deploy.
    until(lambda: not logins.unanswered(flow for flow, _ in after), "they are decided")
    return after


def plan_of(verdict: Verdict) -> Plan:
    """Which versions ran."""
    return tuple((step.action, step.version) for step in verdict.steps)


def claims_of(verdict: Verdict) -> dict[str, object]:
    """What they said."""
    return dict(verdict.claims.id_token)


def said_by(plan: Plan) -> dict[str, object]:
    """What these versions say."""
    return {f"https://chaos.example/{name}": f"{version}" for name, version in plan}
