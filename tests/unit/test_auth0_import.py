"""Exports of auth0-deploy-cli, in both formats and with their quirks, become a folder of ours."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from authstream.control.auth0_import.importing import import_export
from authstream.control.auth0_import.keywords import Keywords, read_keywords
from authstream.control.auth0_import.place import MANIFEST
from authstream.control.auth0_import.report import Report
from authstream.control.folder import load
from authstream.control.quotas import DEFAULT
from authstream.errors import ConfigurationError
from tests.samples import TOPICS, TRIGGERS

EXPORTS = Path(__file__).parents[1] / "exports"
FORMATS = ("directory", "yaml")
KEYWORDS = Keywords(read_keywords(EXPORTS / "keywords.json"))


def imported(
    path: Path, folder: Path, *, keywords: Keywords = KEYWORDS, overwrite: bool = False
) -> Report:
    """An import without locks, which need a registry."""
    return import_export(
        path,
        folder,
        allowed=DEFAULT,
        keywords=keywords,
        triggers=TRIGGERS,
        tools=None,
        overwrite=overwrite,
        say=lambda _: None,
    )


def files(folder: Path) -> dict[str, bytes]:
    """Every file of a folder by its path."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def export_of(root: Path, text: str, **members: Any) -> Path:
    """An export of one action, `probe`, with this code."""
    action = {
        "name": "probe",
        "code": "./actions/probe/code.js",
        "supported_triggers": [{"id": "post-login", "version": "v3"}],
        **members,
    }
    (root / "actions/probe").mkdir(parents=True)
    (root / "actions/probe.json").write_text(json.dumps(action))
    (root / "actions/probe/code.js").write_text(text)
    return root


def handler(body: str = "") -> str:
    """JavaScript with a handler of post-login."""
    return f"exports.onExecutePostLogin = async (event, api) => {{ {body} }};\n"


@pytest.fixture(params=FORMATS)
def report(request: pytest.FixtureRequest, tmp_path: Path) -> Report:
    """The import of one format into `tmp_path`."""
    return imported(EXPORTS / request.param, tmp_path)


def members(folder: Path, path: str) -> Any:
    """A YAML file of the folder."""
    return yaml.safe_load((folder / path).read_text())


@pytest.mark.usefixtures("report")
def test_the_order_of_a_trigger_is_kept(tmp_path: Path) -> None:
    """Bindings are in Auth0's order, under their display names where these say more."""
    assert members(tmp_path, "flows/post-login.yaml") == {
        "trigger": "post-login",
        "actions": [
            {
                "action": "country-gate",
                "display_name": "Where we may not sell",
                "timeout": "20s",
            },
            {"action": "crm-enrich", "timeout": "20s"},
            {"action": "a-b- odd", "display_name": "a/b: odd", "timeout": "20s"},
            {"action": "Set Roles", "timeout": "20s"},
        ],
    }


@pytest.mark.usefixtures("report")
def test_code_is_taken_over_as_it_is(tmp_path: Path) -> None:
    """Whatever its path looks like: backslashes, a folder in front, spaces."""
    for name in ("Set Roles", "crm-enrich", "a-b- odd"):
        there = (EXPORTS / "yaml/actions" / name / "code.js").read_bytes()
        assert (tmp_path / "actions" / name / "action.js").read_bytes() == there


@pytest.mark.usefixtures("report")
def test_an_action_keeps_what_it_runs_with(tmp_path: Path) -> None:
    """Runtime, pinned packages, names of secrets, modules; and the hosts that its code names."""
    assert members(tmp_path, "actions/crm-enrich/action.yaml") == {
        "trigger": "post-login",
        "runtime": "node18",
        "dependencies": {"lodash": "4.17.21"},
        "secrets": ["CRM_TOKEN", "CRM_URL", "ONLY_A_NAME"],
        "modules": ["tiers"],
        "egress": ["audit.example.com:8080", "crm.example.com:443"],
    }
    assert members(tmp_path, "modules/tiers/module.yaml") == {
        "dependencies": {"lodash": "4.17.20"},
        "secrets": ["DEFAULT_TIER"],
    }


@pytest.mark.usefixtures("report")
def test_claim_names_are_no_hosts(tmp_path: Path) -> None:
    """An address that names a claim, or that is in a comment, is not allowed as egress."""
    assert "egress" not in members(tmp_path, "actions/Set Roles/action.yaml")


@pytest.mark.usefixtures("report")
def test_keywords_are_replaced_in_files_and_code(tmp_path: Path) -> None:
    """`##KEY##` by text, `@@KEY@@` by JSON, quoted or not, a YAML comment included."""
    code = (tmp_path / "actions/country-gate/action.js").read_text()
    assert code.splitlines()[:3] == [
        'const blocked = ["KP", "SY"];',
        'const title = "The shop";',
        'const support = "##SUPPORT##";',
    ]
    assert members(tmp_path, ".secrets.yaml") == {
        "crm-enrich": {"CRM_URL": "crm.example.com"},
        "country-gate": {"SALT": "grain"},
    }


