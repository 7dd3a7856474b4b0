"""The record of an answer: what a provider was really told, for people who ask later."""

from __future__ import annotations

from typing import Literal

from authstream.contracts.model import EpochMillis, Record

Told = Literal["allowed", "denied", "suspended", "failed_open", "failed_closed"]


class Answered(Record):
    """One call of a provider, answered."""

    flow_id: str
    leg: int
    tenant: str
    trigger: str
    #: The connection's name, and its adapter's.
    connection: str
    provider: str
    #: `failed_open` and `failed_closed`: there was no verdict, or a failed one; by policy.
    told: Told
    #: Why, where it was not allowed: a verdict's code, or `timeout`, `unavailable`, `overloaded`.
    code: str | None = None
    #: HTTP status.
    status: int
    #: Parts of the verdict that the protocol cannot carry.
    lost: tuple[str, ...] = ()
    #: From call to answer, milliseconds.
    ms: float
    answered_at: EpochMillis
