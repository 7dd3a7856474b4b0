"""What the gateway counts, in Prometheus' format. Labels never hold what a caller chose."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

#: Seconds; the targets of a verdict are in the middle.
_BUCKETS = (0.002, 0.005, 0.01, 0.02, 0.04, 0.08, 0.15, 0.3, 0.6, 1.0, 2.0, 4.0, 8.0, 20.0)


class Metrics:
    """One for each gateway, so that tests can have several."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        #: `answered`: allowed, denied, failed_open, failed_closed, or the code of a problem.
        self.calls = Counter(
            "authstream_gateway_calls",
            "Calls of providers by what they were told",
            ("connection", "trigger", "answered"),
            registry=self._registry,
        )
        self.seconds = Histogram(
            "authstream_gateway_call_seconds",
            "Time from a call to its answer",
            ("connection",),
            buckets=_BUCKETS,
            registry=self._registry,
        )
        self.in_flight = Gauge(
            "authstream_gateway_in_flight", "Calls that wait for a verdict", registry=self._registry
        )
        #: `code`: rate_limited, overloaded or unavailable.
        self.shed = Counter(
            "authstream_gateway_shed",
            "Calls answered at once without asking",
            ("connection", "code"),
            registry=self._registry,
        )
        self.joined = Counter(
            "authstream_gateway_joined",
            "Retries answered from the run in progress or its recent result",
            ("connection",),
            registry=self._registry,
        )
        self.mismatches = Counter(
            "authstream_gateway_answer_mismatch",
            "Verdicts that came after the caller had been told something else",
            ("connection",),
            registry=self._registry,
        )
        self.lost = Counter(
            "authstream_gateway_lost_parts",
            "Parts of verdicts that a provider's protocol cannot carry",
            ("connection", "part"),
            registry=self._registry,
        )

    def page(self) -> bytes:
        """The text of `/metrics`."""
        return generate_latest(self._registry)
