"""Executions over HTTP: searched, shown, told in words, and as they come."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Annotated, Any, Protocol

import orjson
import structlog
from fastapi import APIRouter, Depends, Header, HTTPException, Query, Request
from fastapi.responses import StreamingResponse
from pydantic import BaseModel

from authstream.contracts.execution import Execution
from authstream.contracts.verdict import Outcome
from authstream.errors import NotFoundError
from authstream.executions.explain import explain
from authstream.executions.port import LIMIT, Executions, Filter, Flow
from authstream.executions.trend import Span
from authstream.gateway.admin.callers import Author, Entrance, Viewer, role_of
from authstream.gateway.admin.exchange import LARGEST_PAGE, Page

router = APIRouter(prefix="/v1/admin/executions", tags=["executions"])
#: A stream ends by itself after so long; a browser's EventSource comes back and goes on.
LONGEST_STREAM = timedelta(minutes=5)
#: Streams at a time; each asks the index twice a second.
STREAMS = 32
_ASK_SECONDS = 0.5
_ALIVE_SECONDS = 15.0
_LOG = structlog.get_logger("authstream.admin")
_streaming = asyncio.Semaphore(STREAMS)


def _wanted(  # noqa: PLR0913, PLR0917 - the members of a filter
    tenant: str | None = None,
    trigger: str | None = None,
    user: Annotated[str | None, Query(description="the subject's id")] = None,
    client: Annotated[str | None, Query(description="the client's id")] = None,
    action: Annotated[str | None, Query(description="one that ran")] = None,
    outcome: Outcome | None = None,
    code: str | None = None,
    since: Annotated[int | None, Query(description="milliseconds since the epoch")] = None,
    slower_than_ms: Annotated[
        float | None, Query(ge=0, description="of the action's run where one is named")
    ] = None,
    text: Annotated[
        str | None, Query(description="in what was logged, in errors, in reasons")
    ] = None,
) -> Filter:
    slower = None if slower_than_ms is None else timedelta(milliseconds=slower_than_ms)
    return Filter(tenant, trigger, user, client, action, outcome, code, since, slower, text)


def _index(request: Request, _door: Viewer) -> Executions:
    """Raises HTTPException 503."""
    entrance: Entrance = request.app.state.entrance
    if entrance.executions is None:
        raise HTTPException(503, "no index of executions is kept here")
    return entrance.executions


Wanted = Annotated[Filter, Depends(_wanted)]
Index = Annotated[Executions, Depends(_index)]


class StoryBody(BaseModel):
    """The story of one flow, in sentences."""

    flow_id: str
    headline: str
    #: `at` in milliseconds since the epoch, `text`, `details`.
    happened: list[dict[str, Any]]
    why: list[str]
    #: What did not take effect.
    dropped: list[str]
    advice: list[str]
    #: Where the trace is shown; null when none was recorded.
    trace: str | None
    #: All of it as lines for a terminal.
    lines: list[str]


class RecordedEvents(Protocol):
    """Reads events back."""

    def __call__(self, said: Execution, /, *, whole: bool) -> dict[str, Any]:
        """The event of an execution; without personal data unless `whole`. Blocks.

        Raises AuthstreamError.
        """
        ...


class EventBody(BaseModel):
    """An event that was published."""

    trigger: str
    tenant: str
    event: dict[str, Any]
    #: Personal data is in it.
    personal: bool


@router.get("")
def list_executions(
    index: Index,
    wanted: Wanted,
    limit: Annotated[int, Query(ge=1, le=LARGEST_PAGE)] = LIMIT,
    cursor: Annotated[str, Query(description="`next` of the page before")] = "",
) -> Page:
    """Executions, newest first."""
    page = index.find(wanted, limit=limit, cursor=cursor or None)
    return Page(items=[one.public() for one in page.found], next=page.cursor)


@router.get("/tail", response_class=StreamingResponse)
async def tail_executions(
    index: Index,
    wanted: Wanted,
    seconds: Annotated[float, Query(gt=0, le=LONGEST_STREAM.total_seconds())] = 300.0,
    last_event_id: Annotated[int | None, Header(ge=0)] = None,
) -> StreamingResponse:
    """Executions as they come, as server-sent events `execution`; ids are their numbers."""
    if _streaming.locked():
        raise HTTPException(503, f"{STREAMS} streams are open already: close one")
    start = index.newest() if last_event_id is None else last_event_id
    events = _events(index, wanted, start, until=time.monotonic() + seconds)
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return StreamingResponse(events, media_type="text/event-stream", headers=headers)


@router.get("/trend")
def show_trend(
    index: Index,
    *,
    since: Annotated[int | None, Query(description="milliseconds since the epoch")] = None,
    until: Annotated[int | None, Query(description="as `since`; now without it")] = None,
    tenant: str | None = None,
    trigger: str | None = None,
    action: Annotated[str | None, Query(description="slices are of its runs")] = None,
) -> dict[str, Any]:
    """Counts by outcome and percentiles of durations, over time, by action and by connection.

    Without `since`, of all that is kept. Counts are exact to the minute, percentiles within 9 %.
    """
    span = Span(since, until, tenant, trigger=trigger, action=action)
    return index.trend(span, now=int(time.time() * 1000)).public()


@router.get("/{flow_id}")
def show_execution(index: Index, flow_id: str) -> dict[str, Any]:
    """All that is known of a flow: legs, answers, deliveries, dead letters."""
    return _flow(index, flow_id).public()


@router.get("/{flow_id}/story")
def tell_execution(index: Index, request: Request, flow_id: str) -> StoryBody:
    """What happened, why it ended so, and what to do."""
    entrance: Entrance = request.app.state.entrance
    story = explain(_flow(index, flow_id), trace_url=entrance.trace_url)
    return StoryBody(**story.public(), lines=story.lines())


@router.get("/{flow_id}/event")
def show_event(index: Index, request: Request, door: Author, flow_id: str) -> EventBody:
    """The event that a flow began with, read from its topic while that keeps it.

    What a trigger keeps secret, and what `AUTHSTREAM_EXECUTIONS__REDACT` names, is left out. An
    author sees it without personal data, an operator with it.
    """
    entrance: Entrance = request.app.state.entrance
    if entrance.events is None:
        raise HTTPException(501, "events cannot be read from here")
    recorded = (one.execution for one in _flow(index, flow_id).executions)
    said = next((one for one in recorded if not one.leg and one.event_sha256), None)
    if said is None:
        raise NotFoundError(f"no event of flow {flow_id} is recorded: it came to no action")
    whole = role_of(request) == "operator"
    event = entrance.events(said, whole=whole)
    _LOG.info("event_shown", actor=door.actor, flow_id=flow_id, personal=whole)
    return EventBody(trigger=said.trigger, tenant=said.tenant, event=event, personal=whole)


def _flow(index: Executions, flow_id: str) -> Flow:
    found = index.flow(flow_id)
    if found is None:
        raise NotFoundError(
            f"nothing is recorded of flow {flow_id}: is the id right, and is it not too old?"
        )
    return found


async def _events(
    index: Executions, wanted: Filter, number: int, *, until: float
) -> AsyncIterator[bytes]:
    said = time.monotonic()
    async with _streaming:
        yield b": follows\n\n"
        while time.monotonic() < until:
            found = await asyncio.to_thread(index.after, number, wanted)
            for one in found:
                number = one.number
                yield b"event: execution\nid: %d\ndata: %s\n\n" % (
                    number,
                    orjson.dumps(one.public()),
                )
            if found:
                said = time.monotonic()
            elif time.monotonic() - said > _ALIVE_SECONDS:
                said = time.monotonic()
                yield b": alive\n\n"
            if len(found) < LIMIT:
                await asyncio.sleep(_ASK_SECONDS)
