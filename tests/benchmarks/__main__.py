"""`make bench`: everything in one run on one real Kafka, so that ratios hold where levels drift."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

from tests import kafka_jars
from tests.benchmarks import (
    decided_window,
    flow,
    hop,
    machine,
    observing,
    provider_call,
    report,
    sandbox,
    tracing,
)
from tests.benchmarks.bench import FULL, QUICK, Bench, Extent
from tests.benchmarks.cluster import Cluster
from tests.benchmarks.figures import Figures, Rows
from tests.benchmarks.records import envelopes, events
from tests.benchmarks.traffic import traffic
from tests.kafka_server import BENCHMARK_HEAP, KafkaServer

_ROOT = Path(__file__).resolve().parent.parent.parent
RESULTS = _ROOT / "build" / "bench.json"
PAGE = _ROOT / "docs" / "reference" / "performance.md"
PARTS: dict[str, Callable[[Bench], Figures]] = {
    "throughput": hop.throughput,
    "latency": hop.latency,
    "waiting": hop.waiting,
    "flow": flow.measure,
    "tracing": tracing.measure,
    "call": provider_call.measure,
    "window": decided_window.measure,
}
#: The parts that need no Kafka.
SANDBOX, OBSERVING = "sandbox", "observing"


def main() -> int:
    """Measure, print, write the results; 1 when a target is missed."""
    asked = _arguments()
    parts = asked.only or [*PARTS, SANDBOX, OBSERVING]
    if set(parts) & set(PARTS) and (lacking := kafka_jars.missing()):
        sys.exit(f"The benchmark needs a real Kafka: install {' and '.join(lacking)}.")
    result = _measured(parts, quick=asked.quick)
    page = report.render(result)
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps(result, indent=1) + "\n")
    if asked.write:
        PAGE.parent.mkdir(parents=True, exist_ok=True)
        PAGE.write_text(page)
    sys.stdout.write(f"\n{page}\nAll values: {RESULTS.relative_to(_ROOT)}\n")
    return 0  # it reports, it never gates


def _measured(parts: list[str], *, quick: bool) -> report.Result:
    extent, loaded = QUICK if quick else FULL, machine.load()
    rows: dict[str, Rows] = {}
    if SANDBOX in parts:
        rows[SANDBOX] = sandbox.measure(
            extent.repetitions,
            events=extent.sandbox_events,
            executions=extent.sandbox_executions,
        ).rows
    if OBSERVING in parts:
        rows[OBSERVING] = observing.measure(extent.repetitions).rows
    if on_kafka := [name for name in parts if name in PARTS]:
        rows |= _measured_on_kafka(on_kafka, extent)
    return {
        "measured": datetime.now(UTC).strftime("%Y-%m-%d"),
        "machine": machine.facts(),
        "load_before": loaded,
        "extent": asdict(extent),
        "rows": rows,
    }


def _measured_on_kafka(parts: list[str], extent: Extent) -> dict[str, Rows]:
    with KafkaServer(BENCHMARK_HEAP) as server, traffic(server.bootstrap) as load:
        bench = Bench(Cluster(server.bootstrap), load, extent, envelopes(), events())
        bench.say("a real Kafka is up")
        rows = {name: PARTS[name](bench).rows for name in parts}
        bench.say("done")
    return rows


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="less of everything: 3 minutes")
    parser.add_argument("--write", action="store_true", help=f"write {PAGE.relative_to(_ROOT)}")
    parser.add_argument(
        "--only", choices=[*PARTS, SANDBOX, OBSERVING], action="append", help="a part; repeatable"
    )
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
