"""`authstream connect`: what to paste into each provider, and what has to be made here."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest
import yaml

from authstream.apps.gateway import connections, providers
from authstream.settings import Settings
from tests.acceptance.command_line import run_here

URL = "https://gateway.example.com"


@pytest.mark.parametrize("name", sorted(providers()))
def test_a_new_connection_is_made_from_what_is_printed(name: str, tmp_path: Path) -> None:
    """The two files, as printed, are a connection; the configuration names its address."""
    before = run_here("connect", name, "--folder", f"{tmp_path}", "--url", URL)
    assert before.status == 0, before.err
    assert f"{URL}/hooks/{name}" in before.out
    said, _, rest = before.out.partition("\n\n")
    connection = [line for line in said.splitlines() if not line.startswith("#")]
    secret = [line for line in connection if line.startswith("connections/")]
    lines = [line.replace("# ", "x # ") for line in connection if line not in secret]
    (tmp_path / "connections").mkdir()
    (tmp_path / "connections" / f"{name}.yaml").write_text("\n".join(lines))
    (tmp_path / ".secrets.yaml").write_text("\n".join(secret))
    assert sorted(connections(tmp_path, Settings())) == [name]
    after = run_here("connect", name, "--folder", f"{tmp_path}", "--url", URL)
    assert after.out == rest


def test_keycloaks_jar_is_written(tmp_path: Path) -> None:
    """Where it is wanted; nobody else has one."""
    jar = tmp_path / "authstream.jar"
    command = ("--folder", f"{tmp_path}", "--extension", f"{jar}")
    assert run_here("connect", "keycloak", *command).status == 0
    assert "META-INF/keycloak-scripts.json" in zipfile.ZipFile(jar).namelist()
    other = run_here("connect", "okta", *command)
    assert (other.status, "nothing is installed at okta" in other.err) == (78, True)


def test_mistakes_are_told(tmp_path: Path) -> None:
    """An unknown provider; a place that cannot be written; two connections to choose from."""
    folder = ("--folder", f"{tmp_path}")
    assert "there are authgear" in run_here("connect", "nobody", *folder).err
    nowhere = run_here("connect", "keycloak", *folder, "--extension", "/nowhere/x.jar")
    assert (nowhere.status, "cannot be written" in nowhere.err) == (78, True)
    (tmp_path / "connections").mkdir()
    secrets: dict[str, dict[str, str]] = {}
    for name in ("one", "two"):
        (tmp_path / "connections" / f"{name}.yaml").write_text("provider: okta\n")
        secrets[f"connections/{name}"] = {"current": f"a-secret-of-{name}-in-tests"}
    (tmp_path / ".secrets.yaml").write_text(yaml.safe_dump(secrets))
    assert "say --connection" in run_here("connect", "okta", *folder).err
    wrong = run_here("connect", "workos", *folder, "--connection", "one")
    assert "connection one is of okta" in wrong.err


def test_no_gateway_is_told(tmp_path: Path) -> None:
    """With what to do."""
    (tmp_path / "connections").mkdir()
    (tmp_path / "connections" / "okta.yaml").write_text("provider: okta\n")
    (tmp_path / ".secrets.yaml").write_text("connections/okta: {a: a-secret-long-enough}\n")
    command = ("--folder", f"{tmp_path}", "--url", "http://127.0.0.1:1", "--check")
    said = run_here("connect", "okta", *command)
    assert (said.status, "no gateway answers" in said.err) == (69, True)
