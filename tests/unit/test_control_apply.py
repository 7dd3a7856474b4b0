"""A folder to the control log and back: what differs, what is done, and that the trip is round."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from authstream.contracts.control import ObjectKey
from authstream.control.actions import Actions
from authstream.control.apply import Desired, apply, desired, differences
from authstream.control.door import Door
from authstream.control.export import export
from authstream.control.flows import Flows
from authstream.control.objects import VERSION, BoundAction, VersionObject
from authstream.control.secrets import Secrets
from authstream.errors import ConfigurationError, ConflictError
from tests.control_plane import CODE, PL, Refusing, door, draft, memory_store

FILES = {
    "actions/claims/action.yaml": "trigger: post-login\n",
    "actions/claims/action.py": CODE.format("claims"),
    "actions/crm/action.yaml": (
        "trigger: post-login\nsecrets: [TOKEN]\negress: ['crm.example.com:443']\n"
        "configuration: {tier: gold, n: [1, 2.5]}\nlimits: {guests: 2, memory: 128MiB}\n"
        "isolation: execution\nmodules: [shared]\n"
    ),
    "modules/shared/module.js": "module.exports = 1;\n",
    "modules/shared/module.yaml": "secrets: [KEY]\n",
    "actions/crm/action.js": "exports.onExecutePostLogin = async (event, api) => {};\n",
    "flows/post-login.yaml": (
        "trigger: post-login\nactions:\n"
        "  - {action: crm, timeout: 1500ms, on_error: skip, when: 'event.user.name == \"x\"'}\n"
        "  - {action: claims, timeout: 3s, enabled: false}\n"
    ),
    "flows/acme.yaml": "trigger: post-login\ntenant: acme\nactions: [{action: claims}]\n",
    "variables.yaml": "region: eu\n",
    "lookups/groups.yaml": "user-1: [{id: g1, name: Staff}]\n",
    ".secrets.yaml": "crm: {TOKEN: abc}\n'actions:shared': {KEY: def}\n",
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two actions, two flows, a variable and a secret."""
    root = tmp_path / "folder"
    for name, text in FILES.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return root


@pytest.fixture
def ada() -> Iterator[Door]:
    """A door to an empty control plane."""
    with memory_store() as store:
        yield door(store)


def lines(wanted: Desired, ada: Door) -> list[str]:
    """What would change."""
    return [str(one) for one in differences(wanted, ada)]


def test_applying_makes_the_log_equal_to_the_folder(folder: Path, ada: Door) -> None:
    """Everything is created once; a second time there is nothing to do."""
    done = apply(desired(folder, ada), ada)
    assert [str(one) for one in done] == [
        "create action claims",
        "create action crm",
        "create secret actions:shared/KEY",
        "create secret crm/TOKEN",
        "create variable region",
        "create lookup groups",
        "create flow post-login of acme",
        "create flow post-login",
    ]
    end = ada.store.view.position
    assert apply(desired(folder, ada), ada) == []
    assert ada.store.view.position == end
    flow = Flows(ada).get("default", PL)
    assert [(one.action, one.version, one.enabled) for one in flow.bindings] == [
        ("crm", 1, True),
        ("claims", 1, False),
    ]


def test_export_apply_diff_is_empty(folder: Path, ada: Door, tmp_path: Path) -> None:
    """What was exported is what is there: another cluster gets the same, and no diff is left."""
    apply(desired(folder, ada), ada)
    copy = tmp_path / "copy"
    export(copy, ada)
    assert lines(desired(copy, ada), ada) == []
    with memory_store() as store:
        other = door(store)
        (copy / ".secrets.yaml").write_text(FILES[".secrets.yaml"])
        apply(desired(copy, other), other)
        assert lines(desired(folder, other), other) == []


def test_export_leaves_alone_what_is_right(folder: Path, ada: Door) -> None:
    """Comments and layout of files that say the same already stay; one that differs is written."""
    apply(desired(folder, ada), ada)
    commented = "# mine\ntrigger: post-login\n"
    (folder / "actions/claims/action.yaml").write_text(commented)
    Flows(ada).move("default", PL, "claims", to=0)
    changed = export(folder, ada)
    assert [path.name for path in changed] == ["post-login.yaml"]
    assert (folder / "actions/claims/action.yaml").read_text() == commented
    assert lines(desired(folder, ada), ada) == []


def test_export_follows_deletions_and_additions(folder: Path, ada: Door) -> None:
    """An action that is new or gone in the log is so in the folder; foreign files stay."""
    apply(desired(folder, ada), ada)
    (folder / "actions/crm/notes.txt").write_text("keep me")
    Actions(ada, "default").delete("crm", force=True)
    Actions(ada, "default").create("new", draft("new"))
    Actions(ada, "default").deploy("new")
    export(folder, ada)
    assert not (folder / "actions/crm/action.yaml").exists()
    assert (folder / "actions/crm/notes.txt").exists()
    assert (folder / "actions/new/action.py").read_text() == CODE.format("new")
    assert lines(desired(folder, ada), ada) == []


