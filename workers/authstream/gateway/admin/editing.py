"""For editors of actions: what is wrong with code that is not saved, and what may be written."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Query, Request

from authstream.contracts.completions import completions
from authstream.contracts.runtime import language, runtime_of
from authstream.control import quotas
from authstream.control.code_problems import Problem, Read, problems
from authstream.control.secrets import Secrets
from authstream.engine.egress import Egress
from authstream.errors import NotFoundError
from authstream.gateway.admin.actions import DraftBody
from authstream.gateway.admin.callers import Author, Viewer

router = APIRouter(prefix="/v1/admin", tags=["editing"])
#: File name and code to the first error of syntax. Blocks. Raises AuthstreamError.
Syntax = Callable[[str, str], Problem | None]


@router.post("/tenants/{tenant}/actions/{name}/check")
def check_code(
    request: Request, door: Author, tenant: str, name: str, body: DraftBody
) -> dict[str, list[dict[str, Any]]]:
    """What is wrong with a draft as far as reading tells: nothing is saved, built or run.

    Found are errors of syntax, methods that the trigger's `api` has not, secrets without a value
    and hosts that `egress` leaves out. Lines count from 1, columns from 0.
    """
    if body.trigger not in door.triggers:
        raise NotFoundError(f"there is no trigger {body.trigger}")
    quotas.check(door.quotas, "code_bytes", len(body.code.encode()), owner=name)
    syntax: Syntax | None = request.app.state.entrance.syntax
    wrong = syntax(body.code_file, body.code) if syntax else None
    stored = Secrets(door, tenant).all(name)
    read = Read(
        body.code,
        language(runtime_of(body.code_file, body.runtime)),
        body.trigger,
        secrets=body.secrets,
        set_secrets=[one.key.name.partition("/")[2] for one in stored],
        egress=Egress(body.egress),
    )
    found = [*([wrong] if wrong else []), *problems(read)]
    return {"problems": [asdict(one) for one in found]}


@router.get("/triggers/{trigger}/completions")
def complete(
    door: Viewer,
    trigger: Annotated[str, Path()],
    spelling: Annotated[Literal["javascript", "python"], Query(alias="language")] = "javascript",
) -> dict[str, list[dict[str, str]]]:
    """What an action of a trigger may write after `api.` and `event.`, with types and words."""
    known = door.triggers.get(trigger)
    if known is None:
        raise NotFoundError(f"there is no trigger {trigger}")
    found = completions(trigger, known.event, language=spelling)
    return {"items": [asdict(one) for one in found]}
