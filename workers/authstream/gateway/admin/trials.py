"""Test runs over HTTP: a flow on an event, with drafts where wished, before a login meets it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, Protocol

from fastapi import APIRouter, HTTPException, Path, Request
from pydantic import BaseModel, ConfigDict

from authstream.contracts.control import ObjectKey
from authstream.control.door import Door
from authstream.control.objects import FLOW, BoundAction, FlowObject
from authstream.engine.conditions import ConditionError, compiled, holds
from authstream.errors import ConfigurationError, NotFoundError
from authstream.gateway.admin.callers import Author, Viewer
from authstream.gateway.admin.flows import BindingBody

router = APIRouter(prefix="/v1/admin/tenants/{tenant}", tags=["test runs"])


@dataclass(frozen=True, slots=True)
class Asked:
    """What to run: these bindings on this event."""

    trigger: str
    #: Whose actions they are.
    owner: str
    bindings: tuple[BoundAction, ...]
    event: dict[str, Any]
    #: Actions whose draft runs, whatever version is bound.
    drafts: frozenset[str]


class Trial(Protocol):
    """Runs a flow for its author to see; nothing of it reaches anybody."""

    def __call__(self, door: Door, asked: Asked, /) -> dict[str, Any]:
        """Verdict, commands, runs and effects. Blocks. Raises AuthstreamError."""
        ...


class TrialBody(BaseModel):
    """An event, and what runs on it: the flow as it is, unless bindings are given."""

    model_config = ConfigDict(extra="forbid")

    event: dict[str, Any]
    bindings: list[BindingBody] | None = None
    drafts: tuple[str, ...] = ()


class ConditionBody(BaseModel):
    """A condition, and an event to try it on."""

    model_config = ConfigDict(extra="forbid")

    when: str
    event: dict[str, Any] | None = None


class Judged(BaseModel):
    """What a condition came to; a problem says why it came to nothing."""

    holds: bool | None = None
    problem: str | None = None


@router.post("/flows/{trigger}/test")
def test_flow(
    request: Request, door: Author, tenant: str, trigger: Annotated[str, Path()], body: TrialBody
) -> dict[str, Any]:
    """Run a flow on an event, here and now. Effects and metadata are listed, not sent.

    Actions run with their secrets and may call the hosts of their egress.
    """
    trial: Trial | None = request.app.state.entrance.trial
    if trial is None:
        raise HTTPException(501, "this server runs no tests: use `authstream test`")
    if trigger not in door.triggers:
        raise NotFoundError(f"there is no trigger {trigger}")
    flow = _flow(door, tenant, trigger)
    bindings = flow.bindings
    if body.bindings is not None:
        bindings = tuple(one.bound() for one in body.bindings)
    return trial(
        door, Asked(trigger, flow.owner, bindings, body.event, drafts=frozenset(body.drafts))
    )


@router.post("/conditions/check")
def check_condition(_door: Viewer, tenant: str, body: ConditionBody) -> Judged:  # noqa: ARG001 - in the path as everywhere
    """Whether a condition can be used, and whether it holds for an event."""
    try:
        compiled(body.when)
        return Judged() if body.event is None else Judged(holds=holds(body.when, body.event))
    except (ConfigurationError, ConditionError) as error:
        return Judged(problem=str(error))


def _flow(door: Door, tenant: str, trigger: str) -> FlowObject:
    """The flow of a tenant; an empty one where there is none."""
    stored = door.view.find(ObjectKey(FLOW, tenant, trigger))
    return stored.read(FlowObject) if stored else FlowObject(owner=tenant)
