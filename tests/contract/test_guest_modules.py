"""Modules that actions share: found by name, with packages and secrets of their own."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent
from typing import Any

import orjson
import pytest
import structlog

from authstream.apps.rehearsal import rehearse
from authstream.control.folder import load
from authstream.errors import ConfigurationError
from tests.samples import TOPICS, TRIGGERS, event

MODULE = """
    let calls = 0;
    exports.tier = (user) => `${actions.secrets.PREFIX}-${user.user_id}-${++calls}`;
"""
#: Nothing but the secret has this in it.
SECRET = {".secrets.yaml": '"actions:tiers": {PREFIX: hush-hush}\n'}
ACTION = """
    const { tier } = require("actions:tiers");
    exports.onExecutePostLogin = async (event, api) => {
      api.idToken.setCustomClaim("https://example.com/tier", tier(event.user));
      api.idToken.setCustomClaim("https://example.com/global", typeof actions);
    };
"""


def project(root: Path, *, action: str = ACTION, module: str = MODULE, **files: str) -> Path:
    """A folder with an action, a module that it may load, and more files."""
    said = {
        "actions/a/action.yaml": "trigger: post-login\nmodules: [tiers]\n",
        "actions/a/action.js": dedent(action),
        "modules/tiers/module.yaml": "secrets: [PREFIX]\n",
        "modules/tiers/module.js": dedent(module),
        "flows/post-login.yaml": "trigger: post-login\nactions: [{action: a}]\n",
        ".secrets.yaml": '"actions:tiers": {PREFIX: gold}\n',
        **files,
    }
    for path, text in said.items():
        file = root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    return root


async def login(root: Path) -> dict[str, Any]:
    """One login through the flow."""
    return await rehearse(root, orjson.dumps(event()), trigger="post-login")


def claims(result: dict[str, Any]) -> dict[str, Any]:
    """Claims of the ID token by the end of their name."""
    found = result["verdict"]["claims"]["id_token"]
    return {name.rpartition("/")[2]: value for name, value in found.items()}


async def test_an_action_loads_a_module_with_its_own_secrets(tmp_path: Path) -> None:
    """The module sees `actions.secrets`; the action does not."""
    assert claims(await login(project(tmp_path))) == {
        "tier": "gold-user-1-1",
        "global": "undefined",
    }


async def test_a_modules_secret_is_not_shown(tmp_path: Path) -> None:
    """Not where the module logs it, and not where it throws, as with an action's own."""
    module = """
        exports.tier = () => {
          console.log(`the prefix is ${actions.secrets.PREFIX}`);
          throw new Error(`no ${actions.secrets.PREFIX}`);
        };
    """
    (run,) = (await login(project(tmp_path, module=module, **SECRET)))["runs"]
    assert (run["status"], run["console"]) == (
        "error",
        [{"level": "info", "text": "the prefix is [redacted]"}],
    )
    assert "hush-hush" not in orjson.dumps(run).decode()


async def test_a_module_that_cannot_be_loaded_does_not_log_its_secret(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """Its top-level code has the secret already, and why it failed is in the worker's log."""
    structlog.reset_defaults()
    module = "throw new Error(`no ${actions.secrets.PREFIX}`);"
    (run,) = (await login(project(tmp_path, module=module, **SECRET)))["runs"]
    printed = capfd.readouterr()
    assert "no [redacted]" in run["error"]
    assert "no [redacted]" in printed.out + printed.err
    assert "hush-hush" not in printed.out + printed.err


async def test_a_module_is_loaded_once(tmp_path: Path) -> None:
    """Two requires give the same object."""
    action = """
        exports.onExecutePostLogin = async (event, api) => {
          const same = require("actions:tiers") === require("actions:tiers");
          api.idToken.setCustomClaim("https://example.com/same", same);
        };
    """
    assert claims(await login(project(tmp_path, action=action))) == {"same": True}


async def test_a_module_requires_the_files_beside_it(tmp_path: Path) -> None:
    """And its errors have its own lines."""
    module = """
        const { word } = require("./words.js");
        exports.tier = () => {
          if (word === "broken") throw new RangeError("no tier");
          return word;
        };
    """
    beside = {"modules/tiers/words.js": 'exports.word = "beside";\n'}
    assert claims(await login(project(tmp_path, module=module, **beside)))["tier"] == "beside"
    broken = {"modules/tiers/words.js": 'exports.word = "broken";\n'}
    run = (await login(project(tmp_path, module=module, **broken)))["runs"][0]
    assert run["error"].splitlines()[:2] == [
        "RangeError: no tier",
        'module.js:4 in tier: if (word === "broken") throw new RangeError("no tier");',
    ]


async def test_a_module_that_is_not_named_is_not_found(tmp_path: Path) -> None:
    """Only those of `modules:` can be loaded, and nothing of their folders can be read."""
    unnamed = {"actions/a/action.yaml": "trigger: post-login\n"}
    result = await login(project(tmp_path, **unnamed))
    assert "Cannot find module 'actions:tiers'" in result["runs"][0]["error"]


@pytest.mark.parametrize(
    ("path", "text", "problem"),
    [
        ("actions/a/action.yaml", "trigger: post-login\nmodules: [other]\n", "no module 'other'"),
        ("actions/a/action.py", "def on_execute_post_login(): pass\n", "has action.py and"),
        ("modules/tiers/module.ts", "export {};\n", "must have one of module.js and module.ts"),
        ("modules/tiers/module.yaml", "trigger: post-login\n", "trigger: Extra inputs"),
        (".secrets.yaml", "{}\n", "no value for secret PREFIX; add it under actions:tiers"),
    ],
)
def test_a_wrong_module_is_refused(tmp_path: Path, path: str, text: str, problem: str) -> None:
    """When the folder is loaded, with the file and the remedy."""
    with pytest.raises(ConfigurationError) as refused:
        load(project(tmp_path, **{path: text}), triggers=TRIGGERS, topics=TOPICS)
    assert problem in str(refused.value)


def test_a_python_action_cannot_load_modules(tmp_path: Path) -> None:
    """It is told instead of leaving the author to wonder."""
    root = project(tmp_path, **{"actions/a/action.py": "def on_execute_post_login(): pass\n"})
    (root / "actions/a/action.js").unlink()
    with pytest.raises(ConfigurationError, match="modules are JavaScript"):
        load(root, triggers=TRIGGERS, topics=TOPICS)
