"""Errors as problem details (RFC 9457): what happened, to what, and what to do."""

from __future__ import annotations

from typing import Any

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel
from starlette.exceptions import HTTPException
from starlette.responses import Response

from authstream.errors import (
    AuthstreamError,
    BrokerUnreachableError,
    ConfigurationError,
    ConflictError,
    NotFoundError,
    ProduceError,
    SealError,
    TooLargeError,
)
from authstream.executions.search import BadCursorError

MEDIA_TYPE = "application/problem+json"
_STATUS: tuple[tuple[type[AuthstreamError], int], ...] = (
    (NotFoundError, 404),
    (ConflictError, 409),
    (TooLargeError, 413),
    (BadCursorError, 422),
    (SealError, 503),
    (ConfigurationError, 422),
    (BrokerUnreachableError, 503),
    (ProduceError, 503),
)
_PRECONDITION_FAILED = 412
_LOG = structlog.get_logger("authstream.admin")


class Problem(BaseModel):
    """Problem details."""

    type: str
    title: str
    status: int
    detail: str
    #: The same code as in docs/reference/errors.md.
    code: str


def problem(
    status: int, code: str, detail: str, *, headers: dict[str, str] | None = None
) -> Response:
    """A response of problem details."""
    title = code.replace("_", " ")
    body = Problem(
        type=f"urn:authstream:error:{code}", title=title, status=status, detail=detail, code=code
    )
    return JSONResponse(body.model_dump(), status, headers=headers, media_type=MEDIA_TYPE)


def install(app: FastAPI) -> None:
    """Answer every error so."""
    app.add_exception_handler(AuthstreamError, _ours)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(Exception, _unforeseen)


async def _ours(request: Request, error: Exception) -> Response:
    assert isinstance(error, AuthstreamError)  # noqa: S101 - registered for it
    status = next((status for kind, status in _STATUS if isinstance(error, kind)), 500)
    if isinstance(error, ConflictError) and "if-match" in request.headers:
        status = _PRECONDITION_FAILED
    return problem(status, error.code, str(error))


async def _invalid(_request: Request, error: Exception) -> Response:
    """Without what was sent: it may be a secret."""
    assert isinstance(error, RequestValidationError)  # noqa: S101 - registered for it
    found = [f"{'.'.join(map(str, one['loc'][1:]))}: {one['msg']}" for one in error.errors()]
    return problem(422, "invalid_request", "; ".join(found))


async def _http(_request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 - registered for it
    headers: Any = error.headers
    return problem(error.status_code, "http", str(error.detail), headers=headers)


async def _unforeseen(_request: Request, error: Exception) -> Response:
    _LOG.error("unforeseen", error_type=type(error).__name__, exc_info=error)
    return problem(500, "internal", "an error of ours, which is in the log")
