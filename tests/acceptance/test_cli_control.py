"""The commands of the control plane, one after another as in the how-to, on an embedded broker."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from authstream.broker.embedded import EmbeddedBroker
from authstream.control.seal import new_key
from tests.acceptance.command_line import Finished, run_here
from tests.confinement import open_to_others

FLOW = "post-login"
CODE = "def on_execute_post_login(event, api):\n    api.id_token.set_custom_claim('n', {})\n"
Patch = pytest.MonkeyPatch


@pytest.fixture(autouse=True)
def cluster(monkeypatch: Patch, tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """A control log of its own for each test, and a place for code that guests may enter."""
    cache = tmp_path_factory.mktemp("cache")
    open_to_others(cache)
    with EmbeddedBroker() as broker:
        for name, value in {
            "AUTHSTREAM_BROKERS": broker.bootstrap,
            "AUTHSTREAM_EMBEDDED": "true",
            "AUTHSTREAM_SECRET_KEYS": new_key("first"),
            "AUTHSTREAM_ACTOR": "ada",
            "XDG_CACHE_HOME": str(cache),
        }.items():
            monkeypatch.setenv(name, value)
        yield


def done(*arguments: str) -> Finished:
    """A command that goes well."""
    finished = run_here(*arguments)
    assert finished.status == 0, finished.err
    return finished


def told(*arguments: str) -> Any:
    """What it says to a program."""
    return json.loads(done(*arguments, "--json").out)


def action(folder: Path, text: str) -> str:
    """A folder with an action that sets a claim to this; its path."""
    home = folder / "actions" / "greet"
    home.mkdir(parents=True, exist_ok=True)
    (home / "action.yaml").write_text(f"trigger: {FLOW}\nsecrets: [TOKEN]\n")
    (home / "action.py").write_text(CODE.format(repr(text)))
    return str(home)


def test_an_action_from_its_draft_to_its_end(tmp_path: Path) -> None:
    """New, edited, deployed, bound, looked at, rolled back, and deleted only by force."""
    done("actions", "new", "greet", "--from", action(tmp_path, "one"))
    assert told("actions", "deploy", "greet", "--note", "first")["version"] == 1
    done("actions", "edit", "greet", "--from", action(tmp_path, "two"))
    changed = done("actions", "diff", "greet").out
    assert "-    api.id_token.set_custom_claim('n', 'one')" in changed
    assert "+    api.id_token.set_custom_claim('n', 'two')" in changed
    tried = told("actions", "test", "greet")
    assert tried["verdict"]["claims"]["id_token"] == {"n": "two"}
    flow = told("flows", "add", FLOW, "greet", "--timeout", "2s", "--on-error", "skip")
    assert [one["timeout_ms"] for one in flow["bindings"]] == [2000]
    canary = told("actions", "deploy", "greet", "--canary", "0.25")
    assert canary == {"version": 2, "new": True, "flows": [f"default/{FLOW}"]}
    assert "1 (25% get 2)" in done("flows", "show").out
    assert "canary" not in told("flows", "canary", FLOW, "greet")["bindings"][0]
    assert told("actions", "deploy", "greet")["version"] == 2
    shown = told("actions", "show", "greet")
    assert [one["version"] for one in shown["versions"]] == [1, 2]
    assert told("actions", "rollback", "greet")["version"] == 1
    assert "greet  post-login  python3.11  1" in done("actions", "list").out
    refused = run_here("actions", "delete", "greet")
    assert (refused.status, "bound to post-login" in refused.err) == (73, True)
    done("actions", "delete", "greet", "--force")
    assert told("actions", "list") == []


def test_a_flow_is_ordered_and_switched(tmp_path: Path) -> None:
    """Each command says what the flow is then."""
    for name in ("a", "b"):
        done("actions", "new", name, "--from", action(tmp_path, name))
        done("actions", "deploy", name)
    file = tmp_path / "flow.yaml"
    file.write_text(f"trigger: {FLOW}\nactions: [{{action: a, when: 'true'}}, {{action: b}}]\n")
    done("flows", "set", str(file))
    moved = told("flows", "move", FLOW, "b", "0")
    assert [one["action"] for one in moved["bindings"]] == ["b", "a"]
    off = told("flows", "disable", FLOW, "a")
    assert [one["enabled"] for one in off["bindings"]] == [True, False]
    on = told("flows", "enable", FLOW, "a")
    assert [one["enabled"] for one in on["bindings"]] == [True, True]
    left = told("flows", "remove", FLOW, "b")
    assert [(one["action"], one["when"]) for one in left["bindings"]] == [("a", "true")]


def test_a_secret_goes_in_by_standard_input_or_a_file(tmp_path: Path, monkeypatch: Patch) -> None:
    """Listed without its value; sealed anew under another key."""
    done("actions", "new", "greet", "--from", action(tmp_path, "one"))
    monkeypatch.setattr(sys, "stdin", io.StringIO("s3cret-value\n"))
    done("secrets", "set", "greet", "TOKEN")
    (tmp_path / "value").write_text("s3cret-value\n")
    again = told("secrets", "set", "greet", "TOKEN", "--file", str(tmp_path / "value"))
    assert not again["changed"]
    (listed,) = told("secrets", "list", "greet")
    assert (listed["name"], listed["changed_by"]) == ("TOKEN", "ada")
    keys = f"{done('secrets', 'new-key', 'next').out.strip()},{new_key('other')}"
    monkeypatch.setenv("AUTHSTREAM_SECRET_KEYS", keys)
    lost = run_here("secrets", "rotate-key")
    assert (lost.status, "which is not here" in lost.err) == (78, True)
    done("secrets", "delete", "greet", "TOKEN")


def test_a_folder_and_the_cluster_are_compared_and_made_equal(tmp_path: Path) -> None:
    """Diff ends with 1 while something differs; what is exported applies as no change."""
    folder, copy = tmp_path / "folder", tmp_path / "copy"
    action(folder, "one")
    (folder / "flows").mkdir()
    (folder / f"flows/{FLOW}.yaml").write_text(f"trigger: {FLOW}\nactions: [{{action: greet}}]\n")
    (folder / ".secrets.yaml").write_text("greet: {TOKEN: value}\n")
    differs = run_here("diff", str(folder))
    assert (differs.status, "create action greet" in differs.out) == (1, True)
    assert [one["what"] for one in told("apply", str(folder))] == ["create"] * 3
    assert done("diff", str(folder)).out == "no difference\n"
    done("export", str(copy))
    assert told("apply", str(copy)) == []
    assert run_here("export", str(copy)).status == 78
    assert not (copy / ".secrets.yaml").exists()


def test_an_emergency_is_said_everywhere_and_audited() -> None:
    """A banner on standard error while it lasts; who did it, and why, stays."""
    done("break-glass", "deny-all", FLOW, "--reason", "stolen keys", "--for", "10m")
    assert "stolen keys" in done("flows", "show").err
    done("break-glass", "end", FLOW)
    assert done("flows", "show").err == ""
    done("break-glass", "allow-all", FLOW, "--reason", "partner down", "--tenant", "acme")
    trail = told("audit", "--tenant", "default")
    assert {one["actor"] for one in trail} == {"ada"}
    assert any("stolen keys" in one["operation"] for one in trail)
