"""Ory Hydra, the real one: tokens at every grant, denials, and a time-out by policy."""

from __future__ import annotations

import base64
import hashlib
import os
import secrets
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlparse

import httpx
import pytest
import yaml

from authstream.apps.demo.collector import Collector
from authstream.apps.up import free_port
from tests.gateway_ground import Ground, await_spans, folder, secret_of, serving, traced
from tests.providers.go_programs import HYDRA
from tests.real_provider import claims, running

pytestmark = pytest.mark.timeout(120)
#: Hydra exports its spans every five seconds.
TRACED_WITHIN = 30.0
CALLBACK = "http://127.0.0.1:5555/cb"
CONSENT = {"from_consent": "kept"}
CONNECTIONS: dict[str, dict[str, object]] = {
    "hydra": {"provider": "ory-hydra", "deadline": "1s"},
}


@dataclass(frozen=True, slots=True)
class Hydra:
    """Its two addresses."""

    public: str
    admin: str

    def client(self, *grants: str) -> dict[str, str]:
        """A client for these grants."""
        said: dict[str, object] = {
            "grant_types": list(grants),
            "response_types": ["code"],
            "scope": "openid offline",
            "redirect_uris": [CALLBACK],
            "token_endpoint_auth_method": "client_secret_post",
        }
        made = httpx.post(f"{self.admin}/admin/clients", json=said).json()
        return {name: made[name] for name in ("client_id", "client_secret")}

    def token(self, client: dict[str, str], **form: str) -> httpx.Response:
        """What the token endpoint says."""
        return httpx.post(f"{self.public}/oauth2/token", data={**client, **form}, timeout=30)

    def code_flow(self, client: dict[str, str], subject: str) -> httpx.Response:
        """A login with PKCE; we are the login and the consent page."""
        verifier = secrets.token_urlsafe(32)
        digest = hashlib.sha256(verifier.encode()).digest()
        asked = {
            "client_id": client["client_id"],
            "response_type": "code",
            "scope": "openid offline",
            "redirect_uri": CALLBACK,
            "state": "state-1234567890",
            "nonce": "nonce-1234567890",
            "code_challenge": base64.urlsafe_b64encode(digest).rstrip(b"=").decode(),
            "code_challenge_method": "S256",
        }
        with httpx.Client(timeout=30) as browser:
            page = browser.get(f"{self.public}/oauth2/auth", params=asked)
            login = {"subject": subject, "acr": "1", "amr": ["pwd"]}
            page = browser.get(self._accept("login", page, login))
            consent = {
                "grant_scope": ["openid", "offline"],
                "session": {"id_token": CONSENT, "access_token": CONSENT},
            }
            page = browser.get(self._accept("consent", page, consent))
        code = _query(page, "code")
        said = {"code": code, "redirect_uri": CALLBACK, "code_verifier": verifier}
        return self.token(client, grant_type="authorization_code", **said)

    def _accept(self, kind: str, page: httpx.Response, said: dict[str, Any]) -> str:
        challenge = {f"{kind}_challenge": _query(page, f"{kind}_challenge")}
        url = f"{self.admin}/admin/oauth2/auth/requests/{kind}/accept"
        redirect: str = httpx.put(url, params=challenge, json=said).json()["redirect_to"]
        return redirect


def _query(page: httpx.Response, name: str) -> str:
    return parse_qs(urlparse(page.headers["location"]).query)[name][0]


@pytest.fixture(scope="module")
def collector() -> Iterator[Collector]:
    """Gets Hydra's spans and ours."""
    with Collector() as made:
        yield made


@pytest.fixture(scope="module")
def ground(tmp_path_factory: pytest.TempPathFactory, collector: Collector) -> Iterator[Ground]:
    """Broker, worker and gateway."""
    root = folder(tmp_path_factory.mktemp("hydra"), CONNECTIONS)
    with serving(root, traced(collector)) as made:
        yield made


