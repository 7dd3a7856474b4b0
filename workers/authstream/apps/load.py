"""Logins at a steady rate on a real cluster, and how long each waited."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final

import orjson

from authstream.errors import AuthstreamError
from authstream.publisher import AsyncPublisher, LoginEvent
from authstream.settings import Settings

SOURCE: Final = "authstream-bench"
#: What nobody waited for in vain: the longest that a login may take.
TIMEOUT: Final = timedelta(seconds=20)
_PERCENTILES: Final = {"p50": 0.50, "p95": 0.95, "p99": 0.99, "p99.9": 0.999}


@dataclass(frozen=True, slots=True)
class Load:
    """What to publish, and how fast."""

    trigger: str
    event: Mapping[str, Any]
    #: Logins a second.
    rate: float
    duration: timedelta
    #: So many different users; one user's logins are decided one after the other.
    users: int


@dataclass(slots=True)
class Measured:
    """What came of it. Waits are seconds from when a login was due, not from when it was sent."""

    waits: list[float] = field(default_factory=list[float])
    outcomes: Counter[str] = field(default_factory=Counter[str])
    #: Logins without a verdict, by the error's code.
    errors: Counter[str] = field(default_factory=Counter[str])
    #: The most that a login was sent late: more than some ms, and this machine is the limit.
    behind: float = 0.0
    seconds: float = 0.0

    def summary(self) -> dict[str, Any]:
        """Figures for people and programs; times in milliseconds."""
        ordered = sorted(self.waits)
        count = len(ordered) + sum(self.errors.values())
        waits = {
            name: round(ordered[min(int(len(ordered) * part), len(ordered) - 1)] * 1000, 1)
            for name, part in _PERCENTILES.items()
            if ordered
        }
        return {
            "logins": count,
            "per_second": round(count / self.seconds, 1) if self.seconds else 0.0,
            "outcomes": dict(sorted(self.outcomes.items())),
            "without_verdict": dict(sorted(self.errors.items())),
            "wait_ms": {**waits, "longest": round(ordered[-1] * 1000, 1)} if ordered else {},
            "sent_late_ms": round(self.behind * 1000, 1),
        }


async def drive(load: Load, settings: Settings) -> Measured:
    """Publish at the rate, whether answers come or not, and wait for all of them.

    Raises BrokerUnreachableError, ConfigurationError when not even the first can be sent.
    """
    run, measured = secrets.token_hex(4), Measured()
    async with AsyncPublisher(settings) as publisher:
        await publisher.decide(_event(load, run, 0), TIMEOUT)  # it works; the clock starts now
        began = time.monotonic()
        waiting: set[asyncio.Task[None]] = set()
        for number in range(int(load.rate * load.duration.total_seconds())):
            due = began + number / load.rate
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            measured.behind = max(measured.behind, time.monotonic() - due)
            event = _event(load, run, number + 1)
            task = asyncio.create_task(_login(publisher, event, measured, due=due))
            waiting.add(task)
            task.add_done_callback(waiting.discard)
        measured.seconds = time.monotonic() - began
        await asyncio.gather(*waiting)
    return measured


async def _login(
    publisher: AsyncPublisher, event: LoginEvent, measured: Measured, *, due: float
) -> None:
    try:
        verdict = await publisher.decide(event, TIMEOUT)
    except AuthstreamError as error:
        measured.errors[error.code] += 1
    else:
        measured.waits.append(time.monotonic() - due)
        code = f" ({verdict.code})" if verdict.code else ""
        measured.outcomes[f"{verdict.outcome}{code}"] += 1


def _event(load: Load, run: str, number: int) -> LoginEvent:
    user = {**load.event.get("user", {}), "user_id": f"bench-{number % load.users}"}
    data = orjson.dumps({**load.event, "user": user})
    return LoginEvent(load.trigger, data, id=f"{run}-{number}", source=SOURCE)