def test_a_change_says_what_differs(folder: Path, ada: Door) -> None:
    """Code, order, secrets: each is a line; no value of a secret is in it."""
    apply(desired(folder, ada), ada)
    (folder / "actions/claims/action.py").write_text(CODE.format("changed"))
    (folder / ".secrets.yaml").write_text("crm: {TOKEN: changed}\n'actions:shared': {KEY: def}\n")
    (folder / "flows/acme.yaml").unlink()
    (folder / "lookups/groups.yaml").unlink()
    found = lines(desired(folder, ada), ada)
    assert found == [
        "update action claims: code",
        "update secret crm/TOKEN",
        "delete lookup groups",
        "delete flow post-login of acme",
    ]
    apply(desired(folder, ada), ada)
    flow = Flows(ada).get("default", PL)
    assert [(one.action, one.version) for one in flow.bindings] == [("crm", 1), ("claims", 2)]


def test_order_and_code_may_change_together(folder: Path, ada: Door) -> None:
    """The flow that a deploy of the same apply has changed is not a conflict."""
    apply(desired(folder, ada), ada)
    (folder / "actions/claims/action.py").write_text(CODE.format("changed"))
    (folder / "flows/post-login.yaml").write_text(
        "trigger: post-login\nactions: [{action: claims}, {action: crm}]\n"
    )
    apply(desired(folder, ada), ada)
    flow = Flows(ada).get("default", PL)
    assert [(one.action, one.version) for one in flow.bindings] == [("claims", 2), ("crm", 1)]


def test_a_change_by_somebody_else_meanwhile_is_a_conflict(
    folder: Path, ada: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Applying is optimistic: what was changed between looking and writing is not overwritten."""
    apply(desired(folder, ada), ada)
    (folder / "actions/claims/action.py").write_text(CODE.format("changed"))
    eve = Actions(ada.as_actor("eve"), "default")
    prove = Actions.prove

    def meddling(self: Actions, name: str, wanted: object) -> None:
        prove(self, name, wanted)  # type: ignore[arg-type]  # passed on
        eve.edit("claims", draft("hers"))

    monkeypatch.setattr(Actions, "prove", meddling)
    with pytest.raises(ConflictError, match="by eve"):
        apply(desired(folder, ada), ada)


def test_nothing_is_written_when_something_does_not_build(folder: Path) -> None:
    """All or nothing, as far as code goes."""
    (folder / "actions/crm/action.js").write_text("// broken")
    with memory_store() as store:
        careful = door(store, builder=Refusing())
        with pytest.raises(ConfigurationError, match="broken"):
            apply(desired(folder, careful), careful)
        assert store.view.position == 0


def test_a_secret_without_a_value_anywhere_is_refused(folder: Path, ada: Door) -> None:
    """A value that is in the log already need not be in the folder."""
    (folder / ".secrets.yaml").unlink()
    with pytest.raises(ConfigurationError, match="no value for secret crm/TOKEN, actions:shared"):
        apply(desired(folder, ada), ada)
    Actions(ada, "default").create("crm", draft(secrets=("TOKEN",)))
    Secrets(ada, "default").put("crm", "TOKEN", "abc")
    Secrets(ada, "default").put("actions:shared", "KEY", "def")
    apply(desired(folder, ada), ada)


def test_a_folder_is_one_tenants(folder: Path, ada: Door) -> None:
    """Two tenants apply the same folder and share nothing; neither deletes the other's."""
    (folder / "flows/acme.yaml").unlink()
    apply(desired(folder, ada), ada)
    apply(desired(folder, ada, "acme"), ada)
    assert lines(desired(folder, ada), ada) == []
    assert Flows(ada).get("acme", PL).owner == "acme"
    topics = {ada.topics.action(tenant, "claims") for tenant in ("default", "acme")}
    assert len(topics) == 2


def test_a_half_done_write_is_invisible(folder: Path, ada: Door) -> None:
    """Blobs and a version without the record that commits them change nothing and do no harm."""
    apply(desired(folder, ada), ada)
    actions = Actions(ada, "default")
    spec = actions.get("claims").draft
    half = VersionObject(spec=spec, digest=spec.digest, created_at=0, created_by="a dead writer")
    ada.write(ObjectKey(VERSION, "default", "claims@2"), half, after=0, operation="make a version")
    ada.store.blobs.append(b"blob/half/0", b"half")
    assert lines(desired(folder, ada), ada) == []
    actions.edit("claims", draft("next"))
    assert actions.deploy("claims").version == 3
    bound = Flows(ada).get("default", PL).bindings
    assert bound[1] == BoundAction(action="claims", version=3, timeout_ms=3000, enabled=False)
