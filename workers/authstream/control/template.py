"""Templates of new actions: code with comments, a flow that binds it, a sample event, a test."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Literal, NamedTuple

import yaml

from authstream.contracts import typings
from authstream.contracts.api import methods, python_path
from authstream.contracts.runtime import CODE_FILES
from authstream.contracts.slug import DEFAULT_TENANT, slug
from authstream.control.event_builder import build
from authstream.control.files import SECRETS_FILE, FlowFile, read
from authstream.control.sample_events import sample_events
from authstream.engine.trigger import Trigger
from authstream.errors import ConfigurationError

TemplateLanguage = Literal["python", "javascript", "typescript"]
CODE_FILE: dict[TemplateLanguage, str] = {
    "python": "action.py",
    "javascript": "action.js",
    "typescript": "action.ts",
}
_NOT_IN_A_NAME = re.compile(r'[/\\\x00-\x1f"<>|:*?]|^\.|^\s|[\s.]$')
_LAST_BINDING = re.compile(r"^( *)- .*(?:\n(?:\1 .*|\s*))*\Z", re.MULTILINE)
_ACTION_YAML = """\
trigger: {trigger}
# dependencies: {{ {package} }} # exact versions; then: authstream deps lock
# secrets: [CRM_TOKEN] # names; values go into {secrets}, which is never committed
# configuration: {{ tier: gold }}
# egress: ["crm.example.com:443"] # the hosts that it may connect to, no others
"""
_JAVASCRIPT = """\
/**
 * {name}: say here what it is for.
 *
 * `event` says what happens, with event.secrets and event.configuration from action.yaml.
 * `api` is what to ask for: {owners}.
 *
 * @param {{import("../../typings/authstream").Event}} event
 * @param {{import("../../typings/authstream").{api}}} api
 */
exports.{handler} = async (event, api) => {{
  console.log("{name} runs"); // kept with the run
{statement}}};
"""
_TYPESCRIPT = """\
import type {{ Event, {api} }} from "../../typings/authstream";

/**
 * {name}: say here what it is for.
 *
 * `event` says what happens, with event.secrets and event.configuration from action.yaml.
 * `api` is what to ask for: {owners}.
 */
export const {handler} = async (event: Event, api: {api}): Promise<void> => {{
  console.log("{name} runs"); // kept with the run
{statement}}};
"""
_PYTHON = '''\
"""{name}: say here what it is for."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:  # for the editor; there is no such module where the action runs
    from actions import Event, {api}


async def {handler}(event: Event, api: {api}) -> None:
    """`event` says what happens, with event.secrets and event.configuration from action.yaml.

    `api` is what to ask for: {owners}.
    """
    print("{name} runs")  # kept with the run
{statement}'''
_TEST = '''\
"""What the action {name} does. Run it with: pytest"""


def test_it_runs(flow, make_event):
    result = flow.run(make_event("{trigger}"))
    result.assert_allowed()
    assert "{name} runs" in result.console("{name}")
