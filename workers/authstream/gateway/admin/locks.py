"""Locks of packages over HTTP: resolved with hashes into a draft, before anything is installed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from fastapi import APIRouter, HTTPException, Request, Response

from authstream.contracts.runtime import Language, language, runtime_of
from authstream.control import described
from authstream.control.actions import Actions
from authstream.control.dependencies import Say
from authstream.control.drafts import draft_of
from authstream.gateway.admin.callers import Author
from authstream.gateway.admin.exchange import Expected, seen, tagged

router = APIRouter(prefix="/v1/admin/tenants/{tenant}/actions/{name}", tags=["actions"])
#: Name of the action, language, packages and a listener to the content of a lock. Blocks; runs
#: nothing of the packages. Raises AuthstreamError.
Lock = Callable[[str, Language, Mapping[str, str], Say], bytes]


@router.post("/lock")
def lock_packages(
    request: Request,
    door: Author,
    tenant: str,
    name: str,
    expected: Expected,
    response: Response,
) -> dict[str, Any]:
    """Resolve the packages of the draft, with hashes, and save the lock with it; the log.

    Names and exact versions are asked of the package registry; no script of a package runs, and
    one that has an install script is refused. Needs If-Match.
    """
    lock: Lock | None = request.app.state.entrance.lock
    if lock is None:
        raise HTTPException(501, "this server locks no packages: use `authstream deps lock`")
    actions = Actions(door, tenant)
    draft = draft_of(actions.get(name).draft, door.store)
    after, log = seen(expected), list[str]()
    spoken = language(runtime_of(draft.code_file, draft.runtime))
    content = lock(name, spoken, draft.dependencies, log.append) if draft.dependencies else None
    stored = actions.edit(name, replace(draft, lock=content), after=after)
    tagged(response, stored)
    text = None if content is None else content.decode()
    return {**described.action(stored), "lock": text, "log": log}
