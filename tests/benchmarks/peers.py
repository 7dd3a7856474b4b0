"""Published figures of what one would use instead, measured on another day.

Source: the project's own comparison (2026-11-23, 2 cores, 24 GiB; an event of the same size, three
actions, one load generator, latency from the intended send time).
"""

from __future__ import annotations

from dataclasses import dataclass

MEASURED = "2026-11-23"


@dataclass(frozen=True, slots=True)
class Peer:
    """One row of that comparison; milliseconds as published, p50 / p99."""

    system: str
    at_20: str
    at_200: str
    most: str
    cpu_seconds: str


PEERS = (
    Peer(
        "Node.js, actions in the provider's own process (Auth0's model)",
        "1.4-1.5 / 2.1-4.6",
        "0.9 / 1.6-1.7",
        "18 468 (64 in flight)",
        "0.16",
    ),
    Peer(
        "Node.js, an isolated-vm isolate per action",
        "2.1 / 3.5",
        "1.2 / 2.5",
        "8 059 (64)",
        "0.46",
    ),
    Peer(
        "webhook chain, three FastAPI services",
        "3.5 / 4.5-5.1",
        "1.7-1.8 / 2.7",
        "3 212 (64)",
        "0.88",
    ),
    Peer("webhook chain, three Go services", "1.8 / 3.6", "1.2 / 2.1", "6 860 (64)", "0.44"),
    Peer(
        "Kafka Streams, 4 hops, at_least_once",
        "5.3 / 19",
        "2.8 / 13",
        "4 074 (64); 8 858 (1 000)",
        "1.9 + broker 1.5",
    ),
    Peer(
        "Kafka Streams, 4 hops, exactly_once_v2",
        "516 / 662",
        "392 / 470",
        "143 (64); 1 796 (1 000)",
        "1.6 + broker 2.2",
    ),
    Peer(
        "Benthos core, 4 pipelines over topics",
        "4.8 / 8.9",
        "3.0 / 8.8",
        "2 275 (64); 4 375 (1 000)",
        "1.8 + broker 1.6",
    ),
    Peer(
        "Temporal, 3 activities, PostgreSQL",
        "at its limit: 665-1 113 / 1 134-4 823",
        "not reached",
        "16 (32)",
        "at 20/s: 20 + 60",
    ),
    Peer("DBOS in process, PostgreSQL", "4.7 / 8.3", "2.9 / 13", "293 (16)", "1.8 + database"),
    Peer(
        "plain Python over confluent-kafka, 4 hops, no engine",
        "3.8-4.5 / 5.5-10.5",
        "2.5-2.6 / 4.6-6.3",
        "10 483 (1 000)",
        "0.86 + broker 1.4",
    ),
)
