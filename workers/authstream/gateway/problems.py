"""Errors as problem+json (RFC 9457): enough for the operator, nothing for an attacker."""

from __future__ import annotations

from collections.abc import Mapping

import orjson
from starlette.responses import Response

MEDIA_TYPE = "application/problem+json"


class ProblemError(Exception):
    """Ends a call with a 4xx or 5xx answer."""

    def __init__(
        self, status: int, code: str, detail: str, *, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.code = code
        self.detail = detail
        self.headers = dict(headers or {})

    def response(self) -> Response:
        """The answer."""
        body = {"title": _TITLES[self.status], "status": self.status, "detail": self.detail}
        return Response(
            orjson.dumps({"type": "about:blank", **body, "code": self.code}),
            self.status,
            self.headers,
            MEDIA_TYPE,
        )


_TITLES = {
    400: "Bad Request",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
    408: "Request Timeout",
    413: "Content Too Large",
    422: "Unprocessable Content",
    500: "Internal Server Error",
    503: "Service Unavailable",
}
