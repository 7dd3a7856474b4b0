"""What every part of the benchmark is given: broker, traffic, how much to do, where to say so."""

from __future__ import annotations

import secrets
import time
from dataclasses import dataclass, field

from tests.benchmarks.cluster import Cluster
from tests.benchmarks.records import Sample
from tests.benchmarks.traffic import Traffic


@dataclass(frozen=True, slots=True)
class Extent:
    """How much is measured."""

    repetitions: int
    #: Messages through a hop, flat out; for a slow engine.
    hop_messages: int
    slow_messages: int
    #: Messages through the stage that waits; through stock Faust, which does one at a time.
    waiting_messages: int
    waiting_slow_messages: int
    #: Seconds at each rate.
    latency_seconds: float
    #: Logins through the whole flow, flat out.
    flow_logins: int
    #: Verdicts read back to rebuild the window of assemble.
    rebuilt_verdicts: int
    #: Events through a guest; executions in a process of their own.
    sandbox_events: int
    sandbox_executions: int


FULL = Extent(3, 20_000, 5_000, 20_000, 200, 4.0, 3_000, 100_000, 20_000, 100)
QUICK = Extent(1, 10_000, 2_000, 10_000, 100, 3.0, 2_000, 30_000, 10_000, 40)
#: Rates of login events at which latency is measured, per second.
RATES = (20, 200)


@dataclass(slots=True)
class Bench:
    """One run of the benchmark."""

    cluster: Cluster
    traffic: Traffic
    extent: Extent
    envelopes: list[Sample]
    events: list[Sample]
    began: float = field(default_factory=time.monotonic)

    def say(self, text: str) -> None:
        """One line of progress, with the time since the start."""
        print(f"[{time.monotonic() - self.began:5.0f} s] {text}", flush=True)  # noqa: T201 - progress is this program's output

    @staticmethod
    def unique(name: str) -> str:
        """A group or prefix that nothing else has."""
        return f"{name}-{secrets.token_hex(3)}"
