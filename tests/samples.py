"""Small valid records: each builder takes what the test is about and fills in the rest."""

from __future__ import annotations

from typing import Any

import orjson

from authstream.apps.stages import triggers
from authstream.contracts import headers as h
from authstream.contracts.envelope import Command, Envelope, OnError, Run, RunStatus, Slip, Step
from authstream.contracts.topics import Topics
from authstream.contracts.verdict import Verdict
from authstream.engine import fold as engine_fold
from authstream.engine.identity import flow_id
from authstream.engine.ports import Message, Output
from authstream.triggers.post_login import PLUGIN as POST_LOGIN

TOPICS = Topics()
TRIGGERS = {POST_LOGIN.name: POST_LOGIN}
#: Broker time of every sample, milliseconds.
NOW = 1_700_000_000_000
FLOW = flow_id("default", "post-login", "idp", "login-1", subject="user-1")
KEY = b"default/user-1"


def event(**members: Any) -> dict[str, Any]:
    """A valid post-login event with more or other top-level members."""
    return {
        "client": {"client_id": "shop", "name": "Shop"},
        "connection": {"name": "db"},
        "request": {"ip": "192.0.2.1"},
        "tenant": {"id": "default"},
        "user": {"user_id": "user-1", "email": "ada@example.com"},
        **members,
    }


def message(
    topic: str,
    value: bytes | None,
    *,
    headers: dict[str, str] | None = None,
    partition: int = 0,
    offset: int = 0,
    timestamp: int = NOW,
) -> Message:
    """A record as a runner hands it to a stage."""
    made = h.make(headers or {})
    return Message(topic, partition, offset, KEY, value, made, timestamp)


def read_back(output: Output, *, offset: int = 0, partition: int = 0) -> Message:
    """An output as the next stage gets it."""
    number = partition if output.partition is None else output.partition
    topic, key, value, headers = output.topic, output.key, output.value, output.headers
    return Message(topic, number, offset, key, value, headers, NOW)


def requested(
    body: dict[str, Any] | bytes, *, event_id: str = "login-1", **headers: str
) -> Message:
    """A published login; more headers by their constants' values with `_` for `-`."""
    value = body if isinstance(body, bytes) else orjson.dumps(body)
    said = {h.CE_ID: event_id, h.CE_SOURCE: "idp"} | {
        name.replace("_", "-"): text for name, text in headers.items()
    }
    return message(TOPICS.requested("post-login"), value, headers=said)


def step(
    action: str,
    *,
    version: int = 1,
    skipped: bool = False,
    on_error: OnError = "fail",
    timeout_ms: int = 5_000,
) -> Step:
    """A planned step, on the action's own topic."""
    return Step(
        action=action,
        version=version,
        topic=TOPICS.action("default", action),
        timeout_ms=timeout_ms,
        on_error=on_error,
        skipped=skipped,
    )


def run(action: str, status: RunStatus = "ok", *, version: int = 1) -> Run:
    """The record of a run of 3 ms."""
    return Run(action=action, version=version, started_at=NOW, duration_ms=3.0, status=status)


def command(name: str, *arguments: object, action: str = "claims") -> Command:
    """A recorded call on `api`."""
    return Command(action=action, name=name, arguments=orjson.dumps(arguments))


def envelope(*commands: Command, steps: tuple[Step, ...] = (), **members: Any) -> Envelope:
    """A flow under way, by default with all its steps done."""
    done = tuple(run(one.action, version=one.version) for one in steps if not one.skipped)
    return Envelope.model_validate(
        {
            "flow_id": FLOW,
            "tenant": "default",
            "trigger": "post-login",
            "key": KEY.decode(),
            "subject": "user-1",
            "requested_at": NOW,
            "deadline_at": NOW + 20_000,
            "event": orjson.dumps(event()),
            "slip": Slip(steps=steps, position=len(steps)),
            "commands": commands,
            "runs": done,
            **members,
        }
    )


def fold(flow: Envelope, *, now: int) -> Verdict:
    """The verdict of a flow under the rules of its own trigger."""
    return engine_fold.fold(flow, triggers()[flow.trigger], now=now)


def verdict(**members: Any) -> Verdict:
    """An allowed leg."""
    return Verdict.model_validate(
        {
            "flow_id": FLOW,
            "leg": 0,
            "tenant": "default",
            "trigger": "post-login",
            "subject": "user-1",
            "outcome": "allowed",
            "requested_at": NOW,
            "decided_at": NOW + 10,
            **members,
        }
    )
