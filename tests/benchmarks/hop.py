"""One stage between two topics: messages per second, how long each takes, what a span costs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from tests.benchmarks import engine_authstream, engine_faust, engine_raw
from tests.benchmarks.bench import RATES, Bench
from tests.benchmarks.figures import Figures, percentile
from tests.benchmarks.processes import Hop, Running, running
from tests.benchmarks.traffic import WARM_UP, Expect, Publish

RAW = "raw confluent-kafka loop"
AGENT = "Authstream, Faust agent (default)"
DIRECT = "Authstream, stage called directly"
AGENT_TRACED = "Authstream, Faust agent, every span recorded"
DIRECT_TRACED = "Authstream, stage called directly, every span recorded"
AGENT_SAMPLED = "Authstream, Faust agent, one login in ten recorded"
STOCK = "stock Faust, sends not awaited"
STOCK_AWAITED = "stock Faust, each send awaited"

STARTED_WITHIN = timedelta(seconds=60)
MEASURED_WITHIN = timedelta(seconds=120)
ARRIVED_WITHIN = timedelta(seconds=15)
#: Of all messages; before that the engine starts and warms up.
_UNMEASURED = 10


@dataclass(frozen=True, slots=True)
class Engine:
    """One way to host the stage."""

    name: str
    serve: Callable[[Hop], None]
    #: Too slow for the full number of messages.
    slow: bool = False


ENGINES = (
    Engine(RAW, engine_raw.serve),
    Engine(AGENT, engine_authstream.serve_agent),
    Engine(DIRECT, engine_authstream.serve_direct),
    Engine(AGENT_TRACED, engine_authstream.serve_agent_traced),
    Engine(DIRECT_TRACED, engine_authstream.serve_direct_traced),
    Engine(AGENT_SAMPLED, engine_authstream.serve_agent_sampled),
    Engine(STOCK, engine_faust.serve_not_awaited, slow=True),
    Engine(STOCK_AWAITED, engine_faust.serve_awaited, slow=True),
)
TRACED = (AGENT_TRACED, DIRECT_TRACED, AGENT_SAMPLED)
#: Tracing is judged by processor time, so it is left out where a hop is idle.
IDLE = tuple(engine for engine in ENGINES if engine.name not in TRACED)


def throughput(bench: Bench) -> Figures:
    """Messages per second and processor time per message of every engine, in one process."""
    figures = Figures()
    source = bench.cluster.topic("hop-in")
    bench.traffic.publish(Publish(source, bench.envelopes, bench.extent.hop_messages))
    for repetition in range(bench.extent.repetitions):
        for engine in ENGINES:
            count = bench.extent.slow_messages if engine.slow else bench.extent.hop_messages
            rate, cpu = _flat_out(bench, engine, source, count=count)
            figures.add(engine.name, rate=rate, cpu_us=cpu)
            bench.say(f"throughput {repetition + 1}: {engine.name}: {rate:,.0f}/s, {cpu:.0f} µs")
    bench.cluster.remove(source)
    return figures


def waiting(bench: Bench) -> Figures:
    """The same with a stage that waits 20 ms for each message."""
    figures = Figures()
    source = bench.cluster.topic("wait-in")
    bench.traffic.publish(Publish(source, bench.envelopes, bench.extent.waiting_messages))
    for engine in ENGINES:
        if engine.name in (*TRACED, STOCK_AWAITED):
            continue
        ours = engine.name in (AGENT, DIRECT)
        count = bench.extent.waiting_messages if ours else bench.extent.waiting_slow_messages
        for _ in range(bench.extent.repetitions if ours else 1):
            rate, cpu = _flat_out(bench, engine, source, count=count, waits=True)
            figures.add(engine.name, rate=rate, cpu_us=cpu)
            bench.say(f"a stage that waits 20 ms: {engine.name}: {rate:,.0f}/s")
    bench.cluster.remove(source)
    return figures


def latency(bench: Bench) -> Figures:
    """Milliseconds from a record's intended sending to its output's arrival, at login rates."""
    figures = Figures()
    for repetition in range(bench.extent.repetitions):
        for engine in IDLE:
            source, target = bench.cluster.topic("idle-in"), bench.cluster.topic("idle-out")
            hop = Hop(bench.cluster.brokers, source, target, bench.unique("idle"))
            with running((engine.serve, hop)) as process:
                warm(bench, process, source, target)
                for rate in RATES:
                    found = paced(bench, source, target, rate=rate)
                    figures.add(engine.name, **found)
                    p50, p99 = found[f"p50_{rate}"], found[f"p99_{rate}"]
                    said = f"p50 {p50:.2f} ms, p99 {p99:.2f} ms"
                    bench.say(f"latency {repetition + 1} at {rate}/s: {engine.name}: {said}")
            bench.cluster.remove(source, target)
    return figures


def warm(bench: Bench, process: Running, source: str, target: str) -> None:
    """Wait until the engine has its partition and forwards."""
    bench.traffic.publish(Publish(source, bench.envelopes, WARM_UP))
    bench.cluster.await_count(target, WARM_UP, within=STARTED_WITHIN, check=process.check)


def paced(bench: Bench, source: str, target: str, *, rate: int) -> dict[str, float]:
    """p50 and p99 at a rate. Raises RuntimeError when a message does not arrive."""
    count = int(rate * bench.extent.latency_seconds)
    order = Publish(source, bench.envelopes, count, float(rate), WARM_UP)
    expected = Expect(target, bench.cluster.ends(target, 1), count, _within(bench))
    return summary(bench.traffic.latencies(order, expected), count, rate=rate)


def summary(arrivals: list[float], count: int, *, rate: int) -> dict[str, float]:
    """p50 and p99 of one run, named by its rate."""
    if len(arrivals) < count:
        raise RuntimeError(f"{count - len(arrivals)} of {count} messages never arrived")
    return {f"p50_{rate}": percentile(arrivals, 0.5), f"p99_{rate}": percentile(arrivals, 0.99)}


def _within(bench: Bench) -> timedelta:
    return timedelta(seconds=bench.extent.latency_seconds) + ARRIVED_WITHIN


def _flat_out(
    bench: Bench, engine: Engine, source: str, *, count: int, waits: bool = False
) -> tuple[float, float]:
    """Messages per second, and µs of processor time per message, once the engine is warm."""
    target = bench.cluster.topic("hop-out")
    hop = Hop(bench.cluster.brokers, source, target, bench.unique("hop"), waits)
    with running((engine.serve, hop)) as process:
        await_count, check = bench.cluster.await_count, process.check
        first, began = await_count(target, count // _UNMEASURED, within=STARTED_WITHIN, check=check)
        spent = process.cpu_seconds()
        last, ended = await_count(target, count, within=MEASURED_WITHIN, check=check)
        spent = process.cpu_seconds() - spent
    bench.cluster.remove(target)
    return (last - first) / (ended - began), spent / (last - first) * 1e6
