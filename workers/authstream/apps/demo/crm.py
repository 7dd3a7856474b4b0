"""The CRM of the demo: a small HTTP server that knows some customers."""

from __future__ import annotations

import json
import secrets
from urllib.parse import parse_qs, urlsplit

from authstream.apps.demo.loopback import LoopbackServer, QuietHandler

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


class Crm(LoopbackServer):
    """Serves `GET /customers?email=…` to whoever has the token."""

    def __init__(self) -> None:
        self.token = secrets.token_urlsafe(16)
        super().__init__(_handler(self.token))


def _handler(token: str) -> type[QuietHandler]:
    class Handler(QuietHandler):
        def do_GET(self) -> None:  # noqa: N802 - the name the server calls
            if self.headers.get("authorization") != f"Bearer {token}":
                self._say(401, {"error": "wrong token"})
                return
            email = parse_qs(urlsplit(self.path).query).get("email", [""])[0]
            customer = CUSTOMERS.get(email)
            self._say(200 if customer else 404, customer or {"error": "no such customer"})

        def _say(self, status: int, members: dict[str, str]) -> None:
            self.answer(status, json.dumps(members).encode(), content_type="application/json")

    return Handler
