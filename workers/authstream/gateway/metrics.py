"""What the gateway counts. Labels never hold what a caller chose."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from authstream.broker import broker_errors
from authstream.metrics import prometheus
from authstream.metrics.registry import Counter, Histogram, Registry


class Metrics:
    """One for each gateway, so that tests can have several."""

    def __init__(self) -> None:
        self.registry = Registry()
        broker_errors.observe(self.registry)
        count = self.registry.counter
        #: By connection, trigger and what was told: allowed, denied, failed_open, failed_closed, …
        self.calls: Callable[[str, str, str], Counter] = partial(count, "authstream.gateway.calls")
        self.seconds: Callable[[str], Histogram] = partial(
            self.registry.histogram, "authstream.gateway.call"
        )
        #: By connection and provider.
        self.deadline_misses: Callable[[str, str], Counter] = partial(
            count, "authstream.gateway.deadline_misses"
        )
        #: By connection and code: rate_limited, overloaded or unavailable.
        self.shed: Callable[[str, str], Counter] = partial(count, "authstream.gateway.shed")
        self.joined: Callable[[str], Counter] = partial(count, "authstream.gateway.joined")
        self.mismatches: Callable[[str], Counter] = partial(
            count, "authstream.gateway.answer_mismatch"
        )
        #: By connection and part of a verdict.
        self.lost: Callable[[str, str], Counter] = partial(count, "authstream.gateway.lost_parts")

    def watch(self, in_flight: Callable[[], int]) -> None:
        """Report how many calls wait for a verdict."""
        self.registry.read("authstream.gateway.in_flight", lambda: [((), in_flight())])

    def page(self) -> bytes:
        """The text of `/metrics`."""
        return prometheus.page(self.registry)
