"""A folder of actions and flows: loaded as a whole, or refused with the file and the remedy."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from authstream.control.folder import Folder, load
from authstream.errors import ConfigurationError
from tests.samples import TOPICS, TRIGGERS

SECRET = "hunter2"
ACTION = "actions/crm/action.yaml"
CODE = "actions/crm/action.py"
FLOW = "flows/post-login.yaml"
SECRETS = ".secrets.yaml"
GOOD = {
    ACTION: "trigger: post-login\nsecrets: [TOKEN]\nconfiguration: {tier: gold}\n",
    CODE: "def on_execute_post_login(event, api):\n    pass\n",
    FLOW: "trigger: post-login\nactions:\n- action: crm\n",
    SECRETS: f"crm: {{TOKEN: {SECRET}}}\n",
}


def written(root: Path, **changes: str | bytes | None) -> Path:
    """The good folder with other files; None leaves one out."""
    for name, text in {**GOOD, **changes}.items():
        file = root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        if text is not None:
            file.write_bytes(text.encode() if isinstance(text, str) else text)
    return root


def loaded(root: Path) -> Folder:
    """With the installed triggers."""
    return load(root, triggers=TRIGGERS, topics=TOPICS)


def test_a_folder_gives_its_actions_and_flows(tmp_path: Path) -> None:
    """Code, topic, configuration and the secrets that the action names, and no others."""
    both = f"crm: {{TOKEN: {SECRET}, UNUSED: other}}\n"
    folder = loaded(written(tmp_path, **{SECRETS: both}))
    action = folder.actions["crm"]
    assert (action.topic, action.version) == (TOPICS.action("default", "crm"), 1)
    assert (action.secrets, action.configuration) == ({"TOKEN": SECRET}, {"tier": "gold"})
    assert action.code == (tmp_path / CODE).resolve()
    assert SECRET not in repr(folder)


def test_a_flow_has_its_bindings_with_their_limits(tmp_path: Path) -> None:
    """Condition, time limit and error policy, or their defaults."""
    flow = """
