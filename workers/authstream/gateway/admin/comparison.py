"""Comparisons over HTTP: a flow or draft beside the deployed one, on logins that were recorded."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, Any, Protocol

import structlog
from fastapi import APIRouter, HTTPException, Path, Request
from pydantic import BaseModel, ConfigDict, Field

from authstream.contracts.control import ObjectKey
from authstream.control.door import Door
from authstream.control.objects import FLOW, BoundAction, FlowObject
from authstream.errors import ConfigurationError, NotFoundError
from authstream.gateway.admin.callers import Author
from authstream.gateway.admin.flows import BindingBody

_LOG = structlog.get_logger("authstream.admin")
router = APIRouter(prefix="/v1/admin/tenants/{tenant}/flows/{trigger}", tags=["test runs"])
#: Logins of one comparison, and hours to look back.
MOST_LOGINS = 200
LONGEST_HOURS = 7 * 24


@dataclass(frozen=True, slots=True)
class Compared:
    """Two flows of one tenant for one trigger, and the logins that both are to answer."""

    tenant: str
    trigger: str
    owner: str
    deployed: tuple[BoundAction, ...]
    candidate: tuple[BoundAction, ...]
    #: Actions whose draft runs in the candidate.
    drafts: frozenset[str]
    #: The newest, so many, no older than this.
    count: int
    back: timedelta


class Comparison(Protocol):
    """Runs both flows on recorded logins, cut off from everybody; nothing of it is sent."""

    def __call__(self, door: Door, compared: Compared, /) -> dict[str, Any]:
        """What differs. Blocks. Raises AuthstreamError."""
        ...


class ComparisonBody(BaseModel):
    """What is compared with the flow in effect: other bindings, drafts of its actions, or both."""

    model_config = ConfigDict(extra="forbid")

    bindings: list[BindingBody] | None = None
    drafts: tuple[str, ...] = ()
    count: int = Field(default=50, ge=1, le=MOST_LOGINS)
    hours: int = Field(default=24, ge=1, le=LONGEST_HOURS)


@router.post("/compare")
def compare(
    request: Request,
    door: Author,
    tenant: str,
    trigger: Annotated[str, Path()],
    body: ComparisonBody,
) -> dict[str, Any]:
    """What recorded logins would be told otherwise: where, and no value.

    Names of claims and metadata are shown, and an action can make a name of anything it sees: so
    the log says who compared. Both flows run now, in guests of their own that connect to nobody.
    """
    comparison: Comparison | None = request.app.state.entrance.comparison
    if comparison is None:
        raise HTTPException(501, "this server compares nothing: use `authstream replay`")
    stored = door.view.find(ObjectKey(FLOW, tenant, trigger))
    if trigger not in door.triggers or stored is None:
        raise NotFoundError(f"{tenant} has no flow for {trigger}: bind an action first")
    flow = stored.read(FlowObject)
    candidate = flow.bindings
    if body.bindings is not None:
        candidate = tuple(one.bound() for one in body.bindings)
    unbound = set(body.drafts) - {one.action for one in candidate if one.enabled}
    if unbound:
        raise ConfigurationError(f"{min(unbound)} does not run in {trigger}: bind it first")
    _LOG.info("compared", actor=door.actor, tenant=tenant, trigger=trigger, logins=body.count)
    return comparison(
        door,
        Compared(
            tenant,
            trigger,
            flow.owner,
            deployed=flow.bindings,
            candidate=candidate,
            drafts=frozenset(body.drafts),
            count=body.count,
            back=timedelta(hours=body.hours),
        ),
    )
