"""`/continue` and `/v1/continue`: a browser is back, and its suspended flow goes on."""

from __future__ import annotations

import hashlib
import secrets
import time
from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qsl

import orjson
import structlog
from fastapi import APIRouter
from pydantic import ValidationError
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from authstream.contracts.budgets import EVENT_BYTES
from authstream.contracts.resume import Resume
from authstream.contracts.verdict import Verdict
from authstream.control.connections import Connection
from authstream.engine.provider import JSON, UNAVAILABLE, Call
from authstream.errors import RecordError, StateError
from authstream.gateway.admission import Admission, ShedError
from authstream.gateway.hooks import RESPONSES
from authstream.gateway.intake import taken_in
from authstream.gateway.problems import ProblemError
from authstream.gateway.triggers import caller, generic
from authstream.gateway.waiters import Resolution, Waiters

#: Says that a second click comes from the browser of the first.
COOKIE = "authstream_browser"
#: A suspended flow's cookie lives as long as its state.
COOKIE_LIFETIME = timedelta(minutes=15)
#: Time for the actions that are left.
RESUMED_WITHIN = timedelta(seconds=20)
#: Browsers that come back, a second, all together.
_RATE = 500
_COOKIE_BYTES = 32
#: There a browser keeps secure cookies without TLS, but other clients do not send them.
_LOOPBACK = frozenset(["127.0.0.1", "localhost", "::1"])
_FORM = "application/x-www-form-urlencoded"
_NAME = "continue"
_LOG = structlog.get_logger("authstream.gateway")


class Resumptions:
    """Brings flows on. One for each event loop."""

    def __init__(self, waiters: Waiters, admission: Admission) -> None:
        self._waiters = waiters
        self._admission = admission

    async def verdict(self, resume: Resume) -> Verdict:
        """The verdict of the next leg. Raises ProblemError."""
        deadline = time.time_ns() // 1_000_000 + RESUMED_WITHIN // timedelta(milliseconds=1)
        try:
            with self._admission.entered(_NAME, _NAME, rate=_RATE, deadline=RESUMED_WITHIN):
                resolution = await self._waiters.resume(resume, deadline_at=deadline)
        except ShedError as shed:
            resolution = Resolution(None, shed.code)
        except (StateError, RecordError) as error:
            raise ProblemError(400, error.code, str(error)) from None
        if resolution.verdict is None:
            raise ProblemError(503, resolution.code, UNAVAILABLE)
        return resolution.verdict


def router(connections: Iterable[Connection], resumptions: Resumptions) -> APIRouter:
    """The routes."""
    routes = APIRouter(tags=["continue"])
    mine = generic(connections)

    @routes.post(
        "/v1/continue",
        summary="The verdict of the next leg of a suspended flow",
        responses={200: {"description": "The verdict", "model": Verdict}, **RESPONSES},
        openapi_extra=_BODY | {"security": [{"bearer": []}]},
    )
    async def resume(request: Request) -> Response:
        """For a provider that takes the browser back itself."""
        connection = caller(request, mine)
        call = await taken_in(request, _NAME, most=connection.max_body)
        verdict = await resumptions.verdict(_resume(call))
        return Response(orjson.dumps(verdict.public()), media_type=JSON)

    @routes.post("/continue", include_in_schema=False)
    @routes.get(
        "/continue",
        summary="Where a browser comes back",
        response_class=Response,
        responses=RESPONSES,
    )
    async def browser(request: Request) -> Response:
        """On to the next page, or the outcome; never claims: those are the provider's."""
        call = await taken_in(request, _NAME, most=EVENT_BYTES)
        known = request.cookies.get(COOKIE) or secrets.token_urlsafe(_COOKIE_BYTES)
        query, form = _pairs(call.query), _form(call)
        state = query.get("state") or form.get("state")
        if not state:
            raise ProblemError(400, "state_invalid", "the address has no state")
        digest = hashlib.sha256(known.encode()).hexdigest()
        said = _request(request, call, query, form)
        verdict = await resumptions.verdict(Resume(state=state, request=said, browser=digest))
        return _seen(verdict, known, request)

    return routes


_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {JSON: {"schema": {"type": "object", "required": ["state", "request"]}}},
    }
}


def _resume(call: Call) -> Resume:
    try:
        return Resume.model_validate_json(call.body)
    except ValidationError as error:
        wrong = ", ".join(".".join(map(str, one["loc"])) or "body" for one in error.errors())
        raise ProblemError(
            422, "invalid_resume", f"{wrong} is wrong: send state and request"
        ) from None


def _pairs(text: str) -> dict[str, str]:
    return dict(parse_qsl(text, keep_blank_values=True))


def _form(call: Call) -> dict[str, str]:
    if call.headers.get("content-type", "").partition(";")[0].strip().lower() != _FORM:
        return {}
    return _pairs(call.body.decode(errors="replace"))


def _request(
    request: Request, call: Call, query: Mapping[str, str], form: Mapping[str, str]
) -> dict[str, Any]:
    """`event.request` of the next leg."""
    return {
        "ip": call.client,
        "method": call.method,
        "hostname": request.url.hostname or "",
        "query": dict(query),
        "body": dict(form),
        "user_agent": call.headers.get("user-agent", ""),
        "language": call.headers.get("accept-language", ""),
    }


def _seen(verdict: Verdict, cookie: str, request: Request) -> Response:
    url = verdict.redirect.get("url") if verdict.outcome == "suspended" else None
    if isinstance(url, str):
        response: Response = RedirectResponse(url, 303)
    else:
        said = {"outcome": verdict.outcome, "code": verdict.code, "message": verdict.user_message}
        response = Response(orjson.dumps(said), media_type=JSON)
    response.headers["cache-control"] = "no-store"
    response.headers["referrer-policy"] = "no-referrer"
    response.set_cookie(
        COOKIE,
        cookie,
        max_age=int(COOKIE_LIFETIME.total_seconds()),
        path="/continue",
        secure=request.url.hostname not in _LOOPBACK,
        httponly=True,
        samesite="lax",
    )
    _LOG.info("continued", flow_id=verdict.flow_id, leg=verdict.leg, outcome=verdict.outcome)
    return response
