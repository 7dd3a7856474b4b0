"""How public records are framed for a schema registry: Confluent's header in place of Avro's own.

Wire form: a zero byte, the schema's id in 4 bytes, big-endian, the same body (Confluent, "Wire
format"). An id means something only at its registry, so it is learned there once, at start; no
record waits for a registry.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from authstream.contracts.answer import Answered
from authstream.contracts.avro import HEADER_BYTES, MAGIC
from authstream.contracts.execution import Execution
from authstream.contracts.login_event import LoginEvent
from authstream.contracts.model import Record
from authstream.contracts.verdict import Verdict

#: What other programs write and read, by the pattern of its topic.
PUBLIC: Mapping[str, type[Record]] = {
    "<trigger>.requested.v1": LoginEvent,
    "<trigger>.decided.v1": Verdict,
    "executions.v1": Execution,
    "answers.v1": Answered,
}
#: The first byte of a record framed for a registry.
REGISTRY_MAGIC = b"\0"
_ID_BYTES = 4
_REGISTRY_HEADER_BYTES = 1 + _ID_BYTES


@dataclass(frozen=True, slots=True)
class Framing:
    """The ids that one registry gave to our schemas, by fingerprint."""

    ids: Mapping[bytes, int]
    #: Whether to write so, or only to read.
    writes: bool
    _heads: Mapping[bytes, bytes] = field(init=False, repr=False)
    _named: Mapping[bytes, bytes] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        there = {
            MAGIC + name: REGISTRY_MAGIC + number.to_bytes(_ID_BYTES)
            for name, number in self.ids.items()
        }
        object.__setattr__(self, "_heads", there if self.writes else {})
        object.__setattr__(self, "_named", {head: own for own, head in there.items()})

    def framed(self, value: bytes | None) -> bytes | None:
        """A record as it is written: public ones for the registry, all others as they are."""
        head = self._heads.get(value[:HEADER_BYTES]) if value else None
        return value if value is None or head is None else head + value[HEADER_BYTES:]

    def plain(self, value: bytes | None) -> bytes | None:
        """A record as it is decoded; one under an id that is none of ours stays as it is."""
        own = self._named.get(value[:_REGISTRY_HEADER_BYTES]) if value else None
        return value if value is None or own is None else own + value[_REGISTRY_HEADER_BYTES:]
