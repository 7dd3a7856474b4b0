"""A worker's `/livez` and `/readyz`, for whoever restarts it and whoever sends it work.

Served by a thread, so that a loop that stands still is told instead of waited for.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import timedelta
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Final, Self

from authstream.errors import ConfigurationError

#: The event loop has not turned for so long: it never will.
LOOP_SILENT: Final = timedelta(seconds=10)
#: A consumer has not polled for so long: longer than a drain and a commit that waits for a broker.
CONSUMER_SILENT: Final = timedelta(seconds=90)
#: Seconds since each consumer's last turn, by stage.
Ages = Callable[[], dict[str, float]]


class Progress:
    """What moves in this process, and when it last did. Written on the loop, read by the server."""

    def __init__(self) -> None:
        self._beaten = time.monotonic()
        #: Every stage has its share and remembers what it must; written as that changes.
        self.ready = False
        self.consumers: Ages = dict

    def beat(self) -> None:
        """The event loop turns."""
        self._beaten = time.monotonic()

    def stuck(self) -> list[str]:
        """What does not move any more, a line each; empty: all does."""
        silent = time.monotonic() - self._beaten
        loop = [f"the event loop, for {silent:.0f} s"]
        return (loop if silent > LOOP_SILENT.total_seconds() else []) + [
            f"the consumer of {stage}, for {age:.0f} s"
            for stage, age in self.consumers().items()
            if age > CONSUMER_SILENT.total_seconds()
        ]


class Probes:
    """Serves `/livez` and `/readyz` at an address until the end of the context."""

    def __init__(self, address: str, progress: Progress) -> None:
        """Raises ConfigurationError for an address that is none, or taken."""
        self._server = _listening(address, progress)
        self._thread = threading.Thread(
            target=self._server.serve_forever, name="authstream-probes", daemon=True
        )

    @property
    def port(self) -> int:
        """Where it listens; the address may have said 0."""
        return self._server.server_address[1]

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def _listening(address: str, progress: Progress) -> ThreadingHTTPServer:
    host, _, port = address.rpartition(":")
    try:
        if not host:
            raise ValueError("it names no host")  # noqa: TRY301 - told below like the others
        return ThreadingHTTPServer((host.strip("[]"), int(port)), _handler(progress))
    except (OSError, ValueError, OverflowError) as error:
        raise ConfigurationError(
            f"AUTHSTREAM_PROBES={address} cannot be served ({error}): "
            "give host:port that is free, such as 0.0.0.0:8081"
        ) from error


def _handler(progress: Progress) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        """Two paths, in plain text."""

        def do_GET(self) -> None:
            """200 when all is well, 503 with what is not, 404 elsewhere."""
            match self.path:
                case "/livez":
                    stuck = progress.stuck()
                    self._answer("; ".join(stuck) or "live", good=not stuck)
                case "/readyz":
                    ready = progress.ready
                    self._answer("ready" if ready else "stages have yet to catch up", good=ready)
                case _:
                    self.send_error(HTTPStatus.NOT_FOUND)

        def _answer(self, text: str, *, good: bool) -> None:
            body = f"{text}\n".encode()
            self.send_response(HTTPStatus.OK if good else HTTPStatus.SERVICE_UNAVAILABLE)
            self.send_header("content-type", "text/plain")
            self.send_header("content-length", f"{len(body)}")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name
            """A probe every few seconds is no news."""

    return Handler
