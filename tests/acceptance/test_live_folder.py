"""`up DIR` keeps its folder and the control log equal, whichever door a change comes through."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from authstream.apps.build import say_nothing
from authstream.apps.control import door, opened
from authstream.apps.live_folder import LiveFolder
from authstream.broker.embedded import EmbeddedBroker
from authstream.control.actions import Actions
from authstream.control.flows import Flows
from authstream.control.seal import new_key
from authstream.control.secrets import Secrets
from authstream.settings import Settings
from tests.confinement import open_to_others
from tests.control_plane import PL, draft
from tests.kafka_log import until


@pytest.fixture
def settings(
    monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Settings]:
    """An embedded broker, and a place for code that guests may enter."""
    cache = tmp_path_factory.mktemp("cache")
    open_to_others(cache)
    monkeypatch.setenv("XDG_CACHE_HOME", str(cache))
    with EmbeddedBroker() as broker:
        said = {"brokers": broker.bootstrap, "embedded": True, "secret_keys": new_key("first")}
        yield Settings.model_validate(said)


def test_what_others_change_is_written_back(settings: Settings, tmp_path: Path) -> None:
    """Code, order, variables and secrets; at the next start the folder is applied as it is then."""
    home = tmp_path / "actions" / "claims"
    home.mkdir(parents=True)
    (home / "action.py").write_bytes(draft("one").code)
    (home / "action.yaml").write_text(f"trigger: {PL}\nsecrets: [TOKEN]\n")
    (tmp_path / "flows").mkdir()
    flow = tmp_path / "flows" / "logins.yaml"
    flow.write_text(f"# ours\ntrigger: {PL}\nactions: [{{action: claims}}]\n")
    (tmp_path / ".secrets.yaml").write_text("claims: {TOKEN: first-value}\n")
    running = LiveFolder(tmp_path, settings, say_nothing)
    try:
        assert {one.what for one in running.applied} == {"create"}
        with opened(settings) as store:
            bo = door(store, settings, actor="bo")
            Actions(bo, "default").edit("claims", draft("two", secrets=("TOKEN",)))
            Actions(bo, "default").deploy("claims", proven=True)
            Flows(bo).enable("default", PL, "claims", enabled=False)
            Secrets(bo, "default").put("claims", "TOKEN", "second-value")
            Secrets(bo, "default").set_variable("tier", "gold")
        secrets = tmp_path / ".secrets.yaml"
        until(lambda: "second-value" in secrets.read_text(), "the secret is written back")
        until((tmp_path / "variables.yaml").exists, "the variable is written back")
    finally:
        running.close()
    assert (home / "action.py").read_bytes() == draft("two").code
    (bound,) = yaml.safe_load(flow.read_text())["actions"]
    assert bound == {"action": "claims", "enabled": False}
    assert yaml.safe_load((tmp_path / "variables.yaml").read_text()) == {"tier": "gold"}
    again = LiveFolder(tmp_path, settings, say_nothing)
    again.close()
    assert again.applied == []
