"""The documentation keeps up: what exists is described, and what is described exists."""

from __future__ import annotations

import importlib
import json
import re
import shlex
import sys
import tomllib
from collections.abc import Iterator, Mapping
from itertools import pairwise
from pathlib import Path
from types import ModuleType
from typing import Any

import orjson
import pytest
import typer
from packaging.requirements import Requirement
from pydantic import BaseModel

from authstream import cli
from authstream.apps import reference, worker
from authstream.apps.downstream import sinks
from authstream.apps.rehearsal import rehearse, rehearse_legs
from authstream.apps.stages import deliveries, triggers
from authstream.cli import doctor, importing, replay, test
from authstream.contracts.api import methods
from authstream.contracts.effect import Effect
from authstream.engine.delivery import Delivery
from authstream.engine.sink import Sink
from authstream.engine.trigger import Trigger
from authstream.errors import AuthstreamError, ConfigurationError, DeliveryError, RecordError
from authstream.settings import Settings

ROOT = Path(__file__).resolve().parent.parent
REFERENCE = ROOT / "docs" / "reference"
TUTORIAL = ROOT / "docs" / "tutorial.md"
EXTEND = ROOT / "docs" / "how-to" / "extend.md"
PAGES = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").rglob("*.md"))]
FENCED = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\((?!https?://|#)([^)\s#]+)")
#: A file's name on a line of its own, then its content.
NAMED_FILE = re.compile(r"^`([\w./-]+)`\n\n```\w*\n(.*?)^```$", re.MULTILINE | re.DOTALL)
STATUS_CODES = {
    0,
    cli.USAGE_STATUS,
    cli.INTERRUPTED_STATUS,
    doctor.FAILED_STATUS,
    importing.LEFT_OUT_STATUS,
    replay.RULE_BROKEN_STATUS,
    test.FLOW_FAILED_STATUS,
    test.SNAPSHOT_DIFFERS_STATUS,
    worker.SOFTWARE_ERROR,
}


def sections(page: Path) -> dict[str, str]:
    """The second-level sections of a page by their heading."""
    parts = re.split(r"^## (.+)$", page.read_text(), flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def commands() -> dict[str, set[str]]:
    """The options of every command, by its words: `topics apply` has `--folder`."""
    return dict(_walk(typer.main.get_command(cli.app), ()))


def _walk(command: Any, words: tuple[str, ...]) -> Iterator[tuple[str, set[str]]]:
    inner: Mapping[str, Any] = getattr(command, "commands", {})
    for name, one in inner.items():
        yield from _walk(one, (*words, name))
    if not inner:
        options = [param for param in command.params if param.param_type_name == "option"]
        said = {name for option in options for name in (*option.opts, *option.secondary_opts)}
        yield " ".join(words), said


def subclasses(kind: type[AuthstreamError]) -> Iterator[type[AuthstreamError]]:
    """An error and every kind of it, in all modules of the package."""
    reference.errors_page()  # imports them all
    yield kind
    for inner in kind.__subclasses__():
        yield from subclasses(inner)


def variables(model: type[BaseModel], prefix: str) -> Iterator[str]:
    """The environment variable of every setting."""
    for name, field in model.model_fields.items():
        variable, kind = f"{prefix}{name.upper()}", field.annotation
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            yield from variables(kind, f"{variable}__")
        else:
            yield variable


def test_every_command_has_its_section() -> None:
    """The command line's page has a section for each command, and for nothing else."""
    said = {name for name in sections(REFERENCE / "cli.md") if name != "Exit statuses"}
    assert said == {f"authstream {name}" for name in commands()}


@pytest.mark.parametrize(("command", "options"), commands().items())
def test_every_option_is_in_its_commands_section(command: str, options: set[str]) -> None:
    """The options described are those that there are."""
    section = sections(REFERENCE / "cli.md")[f"authstream {command}"]
    rows = "".join(line for line in section.splitlines() if line.startswith("| `--"))
    assert set(re.findall(r"`(--[\w-]+)", rows)) == options


def test_every_exit_status_is_explained() -> None:
    """The table of exit statuses has those of all errors and commands."""
    table = sections(REFERENCE / "cli.md")["Exit statuses"]
    said = {int(status) for status in re.findall(r"^\| (\d+) \|", table, flags=re.MULTILINE)}
    assert said == STATUS_CODES | {error.exit_status for error in subclasses(AuthstreamError)}


def test_every_setting_is_in_the_reference() -> None:
    """The settings' page names every variable."""
    page = (REFERENCE / "settings.md").read_text()
    names = variables(Settings, Settings.model_config.get("env_prefix", ""))
    assert [name for name in names if f"`{name}`" not in page] == []


def test_every_trigger_is_in_the_reference() -> None:
    """The triggers' page has a section for each."""
    assert set(sections(REFERENCE / "triggers.md")) == set(triggers())


def test_every_effect_kind_is_in_the_reference() -> None:
    """The effects' page has a section for each kind, with the members of its payload."""
    said = {
        kind: set(re.findall(r"^\| `(\w+)` \|", section, flags=re.MULTILINE))
        for kind, section in sections(REFERENCE / "effects.md").items()
    }
    assert said == {
        kind: set(delivery.inputs.model_fields) for kind, delivery in deliveries().items()
    }


def test_every_reason_of_a_dead_letter_has_a_remedy() -> None:
    """Whoever finds a dead letter can look up what to do."""
    table = sections(ROOT / "docs" / "how-to" / "dead-letters.md")["Reasons"]
    said = set(re.findall(r"^\| `(\w+)` \|", table, flags=re.MULTILINE))
    assert said == {error.code for error in subclasses(RecordError)}


def test_every_direct_dependency_is_justified() -> None:
    """The dependencies' page has a row for each that pyproject.toml states, and for no other."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    stated = [project["dependencies"], *project["optional-dependencies"].values()]
    page = (REFERENCE / "dependencies.md").read_text()
    said = set(re.findall(r"^\| ([\w-]+) \|", page, flags=re.MULTILINE)) - {"distribution"}
    assert said == {Requirement(text).name for group in stated for text in group}


def test_every_decision_is_in_the_index() -> None:
    """The index lists each decision once, by its number."""
    listed = re.findall(r"\(decisions/([\w.-]+)\)", (ROOT / "docs" / "index.md").read_text())
    assert listed == sorted(path.name for path in (ROOT / "docs" / "decisions").glob("*.md"))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_relative_link_leads_to_a_file(page: Path) -> None:
    """A reader who clicks arrives."""
    links = LINK.findall(page.read_text())
    assert [link for link in links if not (page.parent / link).is_file()] == []


def fenced_commands(page: Path) -> Iterator[list[str]]:
    """The words of every `authstream …` line in a page's shell blocks."""
    blocks = [body for language, body in FENCED.findall(page.read_text()) if language == "sh"]
    for line in "\n".join(blocks).splitlines():
        words = shlex.split(line, comments=True) if line.startswith(("authstream ", "AUTH")) else []
        while words and "=" in words[0]:
            del words[0]
        if words:
            yield words[1:]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_command_shown_exists(page: Path) -> None:
    """What a reader copies into a shell is a command with the options that it has."""
    known = commands()
    unknown: list[str] = []
    for words in fenced_commands(page):
        name = next((name for name in known if words[: len(name.split())] == name.split()), None)
        options = {word for word in words if word.startswith("--")}
        if name is None or options - known[name]:
            unknown.append(" ".join(words))
    assert unknown == []


def test_every_page_can_be_reached() -> None:
    """From the README and the index, a click leads to every page."""
    reached = {
        (page.parent / link).resolve()
        for page in (ROOT / "README.md", ROOT / "docs" / "index.md")
        for link in LINK.findall(page.read_text())
    }
    # Written by make bench, so the index names it without a link.
    unlinked = {ROOT / "README.md", REFERENCE / "performance.md"}
    assert [page.name for page in PAGES if page not in reached | unlinked] == []


async def test_the_tutorial_does_what_it_says(tmp_path: Path) -> None:
    """Its files, as they are written there, give the verdicts that it shows."""
    for name, content in NAMED_FILE.findall(TUTORIAL.read_text()):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(content)
    event = json.loads((tmp_path / "ada.json").read_text())
    folder = tmp_path / "hello"
    allowed = await rehearse(folder, orjson.dumps(event), trigger="post-login")
    event["user"]["email"] = "eve@example.org"
    denied = await rehearse(folder, orjson.dumps(event), trigger="post-login")
    nickname = {"https://example.com/nickname": "ada"}
    assert allowed["verdict"]["claims"]["id_token"] == nickname
    assert [effect["payload"] for effect in allowed["effects"]] == [{"message": "ada logged in"}]
    assert denied["verdict"]["reason"] == "Only example.com accounts may log in here."


async def test_the_page_on_redirects_does_what_it_says(tmp_path: Path) -> None:
    """Who accepted the terms fills in a form; who did not is sent away with a token."""
    page = ROOT / "docs" / "how-to" / "redirect.md"
    for name, content in NAMED_FILE.findall(page.read_text()):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(content)
    folder = tmp_path / "hello"
    (folder / ".secrets.yaml").write_text("terms: {TERMS_KEY: not-a-secret}\n")
    event = json.loads((tmp_path / "ada.json").read_text())
    resumes = [json.loads((tmp_path / "filled-in.json").read_text())]
    left, back = await rehearse_legs(
        folder, orjson.dumps(event), trigger="post-login", resumes=resumes
    )
    assert left["verdict"]["prompt"]["fields"] == {"name": "Ada"}
    assert back["verdict"]["metadata"]["app_metadata"] == {"birthday": "1815-12-10"}
    del event["user"]["app_metadata"]
    (sent,) = await rehearse_legs(folder, orjson.dumps(event), trigger="post-login")
    assert "?session_token=" in sent["verdict"]["redirect"]["url"]


def extension(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """An example of the page on extending, imported as a module."""
    blocks = [body for language, body in FENCED.findall(EXTEND.read_text()) if language == "python"]
    (source,) = [body for body in blocks if body.startswith(f'"""{name}:')]
    module = f"example_{name.replace('-', '_')}"
    (tmp_path / f"{module}.py").write_text(source)
    monkeypatch.syspath_prepend(tmp_path)
    try:
        return importlib.import_module(module)
    finally:
        sys.modules.pop(module, None)


async def test_the_example_of_an_effect_kind_works(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is a plug-in that refuses a payload of another shape for good."""
    plugin = extension("pager", tmp_path, monkeypatch).PLUGIN
    assert isinstance(plugin, Delivery)
    await plugin.start()
    with pytest.raises(DeliveryError, match=r"pager: team: Field required") as refused:
        await plugin.deliver(_effect({"text": "x"}))
    await plugin.stop()
    assert refused.value.permanent


async def test_the_example_of_a_metadata_sink_works(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is a plug-in that says what it needs."""
    plugin = extension("directory", tmp_path, monkeypatch).PLUGIN
    assert isinstance(plugin, Sink)
    with pytest.raises(ConfigurationError, match="AUTHSTREAM_METADATA__URL"):
        await plugin.start()


def test_every_metadata_sink_is_documented() -> None:
    """The page on metadata has a row for each."""
    page = (ROOT / "docs" / "how-to" / "metadata.md").read_text()
    assert set(re.findall(r"^\| `(\w+)` \|", page, flags=re.MULTILINE)) == set(sinks())


def _effect(payload: dict[str, object]) -> Effect:
    names = ("id", "kind", "flow_id", "tenant", "trigger", "action")
    members = {**dict.fromkeys(names, "x"), "leg": 0, "payload": payload, "ordered_at": 0}
    return Effect.model_validate(members)


def test_the_example_of_a_trigger_works(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is a plug-in that takes the event it describes."""
    plugin = extension("device-enrolled", tmp_path, monkeypatch).PLUGIN
    assert isinstance(plugin, Trigger)
    event = {"tenant": {"id": "acme"}, "user": {"user_id": "ada"}, "device": {"id": "d-1"}}
    members = plugin.parse(orjson.dumps(event))
    assert (plugin.tenant(members), plugin.subject(members)) == ("acme", "ada")
    assert "effects.send" in methods(plugin.name)


def test_headings_go_down_one_level_at_a_time() -> None:
    """A page has one title, and no level is jumped over."""
    for page in PAGES:
        text = FENCED.sub("", page.read_text())
        levels = [len(marks) for marks in re.findall(r"^(#+) ", text, flags=re.MULTILINE)]
        assert levels.count(1) == 1, page.name
        assert all(next_ <= level + 1 for level, next_ in pairwise(levels)), page.name
