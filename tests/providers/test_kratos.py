"""Ory Kratos, the real one: metadata written at registration, and a denial that its form shows."""

from __future__ import annotations

import base64
import json
import os
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from authstream.apps.up import free_port
from authstream.engine.provider import UNAVAILABLE
from authstream.idp.ory_kratos import JSONNET
from tests.gateway_ground import Ground, folder, secret_of, serving
from tests.providers.go_programs import KRATOS
from tests.real_provider import running

pytestmark = pytest.mark.timeout(120)
PASSWORD = "correct-horse-battery-1"
CONNECTIONS: dict[str, dict[str, object]] = {
    "kratos": {
        "provider": "ory-kratos",
        "triggers": {"registration": "post-login"},
        "deadline": "1s",
    },
}
SCHEMA: dict[str, Any] = {
    "$id": "person",
    "$schema": "http://json-schema.org/draft-07/schema#",
    "type": "object",
    "properties": {
        "traits": {
            "type": "object",
            "properties": {
                "email": {
                    "type": "string",
                    "format": "email",
                    "ory.sh/kratos": {"credentials": {"password": {"identifier": True}}},
                }
            },
            "required": ["email"],
        }
    },
}


@pytest.fixture(scope="module")
def ground(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ground]:
    """Broker, worker and gateway."""
    with serving(folder(tmp_path_factory.mktemp("kratos"), CONNECTIONS)) as made:
        yield made


@pytest.fixture(scope="module")
def kratos(ground: Ground, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Its public address."""
    root = tmp_path_factory.mktemp("server")
    ports = (free_port(0), free_port(0))
    said = {**configuration(ports), "selfservice": _selfservice(ports[0], ground)}
    (root / "kratos.yml").write_text(yaml.safe_dump(said))
    environment = {"PATH": os.environ["PATH"], "HOME": f"{root}"}
    command: tuple[str | Path, ...] = (KRATOS.built(), "serve", "-c", "kratos.yml", "--dev")
    ready = f"http://127.0.0.1:{ports[1]}/admin/health/ready"
    with running(command, folder=root, environment=environment, ready=ready):
        yield f"http://127.0.0.1:{ports[0]}"


def configuration(ports: tuple[int, int]) -> dict[str, Any]:
    """A server in memory, on loopback, public and admin."""
    public, admin = (f"http://127.0.0.1:{port}" for port in ports)
    schema = base64.b64encode(json.dumps(SCHEMA).encode()).decode()
    return {
        "version": "v1.3.1",
        "dsn": "memory",
        "serve": {
            "public": {"host": "127.0.0.1", "port": ports[0], "base_url": f"{public}/"},
            "admin": {"host": "127.0.0.1", "port": ports[1], "base_url": f"{admin}/"},
        },
        "identity": {
            "default_schema_id": "person",
            "schemas": [{"id": "person", "url": f"base64://{schema}"}],
        },
        "secrets": {"cookie": [secrets.token_hex(16)], "cipher": [secrets.token_hex(16)]},
        "courier": {"smtp": {"connection_uri": "smtp://127.0.0.1:1/?disable_starttls=true"}},
        "log": {"level": "warning"},
        "selfservice": {"default_browser_return_url": f"{public}/"},
    }


def _selfservice(port: int, ground: Ground) -> dict[str, Any]:
    public = f"http://127.0.0.1:{port}"
    ui = {"ui_url": f"{public}/ui"}
    registered = [_hook(ground, "registration"), {"hook": "session"}]
    return {
        "default_browser_return_url": f"{public}/",
        "methods": {"password": {"enabled": True, "config": {"haveibeenpwned_enabled": False}}},
        "flows": {
            "registration": {**ui, "after": {"password": {"hooks": registered}}},
            "login": {**ui, "after": {"hooks": [_hook(ground, "login")]}},
        },
    }


def _hook(ground: Ground, name: str) -> dict[str, Any]:
    key = {"in": "header", "name": "X-Api-Key", "value": secret_of("kratos")}
    return {
        "hook": "web_hook",
        "config": {
            "url": f"{ground.hooks('kratos')}/{name}",
            "method": "POST",
            "body": f"base64://{base64.b64encode(JSONNET.encode()).decode()}",
            "response": {"ignore": False, "parse": True},
            "auth": {"type": "api_key", "config": key},
        },
    }


def submitted(kratos: str, kind: str, **body: Any) -> httpx.Response:
    """A flow from its form to its end."""
    form = httpx.get(f"{kratos}/self-service/{kind}/api").json()
    return httpx.post(form["ui"]["action"], json={"method": "password", **body}, timeout=30)


def register(kratos: str, email: str) -> httpx.Response:
    """By e-mail and password."""
    return submitted(kratos, "registration", traits={"email": email}, password=PASSWORD)


def user(kind: str) -> str:
    """An address nobody has yet."""
    return f"{kind}-{secrets.token_hex(4)}@example.com"


def test_metadata_is_stored_and_the_user_logs_in(kratos: str, ground: Ground) -> None:
    """What the action set is in the identity; the login's hook lets the user in."""
    email = user("ada")
    made = register(kratos, email)
    assert made.status_code == 200, made.text
    login = submitted(kratos, "login", identifier=email, password=PASSWORD)
    assert login.status_code == 200, login.text
    metrics = httpx.get(f"{ground.url}/metrics").text
    assert 'answered="allowed",connection="kratos"' in metrics
    assert 'authstream_gateway_lost_parts_total{connection="kratos",part="claims"}' in metrics
    assert made.json()["identity"]["metadata_public"] == {"plan": "gold"}


def test_the_form_shows_the_denial(kratos: str) -> None:
    """The action's own text."""
    denied = register(kratos, user("blocked"))
    assert denied.status_code == 400
    assert "Blocked by policy" in denied.text


def test_closed_when_there_is_no_verdict_in_time(kratos: str) -> None:
    """The form says to try again later."""
    late = register(kratos, user("slow"))
    assert late.status_code == 400
    assert UNAVAILABLE in late.text
