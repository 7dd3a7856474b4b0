"""Errors a user can cause: one line with a remedy, a documented exit status, never a traceback."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.acceptance.command_line import environment, run

_DEMO = "deploy/demo"
_EVENT = f"{_DEMO}/events/first-login.json"
_NOWHERE = {"AUTHSTREAM_BROKERS": "127.0.0.1:1"}

CASES = [
    pytest.param(["nope"], 2, "No such command", id="unknown command"),
    pytest.param(["send", "absent.json"], 78, "absent.json cannot be read", id="absent event"),
    pytest.param(["send", f"{_DEMO}/logins.yaml"], 65, "is not JSON", id="event is not JSON"),
    pytest.param(
        ["send", f"{_DEMO}/events/invalid.json"], 65, "user: Field required", id="invalid event"
    ),
    pytest.param(
        ["send", _EVENT, "--trigger", "pre-login"],
        78,
        "no trigger 'pre-login'; there are credentials-exchange",
        id="unknown trigger",
    ),
    pytest.param(["send", _EVENT], 69, "set AUTHSTREAM_BROKERS", id="no broker to send to"),
    pytest.param(
        ["test", "tests", "--event", _EVENT],
        78,
        "no flow in flows/*.yaml",
        id="folder without flows",
    ),
    pytest.param(["test", "absent", "--event", _EVENT], 78, "is not a folder", id="absent folder"),
    pytest.param(["worker", "--folder", _DEMO], 78, "no value for secret", id="missing secret"),
    pytest.param(["actions", "list"], 69, "no offsets of auth.control.v1", id="no control log"),
    pytest.param(
        ["topics", "check"], 69, "no Kafka broker answers at 127.0.0.1:1", id="no broker to check"
    ),
    pytest.param(["tail", "x"], 69, "set AUTHSTREAM_BROKERS", id="no broker to tail"),
    pytest.param(["dead-letters", "show", "x"], 78, "PARTITION/OFFSET", id="no place"),
]


@pytest.mark.parametrize(("arguments", "status", "said"), CASES)
def test_an_error_is_one_line_with_a_remedy(arguments: list[str], status: int, said: str) -> None:
    """The command ends with its documented status and says what to do."""
    done = run(*arguments, env=environment(**_NOWHERE))
    assert (done.status, said in done.err) == (status, True), done.err
    assert "Traceback" not in done.err + done.out


def test_a_wrong_setting_names_its_variable() -> None:
    """A setting that cannot be read is named as the variable the user wrote."""
    done = run("topics", "check", env=environment(AUTHSTREAM_PARTITIONS="many"))
    assert done.status == 78
    assert "AUTHSTREAM_PARTITIONS" in done.err
    assert "Traceback" not in done.err


def test_debug_shows_where_an_error_comes_from() -> None:
    """With --debug the traceback is there for whoever asks for it."""
    assert "Traceback" in run("--debug", "send", "absent.json").err


@pytest.mark.parametrize(
    ("file", "content", "said"),
    [
        (
            "flows/post-login.yaml",
            "trigger: post-login\nactions: [{action: absent}]\n",
            "no action 'absent'",
        ),
        ("flows/post-login.yaml", "trigger: [\n", "not valid YAML"),
        (
            "flows/post-login.yaml",
            "trigger: post-login\nactions: [{action: one, timeout: soon}]\n",
            "timeout",
        ),
        (
            "flows/post-login.yaml",
            "trigger: post-login\nactions: [{action: one, when: '1 +'}]\n",
            "not valid CEL",
        ),
        ("actions/one/action.py", "def on_execute_post_login(:\n", "line 1"),
        ("actions/one/action.yaml", "trigger: post-login\nruntime: node20\n", "runtime node20"),
        ("actions/one/action.yaml", "trigger: post-login\nsecret: [A]\n", "secret"),
    ],
)
def test_a_wrong_folder_names_the_file(tmp_path: Path, file: str, content: str, said: str) -> None:
    """A mistake in a folder is reported with its file and what is wrong in it."""
    good = {
        "flows/post-login.yaml": "trigger: post-login\nactions: [{action: one}]\n",
        "actions/one/action.yaml": "trigger: post-login\n",
        "actions/one/action.py": "def on_execute_post_login(event, api):\n    pass\n",
    }
    for name, text in {**good, file: content}.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    done = run("test", str(tmp_path), "--event", _EVENT)
    assert done.status == 78
    assert said in done.err, done.err
    assert file.rsplit("/", maxsplit=1)[-1] in done.err
    assert "Traceback" not in done.err