@pytest.mark.usefixtures("report")
def test_secrets_are_for_the_owners_eyes(tmp_path: Path) -> None:
    """The file of values is private and left out of version control."""
    assert (tmp_path / ".secrets.yaml").stat().st_mode & 0o077 == 0
    assert (tmp_path / ".gitignore").read_text() == ".secrets.yaml\n"


def test_what_is_left_to_do_is_listed(report: Report) -> None:
    """Secret values that were not exported, hosts made at run time, keywords without a value."""
    said = report.public()
    assert {one["owner"]: one["names"] for one in said["secrets_to_set"]} == {
        "actions:tiers": ("DEFAULT_TIER",),
        "crm-enrich": ("CRM_TOKEN", "ONLY_A_NAME"),
    }
    assert said["egress_to_set"] == [
        {"owner": "crm-enrich", "names": ("${event.secrets.CRM_URL}",)}
    ]
    assert said["keywords_to_set"] == [
        {"owner": "actions/country-gate/code.js", "names": ("SUPPORT",)}
    ]


@pytest.mark.parametrize(
    ("what", "why"),
    [
        ("action legacy", "written for the first version of Actions"),
        ("action wrong-handler", "no handler onExecutePostLogin; it has onExecuteCreden"),
        ("action outside", "lies outside of the export"),
        ("action no-file", "there is no file actions/no-file/code.js"),
        ("action private-package", "@acme/auth comes from a registry of its own"),
        ("action needs-keyword", "needs a value for the keyword MINUTES"),
        ("action approval", "there is no trigger iga-approval"),
        ("action integration", "a Marketplace integration"),
        ("binding of Fraud Score by Example in post-login", "Marketplace"),
        ("binding of legacy in post-login", "was not imported"),
        ("trigger iga-approval", "there is no such trigger"),
    ],
)
def test_what_is_left_out_is_told_with_the_reason(report: Report, what: str, why: str) -> None:
    """Nothing disappears in silence."""
    reasons = {one.what: one.why for one in report.not_supported}
    assert why in reasons[what]


def test_notes_say_what_is_different(report: Report) -> None:
    """A withdrawn runtime, a name that can be no folder, an action that was not deployed."""
    notes = {action.name: action.notes for action in report.actions}
    assert notes["country-gate"] == (
        "runtime node16 is withdrawn: node18 is named instead",
        "it was not deployed",
    )
    assert notes["a/b: odd"] == ("its name cannot be a folder, so it is called a-b- odd here",)
    assert notes["Set Roles"] == ()


def test_only_the_first_file_of_triggers_is_read(tmp_path: Path) -> None:
    """As auth0-deploy-cli does; the others are told."""
    report = imported(EXPORTS / "directory", tmp_path)
    assert ("triggers/zz-old.json", "only triggers.json is read, as auth0-deploy-cli does") in [
        (one.what, one.why) for one in report.not_supported
    ]


def test_both_formats_give_the_same_folder(tmp_path: Path) -> None:
    """The same tenant, exported twice; and the YAML file may be named itself."""
    imported(EXPORTS / "directory", tmp_path / "one")
    imported(EXPORTS / "yaml/tenant.yaml", tmp_path / "two")
    one, two = files(tmp_path / "one"), files(tmp_path / "two")
    secrets = [yaml.safe_load(each.pop(".secrets.yaml")) for each in (one, two)]
    assert (one, secrets[0]) == (two, secrets[1])


@pytest.mark.parametrize("name", FORMATS)
def test_a_second_import_changes_nothing(tmp_path: Path, name: str) -> None:
    """The same files, to the byte and to their times."""
    imported(EXPORTS / name, tmp_path)
    before, times = files(tmp_path), {p: p.stat().st_mtime_ns for p in tmp_path.rglob("*")}
    report = imported(EXPORTS / name, tmp_path)
    assert (report.files.written, report.files.kept, report.files.removed) == ([], [], [])
    assert files(tmp_path) == before
    assert {p: p.stat().st_mtime_ns for p in tmp_path.rglob("*")} == times


@pytest.mark.usefixtures("report")
def test_the_folder_loads(tmp_path: Path) -> None:
    """The actions that were imported, in their flow."""
    folder = load(tmp_path, triggers=TRIGGERS, topics=TOPICS, missing_secret="")
    assert set(folder.actions) == {"Set Roles", "a-b- odd", "country-gate", "crm-enrich"}
    (module,) = folder.actions["crm-enrich"].modules
    assert (module.name, dict(module.secrets)) == ("tiers", {"DEFAULT_TIER": ""})


def test_changes_of_the_user_are_kept(tmp_path: Path) -> None:
    """A file that was edited is left as it is, and told; --overwrite replaces it."""
    export, folder = export_of(tmp_path / "export", handler()), tmp_path / "folder"
    imported(export, folder)
    code = folder / "actions/probe/action.js"
    code.write_text("// mine\n")
    assert imported(export, folder).files.kept == ["actions/probe/action.js"]
    assert code.read_text() == "// mine\n"
    assert imported(export, folder, overwrite=True).files.written == ["actions/probe/action.js"]
    assert code.read_text() == handler()


