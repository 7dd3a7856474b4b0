"""Flows over HTTP: what is bound, in which order, the kill switch, and emergencies."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Response
from pydantic import BaseModel, ConfigDict, Field

from authstream.control import described
from authstream.control.door import Door
from authstream.control.emergencies import LONGEST, Emergencies
from authstream.control.flows import Flows
from authstream.control.objects import BoundAction, Canary
from authstream.gateway.admin.callers import Author, Operator, Viewer
from authstream.gateway.admin.exchange import Expected, Page, Pages, seen, tagged

router = APIRouter(prefix="/v1/admin/tenants/{tenant}", tags=["flows"])
_MINUTE = timedelta(minutes=1)


class CanaryBody(BaseModel):
    """A version for a share of the logins."""

    model_config = ConfigDict(extra="forbid")

    version: int
    share: float = Field(gt=0, le=1)
    max_errors: float = Field(default=0.05, ge=0, le=1)
    min_runs: int = Field(default=20, ge=1)


class BindingBody(BaseModel):
    """An action in a flow; version 0 is the deployed one."""

    model_config = ConfigDict(extra="forbid")

    action: str
    version: int = 0
    when: str | None = None
    timeout_ms: int = Field(default=10_000, ge=1)
    on_error: Literal["fail", "skip"] = "fail"
    enabled: bool = True
    canary: CanaryBody | None = None

    def bound(self) -> BoundAction:
        """As operations take it."""
        return BoundAction(**self.model_dump())


class FlowBody(BaseModel):
    """All of a flow, in order; `owner` is whose actions they are, the tenant's own unless said."""

    model_config = ConfigDict(extra="forbid")

    owner: str | None = None
    bindings: list[BindingBody]


class BindingChange(BaseModel):
    """What to change of a binding; what is not said stays."""

    model_config = ConfigDict(extra="forbid")

    enabled: bool | None = None
    #: From 0.
    position: int | None = Field(default=None, ge=0)


class EmergencyBody(BaseModel):
    """An emergency, for so many minutes."""

    model_config = ConfigDict(extra="forbid")

    mode: Literal["allow-all", "deny-all"]
    minutes: int = Field(default=15, ge=1, le=LONGEST // _MINUTE)
    reason: str


Trigger = Annotated[str, Path()]


@router.get("/flows")
def list_flows(door: Viewer, tenant: str, pages: Pages) -> Page:
    """The flows of a tenant, by trigger."""
    found = [stored for stored in Flows(door).all() if stored.key.tenant == tenant]
    return pages.page(found, lambda one: one.key.name, described.flow)


@router.get("/flows/{trigger}")
def get_flow(door: Viewer, tenant: str, trigger: Trigger, response: Response) -> dict[str, Any]:
    """A flow."""
    return _flow(door, tenant, trigger, response)


@router.put("/flows/{trigger}")
def set_flow(
    door: Author,
    tenant: str,
    trigger: Trigger,
    body: FlowBody,
    expected: Expected,
    response: Response,
) -> dict[str, Any]:
    """Bind exactly these, in this order. Needs If-Match where there is a flow."""
    flows = Flows(door)
    there = any((one.key.tenant, one.key.name) == (tenant, trigger) for one in flows.all())
    after = seen(expected) if there else expected
    bindings = [one.bound() for one in body.bindings]
    flows.replace(tenant, trigger, bindings, owner=body.owner, after=after)
    return _flow(door, tenant, trigger, response)


@router.delete("/flows/{trigger}", status_code=204)
def delete_flow(door: Author, tenant: str, trigger: Trigger, expected: Expected) -> None:
    """Bind nothing any more: the default tenant's flow serves this one again."""
    Flows(door).delete(tenant, trigger, after=expected)


@router.post("/flows/{trigger}/actions", status_code=201)
def add_binding(
    door: Author,
    tenant: str,
    trigger: Trigger,
    body: BindingBody,
    expected: Expected,
    response: Response,
) -> dict[str, Any]:
    """Bind one more action, at the end."""
    Flows(door).add(tenant, trigger, body.bound(), after=expected)
    return _flow(door, tenant, trigger, response)


@router.patch("/flows/{trigger}/actions/{action}")
def change_binding(
    door: Author,
    tenant: str,
    trigger: Trigger,
    action: str,
    body: BindingChange,
    response: Response,
) -> dict[str, Any]:
    """Switch an action off or on, or move it."""
    flows = Flows(door)
    if body.enabled is not None:
        flows.enable(tenant, trigger, action, enabled=body.enabled)
    if body.position is not None:
        flows.move(tenant, trigger, action, to=body.position)
    return _flow(door, tenant, trigger, response)


@router.delete("/flows/{trigger}/actions/{action}", status_code=204)
def remove_binding(
    door: Author, tenant: str, trigger: Trigger, action: str, expected: Expected
) -> None:
    """Take an action out of the flow."""
    Flows(door).remove(tenant, trigger, action, after=expected)


@router.put("/flows/{trigger}/actions/{action}/canary")
def begin_canary(
    door: Author,
    tenant: str,
    trigger: Trigger,
    action: str,
    body: CanaryBody,
    response: Response,
) -> dict[str, Any]:
    """Give a share of the logins another version; taken back by itself when it fails too often."""
    Flows(door).canary(tenant, trigger, action, Canary(**body.model_dump()))
    return _flow(door, tenant, trigger, response)


@router.delete("/flows/{trigger}/actions/{action}/canary", status_code=204)
def end_canary(door: Author, tenant: str, trigger: Trigger, action: str) -> None:
    """Everybody gets the pinned version again."""
    Flows(door).canary(tenant, trigger, action, None)


@router.put("/break-glass/{trigger}")
def begin_emergency(
    door: Operator, tenant: str, trigger: Trigger, body: EmergencyBody
) -> dict[str, Any]:
    """Allow or deny every login of a trigger for a while."""
    glass = Emergencies(door).begin(
        tenant, trigger, body.mode, lasting=body.minutes * _MINUTE, reason=body.reason
    )
    return {"mode": glass.mode, "until": described.moment(glass.until), "reason": glass.reason}


@router.delete("/break-glass/{trigger}", status_code=204)
def end_emergency(door: Operator, tenant: str, trigger: Trigger) -> None:
    """Back to the flow, at once."""
    Emergencies(door).end(tenant, trigger)


def _flow(door: Door, tenant: str, trigger: str, response: Response) -> dict[str, Any]:
    stored = Flows(door).stored(tenant, trigger)
    tagged(response, stored)
    return described.flow(stored)
