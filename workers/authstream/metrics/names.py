"""Every metric that there is: its name, unit, labels and meaning. Nothing else is ever exported."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

CounterName = Literal[
    "authstream.action.runs",
    "authstream.broker.errors",
    "authstream.dead_letters",
    "authstream.effects",
    "authstream.gateway.answer_mismatch",
    "authstream.gateway.calls",
    "authstream.gateway.deadline_misses",
    "authstream.gateway.joined",
    "authstream.gateway.lost_parts",
    "authstream.gateway.shed",
    "authstream.guest.over_memory",
    "authstream.guest.restarts",
    "authstream.metadata",
    "authstream.stage.refused",
    "authstream.verdicts",
    "authstream.worker.restarts",
]
HistogramName = Literal[
    "authstream.action.duration",
    "authstream.gateway.call",
    "authstream.stage.duration",
    "authstream.stage.queue",
    "authstream.verdict.duration",
]
GaugeName = Literal[
    "authstream.action.bound",
    "authstream.action.circuit",
    "authstream.clock.skew",
    "authstream.control.position",
    "authstream.control.unread",
    "authstream.gateway.in_flight",
    "authstream.guest.in_flight",
    "authstream.guest.memory",
    "authstream.guest.memory.limit",
    "authstream.partition.committed",
    "authstream.partition.lag",
    "authstream.partition.oldest",
    "authstream.partition.position",
    "authstream.sandbox.level",
    "authstream.stage.halted",
    "authstream.stage.in_flight",
    "authstream.stage.waiting",
]
Name = CounterName | HistogramName | GaugeName
Kind = Literal["counter", "gauge", "histogram"]
#: Seconds, bytes, or a number of things.
Unit = Literal["s", "By", "1"]
#: Never who logged in, nor anything that a caller chose.
Label = Literal[
    "action",
    "answered",
    "code",
    "connection",
    "guest",
    "kind",
    "level",
    "outcome",
    "part",
    "partition",
    "provider",
    "reason",
    "stage",
    "status",
    "topic",
    "trigger",
]

#: Seconds; the objective of a verdict, 0.25, is a bound, so that what met it can be counted.
SECONDS = (
    *(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5),
    *(1.0, 2.5, 5.0, 10.0, 20.0),
)


@dataclass(frozen=True, slots=True)
class Instrument:
    """One metric. `labels` in the order in which values are given."""

    name: Name
    kind: Kind
    labels: tuple[Label, ...]
    about: str
    unit: Unit = "1"

    @property
    def prometheus(self) -> str:
        """The name in Prometheus, by OpenTelemetry's rules: `authstream_stage_duration_seconds`."""
        suffix = {"s": "_seconds", "By": "_bytes", "1": ""}[self.unit]
        return self.name.replace(".", "_") + suffix


_STAGE: tuple[Label, ...] = ("stage",)
_PARTITION: tuple[Label, ...] = ("stage", "topic", "partition")
_ACTION: tuple[Label, ...] = ("action",)
_GUEST: tuple[Label, ...] = ("action", "guest")
_CONNECTION: tuple[Label, ...] = ("connection",)

