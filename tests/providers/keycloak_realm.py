"""A realm of a real Keycloak with both scripts in it, and people who log in to it."""

from __future__ import annotations

import base64
import hashlib
import html
import re
import secrets
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlparse

import httpx

from tests.providers.keycloak_server import ADMIN

CALLBACK = "http://127.0.0.1:5555/cb"
PASSWORD = "pw-of-tests"
_FLOWS = {"browser": "forms", "direct grant": ""}
_STEP = "script-authstream-login.js"
_MAPPER: dict[str, Any] = {
    "name": "authstream",
    "protocol": "openid-connect",
    "protocolMapper": "script-authstream-token.js",
    "config": {
        "claim.name": "authstream",
        "jsonType.label": "String",
        "id.token.claim": "true",
        "access.token.claim": "true",
        "userinfo.token.claim": "false",
        "multivalued": "false",
    },
}


@dataclass(frozen=True, slots=True)
class Realm:
    """One realm; `admin` is logged in as its administrator."""

    url: str
    admin: httpx.Client

    def make_user(self, name: str) -> str:
        """A user with a password; the id."""
        person = {"email": f"{name}@example.com", "emailVerified": True, "firstName": "A"}
        key = {"type": "password", "value": PASSWORD, "temporary": False}
        said = {"username": name, "enabled": True, "lastName": "B", "credentials": [key], **person}
        made = _ok(self.admin.post("/users", json=said))
        return made.headers["location"].rpartition("/")[2]

    def token(self, **form: str) -> httpx.Response:
        """What the token endpoint says."""
        url = f"{self.url}/protocol/openid-connect/token"
        return httpx.post(url, data={"client_id": "web", **form}, timeout=30)

    def password(self, user: str) -> httpx.Response:
        """A login by password, without a browser."""
        who = {"username": user, "password": PASSWORD}
        return self.token(grant_type="password", scope="openid", **who)

    def browse(self, user: str) -> httpx.Response:
        """A login in a browser: the tokens' answer, or the page where it ended."""
        verifier = secrets.token_urlsafe(32)
        digest = hashlib.sha256(verifier.encode()).digest()
        asked = {
            "client_id": "web",
            "response_type": "code",
            "scope": "openid",
            "redirect_uri": CALLBACK,
            "state": "s",
            "code_challenge": base64.urlsafe_b64encode(digest).rstrip(b"=").decode(),
            "code_challenge_method": "S256",
        }
        page = httpx.get(f"{self.url}/protocol/openid-connect/auth", params=asked, timeout=30)
        action = re.search(r'action="([^"]+)"', page.text)
        assert action is not None, page.text
        # By hand: Keycloak's cookies are for https, or a browser that trusts loopback.
        cookies = "; ".join(f"{name}={value}" for name, value in page.cookies.items())
        form = {"username": user, "password": PASSWORD, "credentialId": ""}
        url, headers = html.unescape(action[1]), {"cookie": cookies}
        end = httpx.post(url, data=form, headers=headers, timeout=30)
        if not end.headers.get("location", "").startswith(CALLBACK):
            return end
        code = parse_qs(urlparse(end.headers["location"]).query)["code"][0]
        said = {"grant_type": "authorization_code", "code": code, "redirect_uri": CALLBACK}
        return self.token(code_verifier=verifier, **said)

    def events(self, user_id: str) -> list[dict[str, Any]]:
        """What Keycloak wrote down about a user, as its Kafka listeners write it."""
        found: list[dict[str, Any]] = _ok(
            self.admin.get("/events", params={"user": user_id})
        ).json()
        return found


class _Admin(httpx.Auth):
    """Logs in for each call: an administrator's token is good for a minute."""

    requires_response_body = True

    def __init__(self, address: str) -> None:
        who = {"username": ADMIN, "password": ADMIN}
        self._login = httpx.Request(
            "POST",
            f"{address}/realms/master/protocol/openid-connect/token",
            data={"grant_type": "password", "client_id": "admin-cli", **who},
        )

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response]:
        """A login, then the call."""
        answer = yield self._login
        request.headers["authorization"] = f"Bearer {_ok(answer).json()['access_token']}"
        yield request


@contextmanager
def made(address: str) -> Generator[Realm]:
    """A realm with a client, the mapper, and the step in both of its flows."""
    name = f"shop-{secrets.token_hex(3)}"
    realms = f"{address}/admin/realms"
    with httpx.Client(base_url=f"{realms}/{name}", auth=_Admin(address), timeout=60) as admin:
        listeners = {"eventsEnabled": True, "eventsListeners": ["jboss-logging"]}
        _ok(admin.post(realms, json={"realm": name, "enabled": True, **listeners}))
        client = {"clientId": "web", "publicClient": True, "directAccessGrantsEnabled": True}
        addresses = {"redirectUris": [f"{CALLBACK}*"], "protocolMappers": [_MAPPER]}
        _ok(admin.post("/clients", json={**client, **addresses}))
        for flow, within in _FLOWS.items():
            _insert(admin, flow, within)
        bound = {"browserFlow": "my browser", "directGrantFlow": "my direct grant"}
        _ok(admin.put(f"{realms}/{name}", json={"realm": name, **bound}))
        yield Realm(f"{address}/realms/{name}", admin)


def _insert(admin: httpx.Client, flow: str, within: str) -> None:
    """The step, at the end of a copy of a flow or of a part of it."""
    copied, flows = f"my {flow}", "/authentication/flows"
    _ok(admin.post(f"{flows}/{flow}/copy", json={"newName": copied}))
    part = f"{copied} {within}".strip()
    _ok(admin.post(f"{flows}/{part}/executions/execution", json={"provider": _STEP}))
    for step in _ok(admin.get(f"{flows}/{copied}/executions")).json():
        if step.get("displayName") == "Authstream login":
            required = {**step, "requirement": "REQUIRED"}
            _ok(admin.put(f"{flows}/{copied}/executions", json=required))


def _ok(answer: httpx.Response) -> httpx.Response:
    assert answer.is_success, (answer.request.url, answer.status_code, answer.text)
    return answer
