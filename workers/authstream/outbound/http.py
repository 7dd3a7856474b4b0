"""HTTP towards other systems: time-outs, a client span, and errors told apart by what may help."""

from __future__ import annotations

import email.utils
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import httpx
from opentelemetry.trace import SpanKind, StatusCode

from authstream import telemetry
from authstream.errors import DeliveryError

#: Connecting, and each silence of the other side.
TIMEOUT = timedelta(seconds=5)
#: Another try can help (RFC 9110; 425: RFC 8470; 429: RFC 6585).
_TEMPORARY = frozenset({408, 409, 425, 429})
_SERVER_ERROR = 500
#: Nobody is left alone longer than this, whatever it asks.
_LONGEST_RETRY_AFTER = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Request:
    """One request. `content` or `json`, not both."""

    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    content: bytes | None = None
    json: Any = None
    form: Mapping[str, str] | None = None
    extensions: Mapping[str, Any] = field(default_factory=dict[str, Any])
    #: The host for spans and errors, where the URL has an address.
    host: str = ""
    #: Statuses that the caller handles itself, beside those under 300.
    expected: frozenset[int] = frozenset()


@cache
def _trusted() -> ssl.SSLContext:
    """Reading the authorities takes a tenth of a second: once for all clients."""
    return httpx.create_ssl_context()


class HttpClient:
    """One connection pool; redirects are never followed."""

    def __init__(self, *, timeout: timedelta = TIMEOUT) -> None:
        self._client = httpx.AsyncClient(
            timeout=timeout.total_seconds(), follow_redirects=False, verify=_trusted()
        )

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    async def send(self, request: Request) -> httpx.Response:
        """The answer, if it is a good or an expected one.

        Raises DeliveryError: permanent for an answer that will be the same next time.
        """
        url = httpx.URL(request.url)
        host = request.host or url.host
        attributes: dict[str, str | int] = {
            "http.request.method": request.method,
            "server.address": host,
            "server.port": url.port or (443 if url.scheme == "https" else 80),
        }
        with telemetry.span(request.method, attributes, kind=SpanKind.CLIENT) as span:
            response = await self._answer(request, host)
            if span.is_recording():
                span.set_attribute("http.response.status_code", response.status_code)
            if response.is_success or response.status_code in request.expected:
                return response
            span.set_status(StatusCode.ERROR)
            raise failure(response, host)

    async def _answer(self, request: Request, host: str) -> httpx.Response:
        try:
            return await self._client.request(
                request.method,
                request.url,
                headers=dict(request.headers),
                content=request.content,
                json=request.json,
                data=request.form,
                extensions=dict(request.extensions),
            )
        except (httpx.InvalidURL, httpx.UnsupportedProtocol) as error:
            raise DeliveryError(f"the URL of {host} cannot be used", permanent=True) from error
        except httpx.HTTPError as error:
            raise DeliveryError(
                f"{host} cannot be reached ({type(error).__name__})", permanent=False
            ) from error


def failure(response: httpx.Response, host: str) -> DeliveryError:
    """What a bad answer means for another try."""
    status = response.status_code
    temporary = status in _TEMPORARY or status >= _SERVER_ERROR
    return DeliveryError(
        f"{host} answered {status}",
        permanent=not temporary,
        retry_after=retry_after(response.headers) if temporary else None,
    )


def retry_after(headers: httpx.Headers) -> timedelta | None:
    """What `Retry-After` asks for (RFC 9110 section 10.2.3): seconds or a date, an hour at most.

    Without one, until when `X-RateLimit-Reset` says, in seconds since the epoch (Auth0).
    """
    said = headers.get("retry-after", "").strip()
    reset = headers.get("x-ratelimit-reset", "").strip()
    if not said and reset.isascii() and reset.isdigit():
        said = email.utils.formatdate(int(reset[:11]))
    if said.isascii() and said.isdigit():
        return min(timedelta(seconds=int(said[:9])), _LONGEST_RETRY_AFTER)
    try:
        until = email.utils.parsedate_to_datetime(said)
    except ValueError:
        return None
    wait = (until if until.tzinfo else until.replace(tzinfo=UTC)) - datetime.now(UTC)
    return min(max(wait, timedelta(0)), _LONGEST_RETRY_AFTER)