trigger: post-login
actions:
- {action: crm, when: event.stats.logins_count == 1, timeout: 500ms, on_error: skip}
- action: crm
"""
    bound = loaded(written(tmp_path, **{FLOW: flow})).choose("default", "post-login")
    assert bound is not None
    first, second = bound.bindings
    assert (first.when, first.timeout, first.on_error) == (
        "event.stats.logins_count == 1",
        timedelta(milliseconds=500),
        "skip",
    )
    assert (second.when, second.timeout, second.on_error) == (None, timedelta(seconds=10), "fail")


def test_a_tenant_has_its_own_flow_or_that_of_all(tmp_path: Path) -> None:
    """A trigger without a flow has none."""
    own = "trigger: post-login\ntenant: acme\nactions: []\n"
    folder = loaded(written(tmp_path, **{"flows/acme.yaml": own}))
    acme, other = folder.choose("acme", "post-login"), folder.choose("other", "post-login")
    assert acme is not None
    assert other is not None
    assert (acme.bindings, other.bindings[0].action) == ((), "crm")
    assert folder.choose("acme", "credentials-exchange") is None


def test_a_rehearsal_needs_no_secrets(tmp_path: Path) -> None:
    """A stand-in is given where the values are not there."""
    root = written(tmp_path, **{SECRETS: None})
    folder = load(root, triggers=TRIGGERS, topics=TOPICS, missing_secret="stand-in")
    assert folder.actions["crm"].secrets == {"TOKEN": "stand-in"}


@pytest.mark.parametrize(
    ("file", "text", "named"),
    [
        (ACTION, "trigger: no-such", "there are post-login"),
        (ACTION, "trigger: [", "line 1: not valid YAML"),
        (ACTION, "trigger: post-login\nnmae: x", "nmae: Extra inputs"),
        (ACTION, "- a list", "file: Input should be"),
        (ACTION, b"trigger: \xff", "save it as UTF-8"),
        (ACTION, "trigger: post-login\nruntime: cobol", "use python3.11"),
        (
            ACTION,
            "trigger: post-login\ndependencies: {"
            + "".join(f"p{n}: 1.0.0, " for n in range(11))
            + "}",
            "limit is 10: name those only that the code loads itself, or raise AUTHSTREAM_QUOTAS",
        ),
        (CODE, None, "put the handler into action.py"),
        (CODE, "def broken(:\n", "line 1"),
        (CODE, "x = 1\0\n", "correct the"),
        (CODE, "#" * 100_001, "move data out"),
        (FLOW, None, "add one"),
        (FLOW, "trigger: no-such", "there are post-login"),
        (FLOW, "trigger: post-login\nactions: [{action: nobody}]", "there are crm"),
        (FLOW, "trigger: post-login\nactions: [{action: crm, timeout: 3}]", "e.g. 500ms, 3s"),
        (FLOW, "trigger: post-login\nactions: [{action: crm, timeout: soon}]", "write e.g. 500ms"),
        (FLOW, "trigger: post-login\nactions: [{action: crm, on_error: x}]", "'fail' or 'skip'"),
        (FLOW, "trigger: post-login\nactions: [{action: crm, when: 'a =='}]", "not valid CEL"),
        (
            FLOW,
            "trigger: post-login\nactions: [" + "{action: crm}, " * 21 + "]",
            "limit is 20: bind fewer, or raise AUTHSTREAM_QUOTAS__FLOW",
        ),
        (SECRETS, None, "add it under crm in .secrets.yaml"),
        (SECRETS, "crm: {OTHER: x}", "add it under crm in .secrets.yaml"),
    ],
)
def test_a_mistake_is_told_with_its_file_and_a_remedy(
    tmp_path: Path, file: str, text: str | bytes | None, named: str
) -> None:
    """Whoever reads the message knows where to look and what to do."""
    with pytest.raises(ConfigurationError) as caught:
        loaded(written(tmp_path, **{file: text}))
    said = str(caught.value)
    place = f"{Path(file).parent}" if file != SECRETS else ACTION
    assert place in said
    assert named in said


@pytest.mark.parametrize(
    "text",
    [
        f"crm: {{TOKEN: *{SECRET}}}",
        f"crm: {{TOKEN: !{SECRET} x}}",
        f"crm: {{TOKEN: '{SECRET}",
        f"crm: {{TOKEN: [{SECRET}]}}",
        f"crm: {SECRET}",
        f"{SECRET}",
        f"crm: {{TOKEN: @{SECRET}}}",
        f'crm: {{TOKEN: "\\q{SECRET}"}}',
    ],
)
def test_no_error_holds_a_secret(tmp_path: Path, text: str) -> None:
    """However the file is broken."""
    with pytest.raises(ConfigurationError) as caught:
        loaded(written(tmp_path, **{SECRETS: text}))
    assert SECRETS in str(caught.value)
    assert SECRET not in str(caught.value)


def test_two_flows_of_one_trigger_are_refused(tmp_path: Path) -> None:
    """Which of them would run?"""
    with pytest.raises(ConfigurationError, match="merge them into one file"):
        loaded(written(tmp_path, **{"flows/again.yaml": GOOD[FLOW]}))


def test_what_is_no_folder_is_refused(tmp_path: Path) -> None:
    """With an example of one."""
    with pytest.raises(ConfigurationError, match=r"not a folder.*deploy/demo"):
        loaded(tmp_path / "nowhere")


def test_a_name_that_cannot_be_a_topic_is_refused(tmp_path: Path) -> None:
    """Names of folders may be longer than names of topics."""
    name = "ä" * 60
    more = {f"actions/{name}/action.yaml": GOOD[ACTION], f"actions/{name}/action.py": GOOD[CODE]}
    more[SECRETS] = f"crm: {{TOKEN: x}}\n{name}: {{TOKEN: x}}\n"
    with pytest.raises(ConfigurationError, match=rf"{name}/action\.yaml.*plain characters"):
        loaded(written(tmp_path, **more))
