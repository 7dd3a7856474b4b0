"""Figures of a flow over HTTP: how often and how fast it and its actions ran of late."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query

from authstream.control.objects import FLOW
from authstream.executions.figures import FlowAsked
from authstream.gateway.admin.callers import Viewer
from authstream.gateway.admin.executions import Index

router = APIRouter(prefix="/v1/admin/tenants/{tenant}/flows/{trigger}", tags=["flows"])
#: Minutes that may be asked for.
LONGEST = 24 * 60
_MINUTE_MS = timedelta(minutes=1) // timedelta(milliseconds=1)


@router.get("/figures")
def flow_figures(
    door: Viewer,
    index: Index,
    tenant: str,
    trigger: Annotated[str, Path()],
    minutes: Annotated[int, Query(ge=1, le=LONGEST, description="how far back")] = 60,
) -> dict[str, Any]:
    """Verdicts of a flow and runs of its actions: count, errors, denials, p50 and p99.

    Only the newest 10 000 logins of the trigger are looked at; `newest_only` says that there were
    more.
    """
    others = tuple(
        stored.key.tenant
        for stored in door.view.of_kind(FLOW)
        if stored.key.name == trigger and stored.key.tenant != tenant
    )
    since = door.store.now() - minutes * _MINUTE_MS
    return index.figures(FlowAsked(tenant, trigger, since, others)).public()
