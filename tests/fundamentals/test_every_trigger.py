"""Every trigger runs its actions, in both languages, and gives a verdict."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from authstream.apps.rehearsal import rehearse
from authstream.apps.stages import triggers
from authstream.contracts.api import python_path
from authstream.contracts.golden import checkout

SAMPLES = checkout() / "deploy/events"
#: What an exchange cannot do without.
_USER = {
    "custom-token-exchange": (
        "api.authentication.setUserById('ada');",
        "    api.authentication.set_user_by_id('ada')\n",
    )
}


def code(trigger: str, handler: str) -> dict[str, str]:
    """An action that orders an effect, by file name."""
    javascript, python = _USER.get(trigger, ("", ""))
    return {
        "action.js": f"exports.{handler} = async (event, api) => {{ {javascript}"
        'api.effects.send("log", { message: Object.keys(event.secrets).join() }); };\n',
        "action.py": f"async def {python_path(handler)}(event, api):\n{python}"
        '    api.effects.send("log", {"message": ",".join(event.secrets)})\n',
    }


def bind(root: Path, trigger: str, action: str) -> Path:
    """A folder with this one action in the trigger's flow."""
    folder = root / "actions" / action.replace(".", "-")
    folder.mkdir(parents=True)
    text = code(trigger, triggers()[trigger].handler)[action]
    (folder / action).write_text(text)
    (folder / "action.yaml").write_text(f"trigger: {trigger}\nsecrets: [KEY]\n")
    (root / "flows").mkdir()
    flow = {"trigger": trigger, "actions": [{"action": folder.name}]}
    (root / "flows" / "flow.yaml").write_text(yaml.safe_dump(flow))
    return root


@pytest.mark.parametrize("action", ["action.js", "action.py"])
@pytest.mark.parametrize("trigger", sorted(triggers()))
async def test_a_trigger_runs_its_action(tmp_path: Path, trigger: str, action: str) -> None:
    """Under the handler's name in the spelling of its language, with the action's own secrets."""
    sample = (SAMPLES / f"{trigger}.json").read_bytes()
    result = await rehearse(bind(tmp_path, trigger, action), sample, trigger=trigger)
    assert result["verdict"]["outcome"] == "allowed", result["verdict"]["reason"]
    assert [effect["payload"] for effect in result["effects"]] == [{"message": "KEY"}]
    assert [run["status"] for run in result["runs"]] == ["ok"]


async def test_an_event_without_a_flow_is_decided_at_once(tmp_path: Path) -> None:
    """What was asked for happens as if there were no actions; a token exchange needs one."""
    folder = bind(tmp_path, "post-login", "action.py")
    outcomes = {
        trigger: (
            await rehearse(folder, (SAMPLES / f"{trigger}.json").read_bytes(), trigger=trigger)
        )
        for trigger in ("pre-user-registration", "event-stream", "custom-token-exchange")
    }
    assert {name: said["verdict"]["outcome"] for name, said in outcomes.items()} == {
        "pre-user-registration": "allowed",
        "event-stream": "allowed",
        "custom-token-exchange": "failed",
    }
    assert outcomes["custom-token-exchange"]["verdict"]["code"] == "user_not_set"
