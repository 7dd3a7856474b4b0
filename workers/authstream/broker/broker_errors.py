"""What the client library meets on its way to the brokers, counted: it goes on by itself."""

from __future__ import annotations

from confluent_kafka import KafkaError

from authstream.metrics.registry import REGISTRY, Registry

#: By the library's name. A broker that is away is a few a second from every client, for as long.
_SEEN: dict[str, int] = {}


def seen(error: KafkaError) -> None:
    """One more: `error_cb` of every client."""
    name = error.name()
    _SEEN[name] = _SEEN.get(name, 0) + 1


def observe(registry: Registry = REGISTRY) -> None:
    """Report them whenever metrics are read."""
    registry.read(
        "authstream.broker.errors",
        lambda: [((name,), count) for name, count in list(_SEEN.items())],
    )
