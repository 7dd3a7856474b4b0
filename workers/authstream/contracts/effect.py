"""What fanout sends downstream: effects to deliver, metadata to write, and what was done."""

from __future__ import annotations

from typing import Literal

from authstream.contracts.model import EpochMillis, JsonObject, Record

#: `dropped`: a user's own action decided that it is not to be sent.
EffectStatus = Literal["delivered", "dropped", "dead"]
PatchStatus = Literal["applied", "dead"]


class Effect(Record):
    """One side effect to deliver, under an id that never changes over repetitions."""

    id: str
    kind: str
    flow_id: str
    leg: int
    tenant: str
    trigger: str
    action: str
    payload: JsonObject
    ordered_at: EpochMillis
    #: 0: at once.
    not_before: EpochMillis = 0
    #: The user whose flow ordered it; None: there was none, or the record is older than the member.
    subject: str | None = None


class EffectDone(Record):
    """That an effect was delivered, dropped or given up."""

    id: str
    kind: str
    flow_id: str
    status: EffectStatus
    detail: str = ""
    #: 0: not known, e.g. its stage was stopped at the handler's time limit.
    attempts: int
    done_at: EpochMillis


class MetadataPatch(Record):
    """One user's metadata merge patches of one verdict."""

    id: str
    flow_id: str
    leg: int
    tenant: str
    subject: str | None
    app_metadata: JsonObject
    user_metadata: JsonObject
    decided_at: EpochMillis


class PatchDone(Record):
    """That a metadata patch was applied, or given up."""

    id: str
    flow_id: str
    leg: int
    status: PatchStatus
    sink: str
    detail: str = ""
    attempts: int
    #: Offset of the patch when it first came: later ones of the user have a higher one.
    sequence: int
    done_at: EpochMillis
