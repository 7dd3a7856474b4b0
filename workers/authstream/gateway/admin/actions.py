"""Actions over HTTP: drafts, builds, deploys, versions."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, ConfigDict, Field

from authstream.control import described
from authstream.control.actions import Actions, Deployed
from authstream.control.drafts import Draft, draft_of
from authstream.control.files import Limits
from authstream.control.objects import Canary
from authstream.gateway.admin.callers import Author, Viewer
from authstream.gateway.admin.exchange import Expected, Page, Pages, seen, tagged

router = APIRouter(prefix="/v1/admin/tenants/{tenant}/actions", tags=["actions"])


class DraftBody(BaseModel):
    """An action as its author has it."""

    model_config = ConfigDict(extra="forbid")

    trigger: str
    code: str
    code_file: Literal["action.py", "action.js", "action.ts"]
    runtime: str | None = None
    #: requirements.lock or package-lock.json, where there are dependencies.
    lock: str | None = None
    dependencies: dict[str, str] = {}
    secrets: tuple[str, ...] = ()
    egress: tuple[str, ...] = ()
    configuration: dict[str, Any] = {}
    limits: Limits = Limits()
    isolation: Literal["action", "execution"] = "action"

    def draft(self) -> Draft:
        """As operations take it."""
        return Draft(
            trigger=self.trigger,
            code_file=self.code_file,
            code=self.code.encode(),
            runtime=self.runtime,
            lock=None if self.lock is None else self.lock.encode(),
            dependencies=self.dependencies,
            secrets=self.secrets,
            egress=self.egress,
            configuration=self.configuration,
            limits=self.limits.of_guest,
            guests=self.limits.guests,
            isolation=self.isolation,
        )


class NewAction(DraftBody):
    """A new action."""

    name: str


class Deploy(BaseModel):
    """How to deploy; with a canary, only for a share of the logins."""

    model_config = ConfigDict(extra="forbid")

    note: str = ""
    canary_share: float | None = Field(default=None, gt=0, le=1)
    max_errors: float = Field(default=0.05, ge=0, le=1)


class RollBack(BaseModel):
    """Which version to run again; without one, the one before."""

    model_config = ConfigDict(extra="forbid")

    version: int | None = None


@router.get("")
def list_actions(door: Viewer, tenant: str, pages: Pages) -> Page:
    """The actions of a tenant, by name."""
    return pages.page(Actions(door, tenant).all(), lambda one: one.key.name, described.action)


@router.post("", status_code=201)
def create_action(door: Author, tenant: str, body: NewAction, response: Response) -> dict[str, Any]:
    """Make an action. Nothing runs it until it is deployed and bound."""
    stored = Actions(door, tenant).create(body.name, body.draft())
    tagged(response, stored)
    return described.action(stored)


@router.get("/{name}")
def get_action(door: Viewer, tenant: str, name: str, response: Response) -> dict[str, Any]:
    """An action with the code and the lock of its draft."""
    actions = Actions(door, tenant)
    stored = door.view.get(actions.key(name))
    tagged(response, stored)
    draft = draft_of(actions.get(name).draft, door.store)
    return {
        **described.action(stored),
        "code": draft.code.decode(errors="replace"),
        "lock": None if draft.lock is None else draft.lock.decode(errors="replace"),
    }


@router.put("/{name}")
def edit_action(
    door: Author,
    tenant: str,
    name: str,
    body: DraftBody,
    expected: Expected,
    response: Response,
) -> dict[str, Any]:
    """Another draft, with the modules that it has. Logins do not change. Needs If-Match."""
    actions = Actions(door, tenant)
    before = draft_of(actions.get(name).draft, door.store)
    draft = replace(body.draft(), modules=before.modules)
    stored = actions.edit(name, draft, after=seen(expected))
    tagged(response, stored)
    return described.action(stored)


@router.delete("/{name}", status_code=204)
def delete_action(
    door: Author, tenant: str, name: str, expected: Expected, *, force: bool = False
) -> None:
    """Delete an action and its secrets; 409 while a flow binds it, unless forced."""
    Actions(door, tenant).delete(name, force=force, after=expected)


@router.post("/{name}/build")
def build_action(door: Author, tenant: str, name: str) -> dict[str, Any]:
    """Prove that the draft can run; its log."""
    log: list[str] = []
    Actions(door.telling(log.append), tenant).build(name)
    return {"log": log}


@router.post("/{name}/deploy")
def deploy_action(door: Author, tenant: str, name: str, body: Deploy) -> dict[str, Any]:
    """Build the draft, make a version of it, and run it from the next login on."""
    log: list[str] = []
    canary = None
    if body.canary_share is not None:
        canary = Canary(version=0, share=body.canary_share, max_errors=body.max_errors)
    actions = Actions(door.telling(log.append), tenant)
    return {**_deployed(actions.deploy(name, note=body.note, canary=canary)), "log": log}


@router.post("/{name}/rollback")
def roll_back_action(door: Author, tenant: str, name: str, body: RollBack) -> dict[str, Any]:
    """Run an earlier version again, from the next login on."""
    return _deployed(Actions(door, tenant).roll_back(name, body.version))


@router.get("/{name}/versions")
def list_versions(door: Viewer, tenant: str, name: str, pages: Pages) -> Page:
    """The versions that are kept, oldest first."""
    found = Actions(door, tenant).versions(name)
    return pages.page(found, lambda pair: f"{pair[0]:010}", lambda pair: described.version(*pair))


@router.get("/{name}/versions/{number}")
def get_version(door: Viewer, tenant: str, name: str, number: int) -> dict[str, Any]:
    """A version with its code."""
    actions = Actions(door, tenant)
    found = actions.version(name, number)
    return {**described.version(number, found), "code": actions.code(found.spec)}


@router.get("/{name}/diff")
def diff_versions(
    door: Viewer,
    tenant: str,
    name: str,
    old: Annotated[int | None, Query(description="the deployed one unless said")] = None,
    new: Annotated[int | None, Query(description="the draft unless said")] = None,
) -> dict[str, str]:
    """What differs between two versions, as a unified diff."""
    actions = Actions(door, tenant)
    return {"diff": actions.diff(name, old or actions.get(name).deployed, new)}


def _deployed(done: Deployed) -> dict[str, Any]:
    flows = [{"tenant": key.tenant, "trigger": key.name} for key in done.flows]
    return {"version": done.version, "new": done.new, "flows": flows}
