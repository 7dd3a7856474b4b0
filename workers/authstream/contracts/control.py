"""The record of the control log: one revision of one object, who wrote it and when."""

from __future__ import annotations

from typing import NamedTuple

from authstream.contracts.model import EpochMillis, Record


class ObjectKey(NamedTuple):
    """What an object is called: its kind, the tenant it belongs to, and its name there."""

    kind: str
    tenant: str
    name: str

    def __str__(self) -> str:
        """For people: `action crm-enrich of default`."""
        return f"{self.kind} {self.name} of {self.tenant}"

    def to_bytes(self) -> bytes:
        """The key of its records in the log."""
        return "/".join(self).encode()


class ControlRecord(Record):
    """One revision of one object. The first record with a revision is that revision."""

    kind: str
    tenant: str
    name: str
    #: 1 for the first, one more for each change, deletion included.
    revision: int
    #: JSON of the object, see `control/objects.py`; null when it is deleted.
    body: bytes | None = None
    #: Random: by it a writer knows its own record when it reads it back.
    write_id: str
    #: Who changed it, for the audit trail.
    actor: str
    #: What was done, e.g. `deploy version 3`.
    operation: str
    #: The writer's clock.
    at: EpochMillis
    #: Ed25519 over all of the above; empty when no signing key is configured.
    signature: bytes = b""

    @property
    def key(self) -> ObjectKey:
        """The object's name."""
        return ObjectKey(self.kind, self.tenant, self.name)
