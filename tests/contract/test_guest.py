"""What an action sees in its guest: its event, its secrets, its folder, and none of ours."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from authstream.sandbox.levels import choose
from tests.guests import NewGuest, descriptors, in_both_languages, invocation, proc, texts


async def test_a_guest_is_confined_unless_it_is_told_otherwise(new_guest: NewGuest) -> None:
    """At the strongest level that passes its own attacks here."""
    guest = new_guest("def on_execute_post_login(): open('/etc/hostname').read()")
    assert guest.level == choose() != "none"
    assert (await guest.run(invocation())).status == "error"


EMPTY = {
    "python": "async def on_execute_post_login(event, api): pass",
    "javascript": "exports.onExecutePostLogin = async (event, api) => {};",
}


@in_both_languages
async def test_a_guest_starts_at_its_first_event(new_guest: NewGuest, language: str) -> None:
    """Until then there is no process; then one serves all events."""
    guest = new_guest(EMPTY, language=language)
    assert guest.pid is None
    assert (await guest.run(invocation())).status == "ok"
    first = guest.pid
    assert (await guest.run(invocation())).status == "ok"
    assert guest.pid == first is not None


@in_both_languages
async def test_ready_names_what_the_action_has(new_guest: NewGuest, language: str) -> None:
    """Handlers come in Auth0's spelling; what is no handler is not listed."""
    guest = new_guest(
        {
            "python": """
                def on_execute_post_login(event): pass
                async def on_continue_post_login(event, api): pass
                on_execute_something = 3
                def helper(): pass
                """,
            "javascript": """
                exports.onExecutePostLogin = async (event) => {};
                exports.onContinuePostLogin = async function (event, api) {};
                exports.something = 3;
                exports.helper = () => {};
                """,
        },
        language=language,
    )
    ready = await guest.start()
    assert ready.handlers == ("onExecutePostLogin", "onContinuePostLogin")
    assert ready.runtime.startswith({"python": "python 3.", "javascript": "node 2"}[language])
    assert ready.load_ms >= 0


@pytest.mark.parametrize("word", ["def", "async def"])
@pytest.mark.parametrize(
    ("arguments", "body"),
    [
        ("event, api", "api.access.deny(event.user.email)"),
        ("event", "print(event.user.email)"),
        ("api", "api.access.deny('no')"),
        ("", "print('nothing')"),
    ],
)
async def test_both_shapes_take_either_argument_or_none(
    new_guest: NewGuest, word: str, arguments: str, body: str
) -> None:
    """`def` and `async def`, with event, api, both or neither, as Auth0 allows."""
    guest = new_guest(f"{word} on_execute_post_login({arguments}): {body}")
    outcome = await guest.run(invocation())
    assert (outcome.status, outcome.error) == ("ok", None)
    assert len(outcome.commands) + len(outcome.console) == 1


@in_both_languages
async def test_top_level_code_runs_once_per_guest(new_guest: NewGuest, language: str) -> None:
    """A module's global survives from event to event."""
    guest = new_guest(
        {
            "python": """
                count = 0
                async def on_execute_post_login(event, api):
                    global count
                    count += 1
                    print(count)
                """,
            "javascript": """
                let count = 0;
                exports.onExecutePostLogin = async () => console.log(++count);
                """,
        },
        language=language,
    )
    assert [texts(await guest.run(invocation())) for _ in range(3)] == [["1"], ["2"], ["3"]]


async def test_the_event_is_read_by_attribute_and_by_item(new_guest: NewGuest) -> None:
    """Both ways reach the same members; a missing one is an error that names its neighbours."""
    guest = new_guest(
        """
        async def on_execute_post_login(event, api):
            assert event.user.email == event["user"]["email"] == "ada@example.com"
            assert event.get("organization") is None
            try:
                event.user.emial
            except AttributeError as error:
                print(error)
            event.user.emial
        """
    )
    outcome = await guest.run(invocation())
    assert "'emial'" in texts(outcome)[0]
    assert "email" in texts(outcome)[0]
    assert outcome.status == "error"
    assert outcome.error is not None
    assert "AttributeError" in outcome.error


