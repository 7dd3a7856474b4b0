"""A broker that is away is counted by whoever looks for it."""

from __future__ import annotations

from confluent_kafka import Producer

from authstream.apps.up import free_port
from authstream.broker import broker_errors
from authstream.broker.kafka_config import producer_config
from authstream.metrics import prometheus
from authstream.metrics.registry import Registry
from authstream.settings import Settings
from tests.kafka_log import until


def test_a_broker_that_is_away_is_counted() -> None:
    """By the library's own names, in every registry that asks."""
    registries = Registry(), Registry()
    for registry in registries:
        broker_errors.observe(registry)
    client = Producer(producer_config(Settings(brokers=f"127.0.0.1:{free_port(0)}")))

    def counted() -> bool:
        client.poll(0.05)
        pages = (prometheus.page(registry).decode() for registry in registries)
        return all('authstream_broker_errors_total{code="_TRANSPORT"}' in page for page in pages)

    until(counted, "the errors are counted")
