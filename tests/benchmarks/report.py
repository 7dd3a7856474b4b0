"""Turns the values of a run into `docs/reference/performance.md`, and targets met or missed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypedDict

from tests.benchmarks import (
    decided_window,
    flow,
    hop,
    observing,
    prose,
    provider_call,
    sandbox,
    tracing,
)
from tests.benchmarks.bench import RATES
from tests.benchmarks.figures import Figures
from tests.benchmarks.peers import MEASURED, PEERS

_LOGINS_PER_SECOND = 1_000
_WINDOW_SECONDS = 3_600
#: A window is dropped by eighths, so up to one more eighth is held.
_WINDOW_PARTS_HELD = 9 / 8
#: Spans of one message of one hop: process and send.
_SPANS = 2
_MEBIBYTE = 2**20


class Result(TypedDict):
    """All of one run, as the JSON file has it."""

    measured: str
    machine: dict[str, str]
    load_before: float
    extent: dict[str, float]
    rows: dict[str, dict[str, dict[str, list[float]]]]


@dataclass(frozen=True, slots=True)
class Target:
    """What the project promised of a figure. `at_most` or else at least."""

    what: str
    value: float | None
    bound: float
    at_most: bool = False

    @property
    def met(self) -> bool:
        """Not measured counts as met: only a part was asked for."""
        if self.value is None:
            return True
        return self.value <= self.bound if self.at_most else self.value >= self.bound

    def line(self) -> str:
        """A row of the table."""
        sign = "<=" if self.at_most else ">="
        verdict = "not measured" if self.value is None else "met" if self.met else "**missed**"
        value = "-" if self.value is None else _short(self.value)
        return f"| {self.what} | {sign} {_short(self.bound)} | {value} | {verdict} |"


def targets(result: Result) -> list[Target]:
    """Every target; ratios are medians of the ratios of each repetition."""
    throughput, latency, waiting, whole = (
        _figures(result, part) for part in ("throughput", "latency", "waiting", "flow")
    )
    found: list[Target] = []
    for name in (hop.AGENT, hop.DIRECT):
        ratio = throughput.ratio(name, "rate", to=hop.RAW)
        found.append(Target(f"{name}: throughput of a stage, x raw", ratio, 0.4))
        found += [
            Target(
                f"{name}: p50 of a hop at {rate}/s, x raw",
                latency.ratio(name, f"p50_{rate}", to=hop.RAW),
                1.5,
                at_most=True,
            )
            for rate in RATES
        ]
        rate = waiting.median(name, "rate")
        found.append(Target(f"{name}: a stage that waits 20 ms, messages/s", rate, 5_000))
    found += [
        Target(
            f"{flow.SEPARATE}: {share} of the whole flow at 200/s, x raw chain",
            whole.ratio(flow.SEPARATE, f"{share}_200", to=flow.RAW_CHAIN),
            2,
            at_most=True,
        )
        for share in ("p50", "p99")
    ]
    found += _observed(result)
    guests = _figures(result, "sandbox")
    for language in sandbox.LANGUAGES:
        for name, what, bound in (
            ("overhead_us", "µs of an event more than in process, 100 in flight", 100),
            ("stage_cpu_us", "µs of the stage's CPU for an event", 20),
        ):
            value = guests.median(language, name)
            found.append(Target(f"guest in {language}: {what}", value, bound, at_most=True))
    calls = _figures(result, "call")
    for share, bound in (("p50", 10), ("p99", 40)):
        value = calls.median(provider_call.GATEWAY, f"{share}_{provider_call.RATE}")
        what = f"provider call to verdict: {share} at {provider_call.RATE}/s, ms"
        found.append(Target(what, value, bound, at_most=True))
    return found


def _observed(result: Result) -> list[Target]:
    throughput, observed = _figures(result, "throughput"), _figures(result, "observing")
    off, message = observed.median(observing.OFF, "ns"), throughput.median(hop.AGENT, "cpu_us")
    share = off / message / 10 if off is not None and message else None
    sampled = throughput.ratio(hop.AGENT_SAMPLED, "rate", to=hop.AGENT)
    meter = observed.median(observing.METER, "ns")
    flows = _figures(result, "tracing")
    return [
        Target("one login in ten recorded: throughput, x without tracing", sampled, 0.9),
        Target("tracing, off: % of a message's CPU", share, 1, at_most=True),
        Target(
            "whole flow, one login in ten recorded: most logins/s, x without tracing",
            flows.ratio(tracing.TENTH, "rate", to=tracing.OFF),
            0.9,
        ),
        Target(
            "whole flow, tracing off: % of a login's CPU",
            tracing.share_off(flows),
            1,
            at_most=True,
        ),
        Target("metrics of a message in a stage, ns", meter, 2_000, at_most=True),
    ]


def render(result: Result) -> str:
    """The page."""
    parts = [
        _head(result),
        _targets(result),
        _throughput(_figures(result, "throughput")),
        _observing(_figures(result, "observing"), _figures(result, "throughput")),
        _latency(_figures(result, "latency")),
        _waiting(_figures(result, "waiting")),
        _flow(_figures(result, "flow")),
        _tracing(_figures(result, "tracing")),
        _sandbox(_figures(result, "sandbox")),
        _call(_figures(result, "call")),
        _window(_figures(result, "window")),
        _peers(_figures(result, "flow")),
        prose.LIMITS,
    ]
    return "\n\n".join(parts) + "\n"


def _figures(result: Result, part: str) -> Figures:
    return Figures(result["rows"].get(part, {}))


def _head(result: Result) -> str:
    facts = "\n".join(f"- {name}: {value}" for name, value in result["machine"].items())
    return prose.HEAD.format(
        measured=result["measured"],
        repetitions=int(result["extent"]["repetitions"]),
        facts=facts,
        load=f"{result['load_before']:.1f}",
    )


def _targets(result: Result) -> str:
    lines = "\n".join(target.line() for target in targets(result))
    return f"## Targets\n\n| what | target | measured | |\n|---|---|---|---|\n{lines}"


def _throughput(figures: Figures) -> str:
    rows = [
        [
            engine.name,
            _median(figures, engine.name, "rate"),
            _ratio(figures, engine.name, "rate", hop.RAW),
            _median(figures, engine.name, "cpu_us"),
            _ratio(figures, engine.name, "cpu_us", hop.RAW),
        ]
        for engine in hop.ENGINES
    ]
    table = _table(["engine", "messages/s", "x raw", "CPU µs a message", "x raw"], rows)
    spans = "\n".join(_span(figures, *pair) for pair in _TRACED)
    said = "One partition, one process, a topic filled beforehand."
    sampled = _ratio(figures, hop.AGENT_SAMPLED, "rate", hop.AGENT)
    spans += f"\n- One login in ten recorded: throughput is {sampled} of that without tracing."
    return f"## One stage, flat out\n\n{said}\n\n{table}\n\n{spans}"


def _observing(figures: Figures, throughput: Figures) -> str:
    message = throughput.median(hop.AGENT, "cpu_us")

    def share(name: str) -> str:
        value = figures.median(name, "ns")
        return "-" if value is None or message is None else f"{value / message / 10:.2f} %"

    rows = [[name, _median(figures, name, "ns"), share(name)] for name in observing.ROWS]
    table = _table(["what", "ns", "of a message's CPU in a stage"], rows)
    return f"## Being observed\n\n{prose.OBSERVING}\n\n{table}"


_TRACED = ((hop.AGENT, hop.AGENT_TRACED), (hop.DIRECT, hop.DIRECT_TRACED))


def _span(figures: Figures, plain: str, traced: str) -> str:
    without, with_spans = (figures.median(name, "cpu_us") for name in (plain, traced))
    if without is None or with_spans is None:
        return f"- {plain}: cost of a span not measured."
    cost = (with_spans - without) / _SPANS
    share = _ratio(figures, traced, "rate", plain)
    return (
        f"- {plain}: a recorded span costs {cost:.1f} µs of CPU (two a message);"
        f" throughput with all spans recorded is {share} of that without."
    )


def _latency(figures: Figures) -> str:
    header = ["engine"]
    for rate in RATES:
        header += [f"p50 ms at {rate}/s", "x raw", f"p99 ms at {rate}/s", "x raw"]
    rows: list[list[str]] = []
    for engine in hop.IDLE:
        row = [engine.name]
        for name in (f"{share}_{rate}" for rate in RATES for share in ("p50", "p99")):
            row += [
                _median(figures, engine.name, name),
                _ratio(figures, engine.name, name, hop.RAW),
            ]
        rows.append(row)
    said = "From the intended sending of a record to its output's arrival at a consumer."
    return f"## One stage, at login rates\n\n{said}\n\n{_table(header, rows)}"


def _waiting(figures: Figures) -> str:
    rows = [
        [name, _median(figures, name, "rate")]
        for name in (hop.RAW, hop.AGENT, hop.DIRECT, hop.STOCK)
    ]
    said = (
        "As a call to another service does; one partition, one process, order per key kept. "
        "The message is passed on as it is: this is the runner alone."
    )
    table = _table(["engine", "messages/s"], rows)
    return f"## A stage that waits 20 ms for each message\n\n{said}\n\n{table}"


_WAYS = (flow.RAW_CHAIN, flow.SEPARATE, flow.SEPARATE_DIRECT, flow.ONE, flow.GUESTS)


def _flow(figures: Figures) -> str:
    header = ["way"]
    for rate in RATES:
        header += [f"p50 ms at {rate}/s", "x raw", f"p99 ms at {rate}/s", "x raw"]
    header += ["most logins/s", "x raw", "CPU ms a login at 200/s", "flat out"]
    rows: list[list[str]] = []
    for way in _WAYS:
        row = [way]
        names = [f"{share}_{rate}" for rate in RATES for share in ("p50", "p99")]
        for name in (*names, "rate"):
            row += [_median(figures, way, name), _ratio(figures, way, name, flow.RAW_CHAIN)]
        row += [_median(figures, way, name) for name in ("cpu_ms_200", "cpu_ms")]
        rows.append(row)
    return f"## The whole flow\n\n{prose.FLOW}\n\n{_table(header, rows)}\n\n{_isolation(figures)}"


def _tracing(figures: Figures) -> str:
    rows = [
        [
            way,
            _median(figures, way, "rate"),
            _ratio(figures, way, "rate", tracing.OFF),
            _median(figures, way, "cpu_ms"),
            _ratio(figures, way, "cpu_ms", tracing.OFF),
        ]
        for way in tracing.WAYS
    ]
    header = ["", "most logins/s", "x off", "CPU ms a login", "x off"]
    share = tracing.share_off(figures)
    said = "not measured" if share is None else f"{share:.3f} % of a login's CPU"
    off = f"What is left of tracing when it is off, counted by itself: {said}."
    return f"## Tracing a login\n\n{prose.TRACING}\n\n{_table(header, rows)}\n\n{off}"


def _call(figures: Figures) -> str:
    rate = provider_call.RATE
    names = (f"p50_{rate}", f"p99_{rate}", f"cpu_ms_{rate}")
    header = ["way", f"p50 ms at {rate}/s", f"p99 ms at {rate}/s", "CPU ms a call"]
    rows = [
        [way, *(_median(figures, way, name) for name in names)]
        for way in (provider_call.GATEWAY, provider_call.WEBHOOKS)
    ]
    return f"## A provider's call\n\n{prose.CALL}\n\n{_table(header, rows)}"


def _isolation(figures: Figures) -> str:
    def difference(name: str) -> str:
        guests, plain = (figures.median(way, name) for way in (flow.GUESTS, flow.SEPARATE))
        return "-" if guests is None or plain is None else f"{guests - plain:+.2f}"

    p50, p99, cpu = (difference(name) for name in ("p50_200", "p99_200", "cpu_ms_200"))
    return (
        "Isolation of the three actions by processes costs, for a login at 200/s:"
        f" {p50} ms at p50, {p99} ms at p99, {cpu} ms of CPU."
    )


_GUEST_FIGURES = {
    "in_process_us": "in process, µs",
    "guest_us": "in a guest, µs",
    "overhead_us": "more, µs",
    "stage_cpu_us": "stage CPU µs",
    "guest_cpu_us": "guest CPU µs",
    "alone_p50_us": "alone p50 µs",
    "alone_p99_us": "alone p99 µs",
    "start_ms": "start ms",
    "memory_mib": "memory MiB",
    "fresh_p50_ms": "own process p50 ms",
    "fresh_rate": "own process /s",
}


def _sandbox(figures: Figures) -> str:
    rows = [
        [language, *(_median(figures, language, name) for name in _GUEST_FIGURES)]
        for language in sandbox.LANGUAGES
    ]
    table = _table(["language", *_GUEST_FIGURES.values()], rows)
    return f"## Guests\n\n{prose.SANDBOX}\n\n{table}"


def _window(figures: Figures) -> str:
    per_leg = figures.median(decided_window.ROW, "bytes_per_leg")
    rebuilt = figures.median(decided_window.ROW, "rebuilt_per_second")
    if per_leg is None or rebuilt is None:
        return "## The window of decided legs\n\nNot measured."
    legs = _LOGINS_PER_SECOND * _WINDOW_SECONDS
    memory = per_leg * legs * _WINDOW_PARTS_HELD / _MEBIBYTE
    return prose.WINDOW.format(
        hours=_WINDOW_SECONDS // 3600,
        logins=f"{_LOGINS_PER_SECOND:,}",
        per_leg=f"{per_leg:.0f}",
        legs=f"{decided_window.LEGS:,}",
        memory=f"{memory:,.0f}",
        rebuilt=f"{rebuilt:,.0f}",
        seconds=f"{legs / rebuilt:,.0f}",
        seconds_of_four=f"{legs / rebuilt / 4:,.0f}",
    )


def _peers(figures: Figures) -> str:
    rows: list[list[str]] = []
    for way in (flow.ONE, flow.SEPARATE, flow.GUESTS):
        values = [
            f"{_median(figures, way, f'p50_{rate}')} / {_median(figures, way, f'p99_{rate}')}"
            for rate in RATES
        ]
        cpu = f"{_median(figures, way, 'cpu_ms_200')}, broker not counted"
        rows.append([f"**{way}** (this run)", *values, _median(figures, way, "rate"), cpu])
    rows += [[peer.system, peer.at_20, peer.at_200, peer.most, peer.cpu_seconds] for peer in PEERS]
    header = [
        "system",
        "p50 / p99 ms at 20/s",
        "p50 / p99 ms at 200/s",
        "most decisions/s (in flight)",
        "CPU-s per 1 000 at 200/s",
    ]
    said = prose.PEERS.format(day=MEASURED)
    return f"## Against what one would use instead\n\n{said}\n\n{_table(header, rows)}"


def _table(header: list[str], rows: list[list[str]]) -> str:
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _median(figures: Figures, row: str, name: str) -> str:
    value = figures.median(row, name)
    return "-" if value is None else _short(value)


def _ratio(figures: Figures, row: str, name: str, to: str) -> str:
    value = figures.ratio(row, name, to=to)
    return "-" if value is None else f"{value:.2f}"


def _short(value: float) -> str:
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}"