@in_both_languages
async def test_mutations_of_the_event_stay_in_their_run(new_guest: NewGuest, language: str) -> None:
    """Members, secrets and configuration are a copy per run."""
    guest = new_guest(
        {
            "python": """
                async def on_execute_post_login(event, api):
                    print(event.user.email, event.secrets.TOKEN, event.configuration.tier.name)
                    event.user.email = "changed"
                    event.secrets.TOKEN = "changed"
                    event.configuration.tier.name = "changed"
                """,
            "javascript": """
                exports.onExecutePostLogin = async (event, api) => {
                  console.log(event.user.email, event.secrets.TOKEN, event.configuration.tier.name);
                  event.user.email = "changed";
                  event.secrets.TOKEN = "changed";
                  event.configuration.tier.name = "changed";
                };
                """,
        },
        language=language,
    )
    first, second = await guest.run(invocation()), await guest.run(invocation())
    assert texts(first) == texts(second) == ["ada@example.com t0p-secret-value gold"]


@in_both_languages
async def test_commands_of_earlier_actions_show_in_the_event(
    new_guest: NewGuest, language: str
) -> None:
    """Operations set and unset top-level keys, and make the objects that are not there."""
    guest = new_guest(
        {
            "python": """
                import json
                async def on_execute_post_login(event, api):
                    print(json.dumps([event.user.app_metadata, event.transaction.metadata.seen]))
                """,
            "javascript": """
                exports.onExecutePostLogin = async ({ user, transaction }) =>
                  console.log(JSON.stringify([user.app_metadata, transaction.metadata.seen]));
                """,
        },
        language=language,
    )
    operations = (
        ("set", "user.app_metadata", "new", {"a": 1}),
        ("unset", "user.app_metadata", "old"),
        ("set", "transaction.metadata", "seen", True),
        ("unset", "user.user_metadata", "never"),
    )
    outcome = await guest.run(invocation(operations=operations))
    assert json.loads(texts(outcome)[0]) == [{"new": {"a": 1}}, True]


@in_both_languages
async def test_secrets_come_by_init_and_nowhere_else(
    new_guest: NewGuest, language: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither its own secrets nor the worker's environment are in the guest's environment."""
    monkeypatch.setenv("WORKER_PASSWORD", "hunter2")
    guest = new_guest(
        {
            "python": "async def on_execute_post_login(event): print(event.secrets.TOKEN)",
            "javascript": "exports.onExecutePostLogin = async (e) => console.log(e.secrets.TOKEN)",
        },
        language=language,
    )
    outcome = await guest.run(invocation({"secrets": {"TOKEN": "forged"}}))
    assert texts(outcome) == ["t0p-secret-value"]
    environ = proc(guest.pid, "environ")
    cmdline = proc(guest.pid, "cmdline")
    assert {entry.partition(b"=")[0] for entry in environ.split(b"\0") if entry} == {
        b"PATH",
        b"LANG",
        b"TZ",
        b"RES_OPTIONS",
    }
    assert b"t0p" not in environ + cmdline


@in_both_languages
async def test_a_guest_holds_no_descriptor_of_the_worker(
    new_guest: NewGuest, language: str, tmp_path: Path
) -> None:
    """Even inheritable descriptors are closed."""
    path = tmp_path / "private"
    path.touch()
    descriptor = os.open(path, os.O_RDONLY)
    os.set_inheritable(descriptor, True)
    try:
        guest = new_guest(EMPTY, language=language)
        await guest.run(invocation())
        links = descriptors(guest.pid)
    finally:
        os.close(descriptor)
    assert str(path) not in links


async def test_an_action_sees_its_folder_and_dependencies_and_none_of_ours(
    new_guest: NewGuest, tmp_path: Path
) -> None:
    """The module path is the action's folder, its dependencies, and the standard library."""
    (tmp_path / "helper.py").write_text("NAME = 'helper'")
    (tmp_path / "packages").mkdir()
    (tmp_path / "packages" / "vendored.py").write_text("NAME = 'vendored'")
    guest = new_guest(
        """
        import importlib.util, os, helper, vendored
        async def on_execute_post_login(event):
            found = [n for n in ("authstream", "orjson", "pytest") if importlib.util.find_spec(n)]
            print(helper.NAME, vendored.NAME, found, os.getcwd())
        """,
        dependencies=tmp_path / "packages",
    )
    assert texts(await guest.run(invocation())) == [f"helper vendored [] {tmp_path}"]