'''
_TEMPLATES: dict[TemplateLanguage, str] = {
    "python": _PYTHON,
    "javascript": _JAVASCRIPT,
    "typescript": _TYPESCRIPT,
}
_PACKAGES: dict[TemplateLanguage, str] = {
    "python": "httpx: 0.28.1",
    "javascript": "axios: 1.7.9",
    "typescript": "axios: 1.7.9",
}


class _Call(NamedTuple):
    """A call on `api` that shows how it is used."""

    method: str
    #: The same in every language.
    arguments: str


#: What each trigger's template asks for, where its table has the method.
_CALLS = {
    "post-login": _Call("idToken.setCustomClaim", '"https://example.com/greeting", "hello"'),
    "credentials-exchange": _Call(
        "accessToken.setCustomClaim", '"https://example.com/greeting", "hello"'
    ),
    "pre-user-registration": _Call("user.setUserMetadata", '"greeted", "hello"'),
    "custom-token-exchange": _Call("authentication.setUserById", '"auth0|ada"'),
}


def new_action(
    folder: Path,
    name: str,
    *,
    trigger: Trigger,
    language: TemplateLanguage,
    events: typings.Events,
) -> tuple[Path, ...]:
    """Write a new action into a folder; the files that were written or changed.

    The types for the editor are those of the triggers in `events`.

    Raises ConfigurationError when there is such an action, or its name cannot be one.
    """
    files = {
        f"actions/{name}/action.yaml": _ACTION_YAML.format(
            trigger=trigger.name, package=_PACKAGES[language], secrets=SECRETS_FILE
        ),
        f"actions/{name}/{CODE_FILE[language]}": first_code(name, trigger, language),
        f"tests/test_{re.sub(r'[^a-z0-9]+', '_', name.lower())}.py": _TEST.format(
            name=name, trigger=trigger.name
        ),
    }
    _check(folder, name, files)
    changed = {_flow_file(folder, trigger.name): _bound(folder, trigger.name, name)}
    changed |= {folder / path: text for path, text in files.items()}
    changed |= {folder / path: text for path, text in editor_types(language, events).items()}
    changed |= {
        folder / path: text
        for path, text in _absent(folder, trigger).items()
        if not (folder / path).exists()
    }
    for file, text in changed.items():
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    return tuple(changed)


def _check(folder: Path, name: str, files: Mapping[str, str]) -> None:
    if _NOT_IN_A_NAME.search(name):
        raise ConfigurationError(
            f"{name!r} cannot be the name of an action: it is a folder's name,"
            " so leave out slashes and quotation marks"
        )
    slug(DEFAULT_TENANT, name)
    there = [path for path in files if (folder / path).exists()]
    there += [path for code in CODE_FILES if (folder / (path := f"actions/{name}/{code}")).exists()]
    if there:
        raise ConfigurationError(f"{folder / there[0]} is there already: give another name")


def first_code(name: str, trigger: Trigger, language: TemplateLanguage) -> str:
    """What the code of a new action begins with: it runs, and says what it is given."""
    python = language == "python"
    owners = dict.fromkeys(path.partition(".")[0] for path in methods(trigger.name))
    return _TEMPLATES[language].format(
        name=name,
        handler=python_path(trigger.handler) if python else trigger.handler,
        api=typings.api_name(trigger.name),
        owners=", ".join(python_path(owner) if python else owner for owner in owners),
        statement=_statement(trigger.name, python=python),
    )


def _statement(trigger: str, *, python: bool) -> str:
    call = _CALLS.get(trigger)
    if call is None or call.method not in methods(trigger):
        return ""
    if python:
        return f"    api.{python_path(call.method)}({call.arguments})\n"
    return f"  api.{call.method}({call.arguments});\n"


def editor_types(language: TemplateLanguage, events: typings.Events) -> dict[str, str]:
    """The types that first codes name, for the editor: path in the folder, and text."""
    if language == "python":
        return {"typings/actions.pyi": typings.python(events)}
    return {"typings/authstream.d.ts": typings.typescript(events)}


def _absent(folder: Path, trigger: Trigger) -> dict[str, str]:
    """What a folder needs once: a sample event of the trigger, and no secret in the repository."""
    files = {".gitignore": f"{SECRETS_FILE}\n"}
    known = sample_events(folder, triggers=(trigger.name,), default="")
    if not any(sample.trigger == trigger.name for sample in known):
        event = json.dumps(build(trigger), indent=2)
        files[f"events/{trigger.name}.json"] = f"{event}\n"
    return files


# Flows ------------------------------------------------------------------------------------------


def _flow_file(folder: Path, trigger: str) -> Path:
    """The flow of a trigger for every tenant, or where it is to be."""
    for file in sorted((folder / "flows").glob("*.yaml")):
        said = read(file, FlowFile)
        if said.trigger == trigger and said.tenant is None:
            return file
    return folder / "flows" / f"{trigger}.yaml"


def _bound(folder: Path, trigger: str, action: str) -> str:
    """The text of a flow with an action at its end; what else is in it stays as it is."""
    file, item = _flow_file(folder, trigger), json.dumps(action)
    item = action if yaml.safe_load(action) == action else item
    if not file.is_file():
        return f"trigger: {trigger}\nactions:\n  - action: {item}\n"
    text = file.read_text(encoding="utf-8")
    last = _LAST_BINDING.search(text)
    indent = last[1] if last else "  "
    longer = f"{text.rstrip()}\n{indent}- action: {item}\n"
    if _actions(longer) != [*_actions(text), action]:
        raise ConfigurationError(
            f"{file} is not written as a list of lines, so it is left as it is:"
            f" write its actions one a line, as in - action: {item}"
        )
    return longer


def _actions(text: str) -> list[str]:
    try:
        return [bound.action for bound in FlowFile.model_validate(yaml.safe_load(text)).actions]
    except (yaml.YAMLError, ValueError):
        return []
