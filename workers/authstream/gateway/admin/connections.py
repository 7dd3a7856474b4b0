"""Connections over HTTP: when each was last called, and what its provider was told."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import Any

from fastapi import APIRouter

from authstream.executions.trend import Span
from authstream.gateway.admin.executions import Index

router = APIRouter(prefix="/v1/admin/connections", tags=["connections"])
#: Calls are counted over so long.
COUNTED = timedelta(days=1)


@router.get("")
def list_connections(index: Index) -> dict[str, list[dict[str, Any]]]:
    """Every connection that was called, its last call, and the calls of the last day by result.

    Connections are files of the gateway: one that nobody has called yet is not known here.
    """
    now = int(time.time() * 1000)
    since = now - COUNTED // timedelta(milliseconds=1)
    shares = {one.name: one for one in index.trend(Span(since), now=now).connections}
    return {
        "items": [
            {
                "name": call.connection,
                "provider": call.provider,
                "last_call": call.model_dump(
                    mode="json", include={"flow_id", "told", "code", "status", "ms", "answered_at"}
                ),
                "last_day": dict(shares[call.connection].counts)
                if call.connection in shares
                else {},
            }
            for call in index.calls()
        ]
    }