@pytest.fixture(scope="module")
def hydra(
    ground: Ground, collector: Collector, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Hydra]:
    """A Hydra in memory, its token hook pointing at the gateway."""
    root = tmp_path_factory.mktemp("server")
    made = Hydra(f"http://127.0.0.1:{free_port(0)}", f"http://127.0.0.1:{free_port(0)}")
    (root / "hydra.yml").write_text(yaml.safe_dump(_configuration(made, ground, collector)))
    environment = {"PATH": os.environ["PATH"], "HOME": f"{root}", "DSN": "memory"}
    command: tuple[str | Path, ...] = (HYDRA.built(), "serve", "all", "--dev", "-c", "hydra.yml")
    ready = f"{made.admin}/health/ready"
    with running(command, folder=root, environment=environment, ready=ready):
        yield made


def _configuration(made: Hydra, ground: Ground, collector: Collector) -> dict[str, Any]:
    auth = {"in": "header", "name": "X-Api-Key", "value": secret_of("hydra")}
    hook = {"url": f"{ground.hooks('hydra')}/token", "auth": {"type": "api_key", "config": auth}}
    ports = {
        name: {"host": "127.0.0.1", "port": int(address.rpartition(":")[2])}
        for name, address in (("public", made.public), ("admin", made.admin))
    }
    otlp = {
        "server_url": collector.url.removeprefix("http://"),
        "insecure": True,
        "sampling": {"sampling_ratio": 1},
    }
    return {
        "tracing": {"provider": "otel", "service_name": "hydra", "providers": {"otlp": otlp}},
        "serve": ports,
        "urls": {
            "self": {"issuer": f"{made.public}/"},
            "login": "http://127.0.0.1:4455/login",
            "consent": "http://127.0.0.1:4455/consent",
        },
        "secrets": {"system": [secrets.token_hex(16)]},
        "strategies": {"access_token": "jwt"},
        "oauth2": {"allowed_top_level_claims": ["tenant"], "token_hook": hook},
        "log": {"level": "warn"},
        "sqa": {"opt_out": True},
    }


def test_claims_are_in_both_tokens_and_stay_at_refresh(hydra: Hydra) -> None:
    """Ours beside those of the consent page, at login and again at refresh."""
    client = hydra.client("authorization_code", "refresh_token")
    said = hydra.code_flow(client, "alice").json()
    again = hydra.token(
        client, grant_type="refresh_token", refresh_token=said["refresh_token"]
    ).json()
    for tokens in (said, again):
        access, identity = claims(tokens["access_token"]), claims(tokens["id_token"])
        ext = access["ext"]
        assert isinstance(ext, dict)
        assert (access["tenant"], ext["plan"], ext["from_consent"]) == ("acme", "gold", "kept")
        assert (identity["tenant"], identity["from_consent"]) == ("acme", "kept")


def test_one_trace_from_hydra_to_the_action(hydra: Hydra, collector: Collector) -> None:
    """Hydra's own span is the parent of the gateway's, and the flow's stages are below it."""
    client = hydra.client("authorization_code")
    assert hydra.code_flow(client, "traced-ada").status_code == 200
    deadline = time.monotonic() + TRACED_WITHIN
    while True:
        known = {span.span_id for span in list(collector.spans)}
        ours = [span for span in list(collector.spans) if span.name == "POST /hooks/hydra"]
        if ours and all(span.parent_id in known for span in ours):
            break
        assert time.monotonic() < deadline, [span.name for span in collector.spans]
        time.sleep(0.1)
    await_spans(collector, ours[-1].trace_id, "run policy", "process auth.assemble.v1")


def test_a_denial_ends_the_login(hydra: Hydra) -> None:
    """As Hydra's own `access_denied`: it shows no text of ours."""
    denied = hydra.code_flow(hydra.client("authorization_code"), "blocked-bob")
    assert (denied.status_code, denied.json()["error"]) == (403, "access_denied")
    assert "Blocked by policy" not in denied.text


def test_closed_when_there_is_no_verdict_in_time(hydra: Hydra) -> None:
    """Denied once, and not tried again by Hydra."""
    late = hydra.code_flow(hydra.client("authorization_code"), "slow-ada")
    assert late.json()["error"] == "access_denied"
    assert late.elapsed.total_seconds() < 2.5
