"""Previews of effects over HTTP: how one would look to its reader."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict

from authstream.contracts.effect import Effect
from authstream.engine.delivery import Delivery
from authstream.errors import DeliveryError, NotFoundError
from authstream.gateway.admin.callers import Author

router = APIRouter(prefix="/v1/admin/tenants/{tenant}/effects", tags=["test runs"])


class PreviewBody(BaseModel):
    """What an action orders."""

    model_config = ConfigDict(extra="forbid")

    payload: dict[str, Any]


@router.post("/{kind}/preview")
def preview_effect(
    request: Request, door: Author, tenant: str, kind: str, body: PreviewBody
) -> dict[str, Any]:
    """How an effect would look to its reader, e.g. an e-mail from its template; nothing is sent.

    `parts` is null for a kind whose payload says it all, `problem` says why there is nothing.
    """
    deliveries: Mapping[str, Delivery] = request.app.state.entrance.deliveries
    delivery = deliveries.get(kind)
    if delivery is None:
        raise NotFoundError(f"there is no effect kind {kind}")
    effect = Effect(
        id="preview",
        kind=kind,
        flow_id="preview",
        leg=0,
        tenant=tenant,
        trigger="",
        action="",
        payload=body.payload,
        ordered_at=door.store.now(),
    )
    try:
        return {"parts": delivery.preview(effect), "problem": None}
    except DeliveryError as error:
        return {"parts": None, "problem": str(error)}
