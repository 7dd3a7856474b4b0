"""Events that are published again: how many tries are left, and the order for the next."""

from __future__ import annotations

from authstream.contracts.envelope import Envelope
from authstream.contracts.redelivery import Redelivery
from authstream.contracts.verdict import Retry, Verdict
from authstream.engine.identity import retry_id


def left(policy: Retry | None, envelope: Envelope) -> Retry | None:
    """What of a policy is left after this try of an event, and where the event is."""
    origin = envelope.origin
    if policy is None or origin is None:
        return policy
    return Retry(
        waits_ms=policy.waits_ms[origin.attempt :],
        attempt=origin.attempt,
        partition=origin.partition,
        offset=origin.offset,
    )


def order(verdict: Verdict) -> Redelivery | None:
    """What a verdict orders; None where nobody publishes the event again."""
    retry = verdict.retry
    if retry is None or retry.partition is None or retry.offset is None:
        return None
    return Redelivery(
        id=retry_id(verdict.flow_id),
        flow_id=verdict.flow_id,
        tenant=verdict.tenant,
        trigger=verdict.trigger,
        partition=retry.partition,
        offset=retry.offset,
        attempt=retry.attempt + 1,
        due_at=verdict.decided_at + (retry.waits_ms[0] if retry.waits_ms else 0),
        given_up=not retry.waits_ms,
        reason=verdict.reason or "",
    )