INSTRUMENTS: dict[Name, Instrument] = {
    one.name: one
    for one in (
        Instrument(
            "authstream.stage.duration",
            "histogram",
            _STAGE,
            "A message in a stage, until its outputs are handed over; its count is the throughput",
            "s",
        ),
        Instrument(
            "authstream.stage.queue",
            "histogram",
            _STAGE,
            "From a message's arrival in the log until a stage begins with it: lag in seconds",
            "s",
        ),
        Instrument(
            "authstream.stage.refused",
            "counter",
            ("stage", "code"),
            "Messages that a stage could not handle, `handler_timeout` among them",
        ),
        Instrument("authstream.stage.in_flight", "gauge", _STAGE, "Messages in work"),
        Instrument("authstream.stage.waiting", "gauge", _STAGE, "Messages read and not begun"),
        Instrument(
            "authstream.stage.halted", "gauge", _STAGE, "1: it stands still until somebody looks"
        ),
        Instrument(
            "authstream.partition.lag",
            "gauge",
            _PARTITION,
            "Messages in the log that are not read yet",
        ),
        Instrument(
            "authstream.partition.position", "gauge", _PARTITION, "The offset that is read next"
        ),
        Instrument(
            "authstream.partition.committed",
            "gauge",
            _PARTITION,
            "The offset before which everything is done and committed",
        ),
        Instrument(
            "authstream.partition.oldest",
            "gauge",
            _PARTITION,
            "Age of the oldest message that is read and not done, 0 without one",
            "s",
        ),
        Instrument(
            "authstream.verdicts",
            "counter",
            ("trigger", "outcome", "code"),
            "Verdicts decided, each leg's once; `code` is the error's where one failed, else empty",
        ),
        Instrument(
            "authstream.verdict.duration",
            "histogram",
            ("trigger",),
            "From the event's arrival in the log until its verdict is read from it, of triggers "
            "whose provider waits",
            "s",
        ),
        Instrument(
            "authstream.dead_letters",
            "counter",
            ("stage", "reason"),
            "Records set aside; `reason` is the code of docs/how-to/dead-letters.md",
        ),
        Instrument(
            "authstream.action.runs",
            "counter",
            ("action", "status"),
            "Runs by how they ended: ok, denied, suspended, error, timeout, crashed, unavailable",
        ),
        Instrument(
            "authstream.action.duration", "histogram", _ACTION, "One run, by its guest", "s"
        ),
        Instrument(
            "authstream.action.bound", "gauge", _ACTION, "1: a flow names it and it is not off"
        ),
        Instrument(
            "authstream.action.circuit",
            "gauge",
            _ACTION,
            "0: closed; 1: half open, one event is tried; 2: open, nothing is run",
        ),
        Instrument(
            "authstream.guest.restarts",
            "counter",
            _ACTION,
            "Guests that ended without being told to, or did not start",
        ),
        Instrument(
            "authstream.guest.over_memory",
            "counter",
            _ACTION,
            "Times that a guest met its `limits.memory`, whether it survived that or not",
        ),
        Instrument("authstream.guest.memory", "gauge", _GUEST, "Memory of a guest's own", "By"),
        Instrument("authstream.guest.memory.limit", "gauge", _GUEST, "The most it may have", "By"),
        Instrument("authstream.guest.in_flight", "gauge", _GUEST, "Events under way in a guest"),
        Instrument(
            "authstream.sandbox.level",
            "gauge",
            ("level",),
            "How actions are confined: 3 namespaces, 2 landlock, 1 external, 0 not at all",
        ),
        Instrument(
            "authstream.worker.restarts",
            "counter",
            (),
            "Crashes of this worker since its supervisor began",
        ),
        Instrument(
            "authstream.broker.errors",
            "counter",
            ("code",),
            "Errors on the way to brokers, by librdkafka's name: `_TRANSPORT`, `_ALL_BROKERS_DOWN`",
        ),
        Instrument(
            "authstream.clock.skew",
            "gauge",
            (),
            "This machine's clock less the broker's, and up to a write's acknowledgement more",
            "s",
        ),
        Instrument(
            "authstream.control.position",
            "gauge",
            (),
            "The next offset of the control log that this process reads",
        ),
        Instrument(
            "authstream.control.unread",
            "gauge",
            (),
            "Since the control log was last read, with or without something new in it",
            "s",
        ),
        Instrument(
            "authstream.effects",
            "counter",
            ("kind", "status"),
            "Effects: delivered, retried (one for each try that failed for now), dead",
        ),
        Instrument(
            "authstream.metadata",
            "counter",
            ("status",),
            "Metadata patches: applied, retried, dead",
        ),
        Instrument(
            "authstream.gateway.calls",
            "counter",
            ("connection", "trigger", "answered"),
            "Calls by what the provider was told: allowed, denied, suspended, failed_open, "
            "failed_closed",
        ),
        Instrument(
            "authstream.gateway.call", "histogram", _CONNECTION, "From a call to its answer", "s"
        ),
        Instrument("authstream.gateway.in_flight", "gauge", (), "Calls that wait for a verdict"),
        Instrument(
            "authstream.gateway.deadline_misses",
            "counter",
            ("connection", "provider"),
            "Calls that were answered by policy because no verdict came in time",
        ),
        Instrument(
            "authstream.gateway.shed",
            "counter",
            ("connection", "code"),
            "Calls answered at once without asking: rate_limited, overloaded",
        ),
        Instrument(
            "authstream.gateway.joined",
            "counter",
            _CONNECTION,
            "Retries answered from the run in progress or its recent result",
        ),
        Instrument(
            "authstream.gateway.answer_mismatch",
            "counter",
            _CONNECTION,
            "Verdicts that came after the caller had been told something else",
        ),
        Instrument(
            "authstream.gateway.lost_parts",
            "counter",
            ("connection", "part"),
            "Parts of verdicts that a provider's protocol cannot carry",
        ),
    )
}
