"""The Avro form of what a provider publishes on `requested`, for those who do not send JSON."""

from __future__ import annotations

from typing import Literal

from authstream.contracts.model import Record


class LoginEvent(Record):
    """The event's JSON with the CloudEvents attributes that identify it."""

    id: str
    source: str
    #: `none`: the id is not stable over the provider's retries, each record is a new flow.
    dedup: Literal["id", "none"] = "id"
    data: bytes
