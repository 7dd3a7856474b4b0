"""`authstream new` and `authstream import`: what they write runs as it is."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.acceptance.command_line import run_here

EXPORTS = Path(__file__).parents[1] / "exports"


@pytest.mark.parametrize("language", ["python", "javascript"])
def test_a_new_action_passes_its_test(tmp_path: Path, language: str) -> None:
    """In an empty folder, and beside others."""
    for name in ("first", "Second One"):
        made = run_here("new", name, "--language", language, "--folder", str(tmp_path))
        assert (made.status, made.err) == (0, "")
    done = run_here("test", str(tmp_path), "--all", "--json")
    assert done.status == 0
    (result,) = json.loads(done.out)["results"]
    assert [(r["action"], r["status"]) for r in result["runs"]] == [
        ("first", "ok"),
        ("Second One", "ok"),
    ]
    assert result["verdict"]["claims"]["id_token"] == {"https://example.com/greeting": "hello"}


def test_an_action_that_is_there_is_refused(tmp_path: Path) -> None:
    """And so is a trigger that there is none of."""
    assert run_here("new", "a", "--folder", str(tmp_path)).status == 0
    again = run_here("new", "a", "--folder", str(tmp_path))
    assert (again.status, "is there already" in again.err) == (78, True)
    other = run_here("new", "b", "--trigger", "no-such", "--folder", str(tmp_path))
    assert (other.status, "no trigger 'no-such'" in other.err) == (78, True)


@pytest.mark.parametrize("export", ["directory", "yaml"])
def test_an_import_passes_as_it_is(
    tmp_path: Path, export: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With locked packages and modules; a second import changes nothing."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    folder, keywords = tmp_path / "shop", str(EXPORTS / "keywords.json")
    command = ("import", "auth0", str(EXPORTS / export), "--to", str(folder), "--vars", keywords)
    first = run_here(*command, "--json")
    assert first.status == 5, "some of it is left out"
    done = run_here("test", str(folder), "--all", "--json")
    assert (done.status, "failed" in done.out) == (0, False)
    (result,) = json.loads(done.out)["results"]
    assert [(r["action"], r["status"]) for r in result["runs"]] == [
        ("country-gate", "ok"),
        ("crm-enrich", "ok"),
        ("a-b- odd", "ok"),
        ("Set Roles", "ok"),
    ]
    report = json.loads(run_here(*command, "--json").out)
    assert (report["files"]["written"], report["files"]["kept"]) == ([], [])
    assert report["files"]["unchanged"] == json.loads(first.out)["files"]["written"]


def test_the_report_is_for_people_too(tmp_path: Path) -> None:
    """One fact a line; values of keywords on the command line; nothing left out is status 0."""
    export = tmp_path / "export"
    (export / "actions/a").mkdir(parents=True)
    action = {
        "name": "a",
        "code": "./actions/a/code.js",
        "supported_triggers": [{"id": "post-login", "version": "v3"}],
    }
    (export / "actions/a.json").write_text(json.dumps(action))
    (export / "actions/a/code.js").write_text(
        'exports.onExecutePostLogin = async () => { await fetch("https://##HOST##/x"); };\n'
    )
    (export / "triggers").mkdir()
    (export / "triggers/triggers.json").write_text('{"post-login": [{"action_name": "a"}]}')
    command = ("import", "auth0", str(export), "--to", str(tmp_path / "to"))
    done = run_here(*command, "--var", "HOST=api.example.com")
    assert done.status == 0
    assert done.out.splitlines() == [
        "imported  action a (post-login) as actions/a",
        "imported  flow post-login: a",
        "allowed   egress of a: api.example.com:443",
        "written   .gitignore",
        "written   actions/a/action.js",
        "written   actions/a/action.yaml",
        "written   events/post-login.json",
        "written   flows/post-login.yaml",
        "0 files unchanged",
    ]
    wrong = run_here(*command, "--var", "HOST")
    assert (wrong.status, "write KEY=VALUE" in wrong.err) == (2, True)
