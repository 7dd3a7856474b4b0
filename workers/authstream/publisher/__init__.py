"""The SDK for providers and gateways on Kafka: publish an event, wait for its verdict.

`publish` returns when the broker has the event (acks=all). `decide` also waits for the verdict,
on a partition of the replies topic that this process assigns itself: no group, no rebalance.
"""

from __future__ import annotations

from authstream.publisher.coroutines import AsyncPublisher
from authstream.publisher.events import event_of
from authstream.publisher.request import LoginEvent, NoVerdictError, Place
from authstream.publisher.threads import Publisher
from authstream.publisher.verdicts import VerdictReader

__all__ = [
    "AsyncPublisher",
    "LoginEvent",
    "NoVerdictError",
    "Place",
    "Publisher",
    "VerdictReader",
    "event_of",
]
