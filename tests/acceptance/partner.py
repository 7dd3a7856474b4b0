"""A third party's identity provider on loopback, as an action asks it."""

from __future__ import annotations

import json
from urllib.parse import parse_qs, urlsplit

from authstream.apps.demo.loopback import LoopbackServer, QuietHandler


class Partner(LoopbackServer):
    """A third party's identity provider: gives tokens to its clients, and users to tokens."""

    client_id, client_secret = "authstream", "s3cr3t"

    def __init__(self) -> None:
        self.granted: list[str] = []
        self.expected = {
            "grant_type": ["client_credentials"],
            "client_id": [self.client_id],
            "client_secret": [self.client_secret],
            "scope": ["read:users"],
        }
        super().__init__(_partner(self))


def _partner(partner: Partner) -> type[QuietHandler]:
    class Handler(QuietHandler):
        def do_POST(self) -> None:  # noqa: N802 - the name the server calls
            said = parse_qs(self.rfile.read(int(self.headers["content-length"])).decode())
            if said != partner.expected:
                self._say(401, {"error": "invalid_client"})
                return
            partner.granted.append(f"token-{len(partner.granted)}")
            self._say(200, {"access_token": partner.granted[-1], "expires_in": 60})

        def do_GET(self) -> None:  # noqa: N802 - as above
            if self.headers.get("authorization", "").removeprefix("Bearer ") not in partner.granted:
                self._say(401, {"error": "invalid_token"})
                return
            email = parse_qs(urlsplit(self.path).query)["email"][0]
            self._say(200, [{"user_id": f"partner|{email[:3]}", "department": "design"}])

        def _say(self, status: int, body: object) -> None:
            self.answer(status, json.dumps(body).encode(), content_type="application/json")

    return Handler
