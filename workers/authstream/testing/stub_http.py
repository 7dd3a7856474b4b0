"""A server on this machine that answers for those that actions call, and remembers the calls."""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

#: pytest shows the test's line, not ours.
__tracebackhide__ = True
_HOST = "127.0.0.1"
#: The answer to a call that no reply was given for.
_NOT_IMPLEMENTED = 501


@dataclass(frozen=True, slots=True)
class Request:
    """A call that an action made."""

    method: str
    path: str
    query: Mapping[str, str]
    #: Names in small letters.
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:  # noqa: ANN401 - JSON
        """The body, read as JSON."""
        return json.loads(self.body)


@dataclass(frozen=True, slots=True)
class _Reply:
    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict[str, str])


class StubHttp:
    """Plain HTTP on a port of its own; give `url` to an action as a secret or as configuration."""

    def __init__(self) -> None:
        self._replies: dict[tuple[str, str], _Reply] = {}
        #: The calls so far, in order.
        self.requests: list[Request] = []
        self._server = ThreadingHTTPServer((_HOST, 0), _handler(self._answer))
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    @property
    def address(self) -> str:
        """`host:port`, as in an action's `egress`."""
        return f"{_HOST}:{self._server.server_port}"

    @property
    def url(self) -> str:
        """Where it is, without a slash at the end."""
        return f"http://{self.address}"

    def reply(
        self,
        method: str,
        path: str,
        *,
        json: Any = None,  # noqa: ANN401 - JSON
        text: str | None = None,
        status: int = 200,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        """Answer calls of this method and path, whatever their query; the last one said counts."""
        kind, body = _encoded(json, text)
        said = {"content-type": kind, **(headers or {})}
        self._replies[method.upper(), path] = _Reply(status, body, said)

    def assert_requested(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        json: Any = None,  # noqa: ANN401 - JSON
        times: int | None = None,
    ) -> Request:
        """There was a call like this, or exactly so many; gives the last one.

        `query` and `json` must be equal where they are said.
        """
        found = [
            one
            for one in self.requests
            if (one.method, one.path) == (method.upper(), path)
            and (query is None or dict(one.query) == dict(query))
            and (json is None or one.json == json)
        ]
        if not found or times not in (None, len(found)):
            wanted = "a call" if times is None else f"{times} calls"
            raise AssertionError(
                f"{wanted} of {method.upper()} {path} expected, {len(found)} made like it;"
                f" all calls:\n{self._listed()}"
            )
        return found[-1]

    def assert_not_requested(self) -> None:
        """No action called it."""
        if self.requests:
            raise AssertionError(f"no call expected; there were:\n{self._listed()}")

    def reset(self) -> None:
        """Forget replies and calls."""
        self._replies.clear()
        self.requests.clear()

    def close(self) -> None:
        """End the server."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def _answer(self, request: Request) -> _Reply:
        self.requests.append(request)
        known = self._replies.get((request.method, request.path))
        problem = f"no reply is set for {request.method} {request.path}"
        return known or _Reply(_NOT_IMPLEMENTED, problem.encode())

    def _listed(self) -> str:
        lines = [
            f"  {one.method} {one.path} {dict(one.query)} {one.body[:200]!r}"
            for one in self.requests
        ]
        return "\n".join(lines) or "  none"


def _encoded(value: Any, text: str | None) -> tuple[str, bytes]:  # noqa: ANN401 - JSON
    if text is not None:
        return "text/plain; charset=utf-8", text.encode()
    return "application/json", b"" if value is None else json.dumps(value).encode()


def _handler(answer: Any) -> type[BaseHTTPRequestHandler]:  # noqa: ANN401 - a bound method
    class Handler(BaseHTTPRequestHandler):
        def _any(self) -> None:
            length = int(self.headers.get("content-length") or 0)
            url = urlsplit(self.path)
            reply = answer(
                Request(
                    self.command,
                    url.path,
                    {name: values[-1] for name, values in parse_qs(url.query).items()},
                    {name.lower(): value for name, value in self.headers.items()},
                    self.rfile.read(length),
                )
            )
            self.send_response(reply.status)
            for name, value in {**reply.headers, "content-length": f"{len(reply.body)}"}.items():
                self.send_header(name, value)
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(reply.body)

        do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = _any  # noqa: N815 - its names

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its signature
            """Say nothing: the calls are kept."""

    return Handler
