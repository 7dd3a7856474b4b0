"""The flow of the benchmark: three actions as plain functions in the worker, as guests in a folder.

`enrich` looks up a plan and shares it, `claims` puts it into the tokens and on the user, `deny`
denies a country. `folder` writes the same three as a folder that real guests run.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from textwrap import dedent
from time import perf_counter
from typing import Any

import orjson

from authstream.contracts.api import Operation
from authstream.engine.program import Invocation, Outcome, RecordedCommand

PLANS = {"web": "gold", "app": "silver"}
DENIED = ("KP",)
NAMES = ("enrich", "claims", "deny")

Event = dict[str, Any]


def enrich(event: Event) -> list[RecordedCommand]:
    """Shares the plan with later actions."""
    return [("transaction.setMetadata", ("plan", PLANS[event["client"]["metadata"]["channel"]]))]


def claims(event: Event) -> list[RecordedCommand]:
    """Puts the plan where the first action left it."""
    plan = event["transaction"]["metadata"]["plan"]
    return [
        ("idToken.setCustomClaim", ("https://shop.example/plan", plan)),
        ("accessToken.setCustomClaim", ("https://shop.example/plan", plan)),
        ("user.setAppMetadata", ("plan", plan)),
    ]


def deny(event: Event) -> list[RecordedCommand]:
    """Denies a country."""
    if event["request"]["geoip"]["countryCode"] in DENIED:
        return [("access.deny", ("not from there",))]
    return []


@dataclass(frozen=True, slots=True)
class InProcess:
    """A Runtime and the only version of its action: calls a Python function, without isolation."""

    function: Callable[[Event], list[RecordedCommand]]

    async def runtime(self, version: int, control_offset: int) -> InProcess:
        """Itself."""
        del version, control_offset
        return self

    async def run(self, invocation: Invocation) -> Outcome:
        """The function's commands."""
        started, clock = datetime.now(UTC), perf_counter()
        commands = self.function(_visible(invocation))
        took = timedelta(seconds=perf_counter() - clock)
        return Outcome("ok", tuple(commands), (), None, started, took)


def _visible(invocation: Invocation) -> Event:
    """The event with what earlier actions changed, as a guest builds it."""
    event: Event = orjson.loads(invocation.event)
    operations: Sequence[Operation] = invocation.operations
    for change in operations:
        operation, path, key, *value = change
        place: Event = event
        for name in str(path).split("."):
            place = place.setdefault(name, {})
        if operation == "set":
            place[str(key)] = value[0]
        else:
            place.pop(str(key), None)
    return event


FUNCTIONS = {"enrich": enrich, "claims": claims, "deny": deny}
_CODE = {
    "enrich": f"""
        PLANS = {json.dumps(PLANS)}

        async def on_execute_post_login(event, api):
            api.transaction.set_metadata("plan", PLANS[event.client.metadata.channel])
        """,
    "claims": """
        async def on_execute_post_login(event, api):
            plan = event.transaction.metadata.plan
            api.id_token.set_custom_claim("https://shop.example/plan", plan)
            api.access_token.set_custom_claim("https://shop.example/plan", plan)
            api.user.set_app_metadata("plan", plan)
        """,
    "deny": f"""
        DENIED = {json.dumps(DENIED)}

        async def on_execute_post_login(event, api):
            if event.request.geoip.countryCode in DENIED:
                api.access.deny("not from there")
        """,
}


def folder(path: Path) -> None:
    """Write the flow and its actions."""
    for name, code in _CODE.items():
        place = path / "actions" / name
        place.mkdir(parents=True)
        (place / "action.py").write_text(dedent(code))
        (place / "action.yaml").write_text("trigger: post-login\nruntime: python3.11\n")
    bound = "".join(f"  - action: {name}\n" for name in NAMES)
    (path / "flows").mkdir()
    (path / "flows" / "post-login.yaml").write_text(f"trigger: post-login\nactions:\n{bound}")
