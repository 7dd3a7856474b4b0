"""The CRM of the demo: a small HTTP server that knows some customers."""

from __future__ import annotations

import json
import secrets
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Self
from urllib.parse import parse_qs, urlsplit

CUSTOMERS = {
    "ada@example.com": {"id": "crm-1001", "tier": "gold"},
    "grace@example.com": {"id": "crm-1002", "tier": "silver"},
    "alan@example.com": {"id": "crm-1003", "tier": "gold"},
    "edsger@example.com": {"id": "crm-1004", "tier": "bronze"},
    "barbara@example.com": {"id": "crm-1005", "tier": "silver"},
    "donald@example.com": {"id": "crm-1006", "tier": "gold"},
    "margaret@example.com": {"id": "crm-1007", "tier": "bronze"},
    "kim@example.com": {"id": "crm-1008", "tier": "silver"},
}


class Crm:
    """Serves `GET /customers?email=…` to whoever has the token. Use as a context manager."""

    def __init__(self) -> None:
        self.token = secrets.token_urlsafe(16)
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self.token))
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, name="demo-crm", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def _handler(token: str) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            if self.headers.get("authorization") != f"Bearer {token}":
                self._answer(401, {"error": "wrong token"})
                return
            email = parse_qs(urlsplit(self.path).query).get("email", [""])[0]
            customer = CUSTOMERS.get(email)
            self._answer(200 if customer else 404, customer or {"error": "no such customer"})

        def _answer(self, status: int, members: dict[str, str]) -> None:
            body = json.dumps(members).encode()
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_arguments: object) -> None:
            """Quiet: the demo prints what matters."""

    return Handler
