"""The audit trail, what is going on, and tokens, over HTTP."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field

from authstream.control import described
from authstream.control.emergencies import banners
from authstream.control.objects import Role
from authstream.control.tokens import Tokens
from authstream.gateway.admin.callers import Operator, Viewer
from authstream.gateway.admin.exchange import Page, Pages

router = APIRouter(prefix="/v1/admin", tags=["oversight"])
#: No offset is over it: counted down from it, newer entries come first.
_LAST = 2**63


class TokenBody(BaseModel):
    """A new token; without hours it is valid until it is revoked."""

    model_config = ConfigDict(extra="forbid")

    name: str
    role: Role
    hours: int | None = Field(default=None, ge=1)


@router.get("/status")
def status(door: Viewer) -> dict[str, Any]:
    """How far the view is, and emergencies in force."""
    return {
        "position": door.view.position,
        "emergencies": banners(door.view, now=door.store.now()),
    }


@router.get("/audit")
def audit(
    door: Viewer,
    pages: Pages,
    tenant: Annotated[str | None, Query(description="of one tenant")] = None,
    newest: Annotated[bool, Query(description="newest first")] = False,  # noqa: FBT002 - a query
) -> Page:
    """Every change, oldest first unless said, also those that came too late."""
    trail = [entry for entry in door.view.trail() if tenant in (None, entry.record.tenant)]
    if newest:
        trail.reverse()
        return pages.page(trail, lambda entry: f"{_LAST - entry.offset:020}", described.audited)
    return pages.page(trail, lambda entry: f"{entry.offset:020}", described.audited)


@router.get("/tokens")
def list_tokens(door: Operator, pages: Pages) -> Page:
    """Names and roles."""
    return pages.page(Tokens(door).all(), lambda one: one.key.name, described.token)


@router.post("/tokens", status_code=201)
def create_token(door: Operator, body: TokenBody) -> dict[str, str]:
    """A new token, which cannot be shown again."""
    lasting = None if body.hours is None else timedelta(hours=body.hours)
    return {"token": Tokens(door).create(body.name, body.role, lasting=lasting)}


@router.delete("/tokens/{name}", status_code=204)
def revoke_token(door: Operator, name: str) -> None:
    """The token is worth nothing at once."""
    Tokens(door).revoke(name)
