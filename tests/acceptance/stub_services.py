"""What packages talk to in tests: an HTTP and an HTTPS server, and PostgreSQL's first words."""

from __future__ import annotations

import json
import socketserver
import ssl
import struct
import subprocess
import threading
from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

#: What is answered, by path: shapes of Stripe and of Auth0's management API.
ANSWERS = {
    "/v1/customers/cus_1": {"id": "cus_1", "object": "customer", "email": "ada@example.com"},
    "/api/v2/users/auth0%7C1": {"user_id": "auth0|1", "app_metadata": {"plan": "gold"}},
}
_TEXT = 25  # the type `text` (pg_type.dat)


class _Http(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        """Answer what is known."""
        answer = ANSWERS.get(self.path.partition("?")[0])
        body = json.dumps(answer or {"path": self.path}).encode()
        self.send_response(200 if answer else 404)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - http.server's name
        """Say nothing."""


class _Postgres(socketserver.StreamRequestHandler):
    """The start of a connection and one row for any simple query (protocol 3.0)."""

    def handle(self) -> None:
        """Talk until the client is done."""
        (length,) = struct.unpack(">I", self.rfile.read(4))
        self.rfile.read(length - 4)
        self._say(b"R", struct.pack(">I", 0))
        self._say(b"S", b"server_version\x0017.0\0")
        self._say(b"Z", b"I")
        while (kind := self.rfile.read(1)) == b"Q":
            (length,) = struct.unpack(">I", self.rfile.read(4))
            self.rfile.read(length - 4)
            column = b"tier\0" + struct.pack(">IhIhih", 0, 0, _TEXT, -1, -1, 0)
            self._say(b"T", struct.pack(">h", 1) + column)
            self._say(b"D", struct.pack(">hi", 1, 4) + b"gold")
            self._say(b"C", b"SELECT 1\0")
            self._say(b"Z", b"I")
        assert kind in (b"X", b"")

    def _say(self, kind: bytes, body: bytes) -> None:
        self.wfile.write(kind + struct.pack(">I", len(body) + 4) + body)


class _Threads(socketserver.ThreadingTCPServer):
    daemon_threads = True


@contextmanager
def services(folder: Path) -> Generator[dict[str, int]]:
    """The ports of `http`, `https` and `postgres` on loopback."""
    http = ThreadingHTTPServer(("127.0.0.1", 0), _Http)
    https = ThreadingHTTPServer(("127.0.0.1", 0), _Http)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*_certificate(folder))
    https.socket = context.wrap_socket(https.socket, server_side=True)
    servers = {"http": http, "https": https, "postgres": _Threads(("127.0.0.1", 0), _Postgres)}
    with ExitStack() as stack:
        for server in servers.values():
            stack.callback(server.server_close)
            stack.callback(server.shutdown)
            threading.Thread(target=server.serve_forever, daemon=True).start()
        yield {name: server.server_address[1] for name, server in servers.items()}


def _certificate(folder: Path) -> tuple[Path, Path]:
    key, certificate = folder / "stub.key", folder / "stub.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
         "-nodes", "-days", "1", "-subj", "/CN=127.0.0.1",
         "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", certificate],
        check=True,
        capture_output=True,
    )  # fmt: skip
    return certificate, key