def test_a_change_of_the_export_is_followed(tmp_path: Path) -> None:
    """What nobody edited is brought up to date, and goes with its action."""
    export, folder = export_of(tmp_path / "export", handler()), tmp_path / "folder"
    imported(export, folder)
    (export / "actions/probe/code.js").write_text(handler("return;"))
    assert imported(export, folder).files.written == ["actions/probe/action.js"]
    (export / "actions/probe.json").unlink()
    gone = imported(export, folder).files.removed
    assert gone == [".gitignore", "actions/probe/action.js", "actions/probe/action.yaml"]
    assert list(files(folder)) == [MANIFEST]


def test_values_that_were_set_by_hand_stay(tmp_path: Path) -> None:
    """A keyword's value is added only where there is none."""
    secrets = [{"name": "A", "value": "##A##"}, {"name": "B", "value": "##B##"}]
    export = export_of(tmp_path / "export", handler(), secrets=secrets)
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / ".secrets.yaml").write_text("probe: {A: by hand}\nother: {C: kept}\n")
    imported(export, folder, keywords=Keywords({"A": "of the export", "B": "new"}))
    assert members(folder, ".secrets.yaml") == {
        "probe": {"A": "by hand", "B": "new"},
        "other": {"C": "kept"},
    }


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"supported_triggers": []}, "it names no trigger"),
        ({"dependencies": [{"name": "axios", "version": "latest"}]}, "no exact version"),
        ({"modules": [{"module_name": "absent"}]}, "its module absent was not imported"),
        ({"code": ""}, "it has no code"),
        ({"code": "C:\\tenant\\nowhere.js"}, "there is no file"),
        ({"name": "x" * 200}, "cannot be a topic name"),
        ({"dependencies": "lodash"}, "dependencies"),
    ],
)
def test_an_action_that_cannot_run_is_left_out(
    tmp_path: Path, changes: Mapping[str, Any], why: str
) -> None:
    """One wrong action does not stop the import."""
    report = imported(export_of(tmp_path / "export", handler(), **changes), tmp_path / "folder")
    assert [why in one.why for one in report.not_supported] == [True]
    assert report.actions == []


def test_an_export_that_is_none_is_refused(tmp_path: Path) -> None:
    """With what an export looks like."""
    with pytest.raises(ConfigurationError, match=r"no export of auth0-deploy-cli.*tenant\.yaml"):
        imported(tmp_path, tmp_path / "folder")


def state_of(root: Path, **resources: list[dict[str, Any]]) -> Path:
    """A state of Terraform's with instances by type."""
    found = [
        {
            "mode": "managed",
            "type": kind,
            "name": f"r{number}",
            "instances": [{"schema_version": 0, "attributes": attributes}],
        }
        for kind, every in resources.items()
        for number, attributes in enumerate(every)
    ]
    file = root / "terraform.tfstate"
    file.write_text(
        json.dumps({"version": 4, "terraform_version": "1.9.8", "serial": 3, "resources": found})
    )
    return file


def action_of_terraform(name: str, code: str, **members: Any) -> dict[str, Any]:
    """The attributes of an auth0_action."""
    return {
        "id": f"id-{name}",
        "name": name,
        "code": code,
        "deploy": True,
        "runtime": "node22",
        "supported_triggers": [{"id": "post-login", "version": "v3"}],
        "dependencies": [],
        "secrets": None,
        "modules": None,
        **members,
    }


def test_a_state_of_terraform_is_an_export_too(tmp_path: Path) -> None:
    """Actions, modules, order with one more at its end, and the secrets that the state has."""
    module: dict[str, Any] = {
        "id": "id-m",
        "name": "tiers",
        "code": "module.exports = 1;\n",
        "secrets": [],
    }
    state = state_of(
        tmp_path,
        auth0_action=[
            action_of_terraform("first", handler().strip(), secrets=[{"name": "K", "value": "v1"}]),
            action_of_terraform("second", handler(), modules=[{"module_id": "id-m"}]),
        ],
        auth0_action_module=[module],
        auth0_trigger_actions=[
            {"trigger": "post-login", "actions": [{"id": "id-second", "display_name": "2nd"}]}
        ],
        auth0_trigger_action=[
            {"trigger": "post-login", "action_id": "id-first", "display_name": "1st"},
            {"trigger": "post-login", "action_id": "id-gone", "display_name": "gone"},
        ],
    )
    report = imported(state, tmp_path / "to")
    made = files(tmp_path / "to")
    flow = yaml.safe_load(made["flows/post-login.yaml"])["actions"]
    assert [one["action"] for one in flow] == ["second", "first"]
    assert made["actions/first/action.js"].decode().strip() == handler().strip()
    assert made["modules/tiers/module.js"] == b"module.exports = 1;\n\n"
    assert yaml.safe_load(made[".secrets.yaml"]) == {"first": {"K": "v1"}}
    assert ["id-gone" in one.why for one in report.not_supported] == [True]
