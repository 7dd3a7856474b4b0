"""Takes in a call: who calls, how much of it is read, and how long that may take."""

from __future__ import annotations

import asyncio
import time
from datetime import timedelta

from starlette.requests import ClientDisconnect, Request

from authstream.engine.provider import Call
from authstream.gateway.problems import ProblemError

#: A body arrives within this time, or its connection is closed.
BODY_WITHIN = timedelta(seconds=5)
_CLOSE = {"connection": "close"}


async def taken_in(request: Request, hook: str, *, most: int) -> Call:
    """The call of a request. Raises ProblemError when the body is too large or too slow."""
    body = await _body(request, most)
    headers: dict[str, str] = {}
    for name, value in request.headers.items():
        headers[name] = f"{headers[name]}, {value}" if name in headers else value
    return Call(
        hook=hook,
        body=body,
        headers=headers,
        received_at=time.time_ns() // 1_000_000,
        method=request.method,
        path=request.scope.get("raw_path", b"").decode("latin-1") or request.url.path,
        query=request.url.query,
        client=request.client.host if request.client else "",
    )


async def _body(request: Request, most: int) -> bytes:
    said = request.headers.get("content-length", "")
    if said.isdigit() and int(said) > most:
        raise _too_large(most)
    parts: list[bytes] = []
    size = 0
    try:
        async with asyncio.timeout(BODY_WITHIN.total_seconds()):
            async for part in request.stream():
                size += len(part)
                if size > most:
                    raise _too_large(most)
                parts.append(part)
    except TimeoutError:
        raise ProblemError(
            408,
            "slow_body",
            f"the body did not arrive within {BODY_WITHIN.total_seconds():g} s",
            headers=_CLOSE,
        ) from None
    except ClientDisconnect:
        raise ProblemError(400, "disconnected", "the body ended early", headers=_CLOSE) from None
    return b"".join(parts)


def _too_large(most: int) -> ProblemError:
    return ProblemError(413, "too_large", f"the limit is {most} bytes", headers=_CLOSE)
