"""What tracing costs a login on real Kafka: off, one login in ten, every span, all exported."""

from __future__ import annotations

from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from authstream.apps.up import free_port
from tests.benchmarks import flow, observing
from tests.benchmarks.bench import Bench
from tests.benchmarks.figures import Figures
from tests.benchmarks.processes import running
from tests.benchmarks.records import sampled

OFF = "tracing is off"
TENTH = "one login in ten is recorded"
EVERY = "every span is recorded"
WAYS = {OFF: 0, TENTH: 10, EVERY: 1}


def measure(bench: Bench) -> Figures:
    """Logins per second and processor time of a login, each way; of the off one, its share."""
    figures = Figures()
    port = free_port(0)
    with running((collect, port)) as collector:
        for repetition in range(bench.extent.repetitions):
            for name, every in WAYS.items():
                endpoint = f"http://127.0.0.1:{port}" if every else ""
                samples = sampled(bench.events, every=every or 1)
                flow.flat_out(bench, name, collector=endpoint, samples=samples, figures=figures)
                last = {figure: values[-1] for figure, values in figures.rows[name].items()}
                said = f"{last['rate']:,.0f} logins/s, {last['cpu_ms']:.2f} ms of CPU"
                bench.say(f"whole flow {repetition + 1}: {name}: {said}")
            figures.add(OFF, ns=observing.off_ns())
        collector.check()
    return figures


def share_off(figures: Figures) -> float | None:
    """Percent of a login's processor time that tracing takes when it is off."""
    ns, cpu = figures.median(OFF, "ns"), figures.median(OFF, "cpu_ms")
    return None if ns is None or not cpu else 100 * ns * len(flow.STAGES) / (cpu * 1e6)


def collect(port: int) -> None:
    """Take spans by OTLP/HTTP and drop them: what a collector does with them is not measured."""
    ThreadingHTTPServer(("127.0.0.1", port), _Dropping).serve_forever()


class _Dropping(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        """Always well."""
        self.rfile.read(int(self.headers["content-length"]))
        self.send_response(200)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its signature
        """Say nothing."""
