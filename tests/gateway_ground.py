"""A folder with an action and connections, and the whole of Authstream serving it."""

from __future__ import annotations

import re
import socket
import time
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from types import MappingProxyType

import httpx
import yaml

from authstream.apps.demo.collector import CollectedSpan, Collector
from authstream.apps.up import Up, free_port
from authstream.engine.ports import Message
from tests.kafka_log import Log, until

READY_WITHIN = timedelta(seconds=30)
#: Claims, a denial, and a flow that takes as long as the user's name says.
POLICY = """
import secrets, time

def on_execute_post_login(event, api):
    who = f"{event.user.user_id} {event.user.get('email')}"
    if "blocked" in who:
        api.access.deny("Blocked by policy")
    if "slow" in who:
        time.sleep(3)
    if "nap" in who:
        time.sleep(1)
    if "away" in who:
        api.redirect.send_user_to("https://terms.example.com/accept")
    for token in (api.id_token, api.access_token):
        token.set_custom_claim("tenant", "acme")
        token.set_custom_claim("plan", "gold")
        token.set_custom_claim("once", secrets.token_hex(8))
    if event.connection.get("strategy") == "aws-cognito":
        api.id_token.set_custom_claim("email", None)
    api.user.set_app_metadata("plan", "gold")
    api.user.set_user_metadata("plan", "gold")

def on_continue_post_login(event, api):
    api.id_token.set_custom_claim("terms", event.request.query.get("terms"))
"""


@dataclass(frozen=True, slots=True)
class Ground:
    """What runs."""

    up: Up
    url: str

    def hooks(self, connection: str) -> str:
        """The address of a connection."""
        return f"{self.url}/hooks/{connection}"


def folder(
    root: Path,
    connections: dict[str, dict[str, object]],
    *,
    keys: Mapping[str, str] = MappingProxyType({}),
) -> Path:
    """A folder with one action for post-login and these connections.

    Each has its `secret_of`, unless `keys` has another.
    """
    action = root / "actions" / "policy"
    action.mkdir(parents=True)
    (action / "action.yaml").write_text("trigger: post-login\n")
    (action / "action.py").write_text(POLICY)
    (root / "flows").mkdir()
    flow = {"trigger": "post-login", "actions": [{"action": "policy"}]}
    (root / "flows" / "post-login.yaml").write_text(yaml.safe_dump(flow))
    (root / "connections").mkdir()
    for name, said in connections.items():
        (root / "connections" / f"{name}.yaml").write_text(yaml.safe_dump(said))
    secrets = {
        f"connections/{name}": {"current": keys.get(name, secret_of(name))} for name in connections
    }
    (root / ".secrets.yaml").write_text(yaml.safe_dump(secrets))
    return root


def secret_of(connection: str) -> str:
    """The secret of a connection."""
    return f"a-secret-of-{connection}-in-tests"


@contextmanager
def serving(root: Path, environment: dict[str, str] | None = None) -> Generator[Ground]:
    """Broker, worker and gateway for a folder, until the end of the context."""
    port = free_port(0)
    with Up(root, environment=environment, gateway_port=port) as up:
        up.wait_ready()
        ground = Ground(up, f"http://127.0.0.1:{port}")
        await_ready(ground.url)
        yield ground


def traced(collector: Collector) -> dict[str, str]:
    """The environment of processes whose spans this collector gets, soon."""
    return {"OTEL_EXPORTER_OTLP_ENDPOINT": collector.url, "OTEL_BSP_SCHEDULE_DELAY": "100"}


def await_spans(collector: Collector, trace_id: str, *names: str) -> dict[str, CollectedSpan]:
    """The spans of a trace by name, once all of these have come; the last of each name."""
    deadline = time.monotonic() + READY_WITHIN.total_seconds()
    while True:
        found = {span.name: span for span in list(collector.spans) if span.trace_id == trace_id}
        if set(names) <= set(found):
            return found
        assert time.monotonic() < deadline, f"of {names} there are {sorted(found)}"
        time.sleep(0.05)


def await_ready(url: str, within: timedelta = READY_WITHIN) -> None:
    """Until a gateway can answer calls."""
    deadline = time.monotonic() + within.total_seconds()
    while True:
        try:
            if httpx.get(f"{url}/readyz").status_code == 200:
                return
        except httpx.TransportError:
            pass
        assert time.monotonic() < deadline, f"the gateway at {url} is not ready"
        time.sleep(0.05)


def records_of(ground: Ground, topic: str, key: str, count: int) -> list[Message]:
    """Records under a key, once there are so many."""
    log = Log(ground.up.brokers, topic)
    found: list[Message] = []

    def enough() -> bool:
        found.extend(one for one in log.poll() if one.key == key.encode())
        return len(found) >= count

    until(enough, f"{count} records of {key} in {topic}")
    log.close()
    return found


def in_flight(ground: Ground) -> float:
    """Calls that wait for a verdict."""
    page = httpx.get(f"{ground.url}/metrics").text
    (value,) = re.findall(r"^authstream_gateway_in_flight (\S+)", page, re.MULTILINE)
    return float(value)


def listens(port: int) -> bool:
    """Whether somebody takes connections there."""
    try:
        socket.create_connection(("127.0.0.1", port)).close()
    except ConnectionRefusedError:
        return False
    return True
