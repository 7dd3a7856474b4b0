"""The words of `docs/reference/performance.md` around its tables."""

from __future__ import annotations

from typing import Final

HEAD: Final = """# Performance

Written by `python -m tests.benchmarks --write`; do not edit. Measured {measured} in one run,
{repetitions} repetition(s), interleaved.

{facts}
- waiting for a core when it began: {load} processes

Broker, load generator, sink and the system under test share the machine. Levels drift between
runs and machines: **read the ratios**, which are of the same run (the median over repetitions
of this row divided by raw of that repetition).

```
make bench                                      # all of it, prints only
.venv/bin/python -m tests.benchmarks --write    # all of it, and this page
.venv/bin/python -m tests.benchmarks --quick    # less of everything
```

The work of a message is the same in every engine: decode a 2.3 KB Avro envelope (a 2 KB login
event, a slip of three steps, two commands), add a run, encode it, by our own
`contracts.avro`. `acks=all`, no lingering. *Raw* is a bare loop over confluent-kafka with
order per partition, delivery callbacks and contiguous commits every 100 ms: what nobody can
be much faster than in Python, without time-outs, order per key across waits, tracing or clean
rebalances."""

OBSERVING: Final = """Each in a loop of its own, in one process. A message in a stage is observed
twice: how long it waited, and how long it took."""

FLOW: Final = """Entry (validates JSON, plans the flow), three actions, assemble (folds,
decides once, records the execution): five hops, four partitions. Actions are Python functions
in the worker unless it says guest processes. Every verdict was checked; none was missing or
wrong. The raw chain has five hops and does the work of a message in each: no JSON validation,
no actions, no fold."""

TRACING: Final = """The whole flow, flat out, all stages in one process. The provider's tracer
decides which logins are recorded; spans are exported by OTLP in batches, as in production, to a
process that drops them. The exporter's own processor time is counted."""

SANDBOX: Final = """One action in a confined process against the same function called in process,
in the same run: a 3 KB event, two claims and one metadata value. *More* is what an event costs
beyond the call, with 100 in flight; both need a core of their own for it to mean anything. *Own
process* is `isolation: execution` with four at a time; the other columns are `isolation: action`.
*Memory* is the guest's own after the run, without files."""

CALL: Final = """From an HTTP call to its answer: gateway, entry, three actions in guest
processes, assemble and fanout, each in a process of its own, on the same broker; every answer was
checked. Beside it what a provider would call otherwise: three services with one rule each, one
call after the other."""

WINDOW: Final = """## The window of decided legs

Assemble remembers every leg that it decided for {hours} h (`DECIDED_WINDOW`), and reads it
back from `decided` when it is given a partition.

| | measured | at {logins} logins/s |
|---|---|---|
| memory | {per_leg} bytes a leg ({legs} legs) | {memory} MiB over all partitions |
| rebuild, one process | {rebuilt} verdicts/s | {seconds} s for all partitions |
| rebuild, four processes | on cores of their own | {seconds_of_four} s |

A partition is held back until its window is rebuilt. Where that is too long, use more
partitions and workers, or a shorter window: a leg older than the window is dead-lettered, so
it must be longer than any login takes (20 s, or 15 min with a redirect)."""

PEERS: Final = """Their rows are **figures of another day** ({day}, same kind of machine,
three actions on a 2 KB event): compare orders of magnitude, not digits. Ours do more than
theirs: five hops, validation, a recorded execution, one verdict per leg."""

LIMITS: Final = """## What limits us

- **One Python core for each process.** A stage is bound by its own work: most of the CPU of a
  message above is Avro and pydantic (compare raw, which does only that). More partitions do
  not help inside one process; more processes do.
- **Each hop writes to the log and awaits the acknowledgement** of its outputs before it
  commits. That is the guarantee, and at replication 1 on loopback it is as cheap as it gets:
  with three replicas add a network round trip to each of the five hops.
- **At login rates wake-ups dominate**: a message passes a consumer thread, the event loop, a
  Faust agent, librdkafka's threads and the delivery thread. Batches share these costs, so CPU
  per message falls as load rises.
- **p99 on few cores is queueing for a core.** Five stage processes, broker, load and sink run
  here; all stages in one process have fewer threads to schedule.
- **A window of 256 messages per stage**: a handler that waits 20 ms cannot exceed 12 800/s.
- Short runs, no TLS, no replication, page-cache durability (Kafka's default), no soak."""
