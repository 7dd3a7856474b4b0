"""The type files for authors: they hold every method, and a type checker understands them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from authstream.apps.stages import triggers
from authstream.contracts import typings
from authstream.contracts.api import METHODS, python_path

EVENTS = {name: trigger.event for name, trigger in triggers().items()}
RIGHT = """
from actions import PostLoginApi, PostLoginEvent

async def on_execute_post_login(event: PostLoginEvent, api: PostLoginApi) -> None:
    api.id_token.set_custom_claim("roles", ["admin"]).access_token.set_custom_claim("a", 1)
    api.user.set_app_metadata({"seen": True})
    api.user.set_app_metadata("seen", True)
    api.effects.send("email", {"to": event.user.email}, on="denied", key="once")
    record = api.cache.get("k")
    print(record.value if record else event.secrets.TOKEN)
    api.multifactor.enable("any", allow_remember_browser=False).session.set_metadata("k", None)
    api.redirect.send_user_to(api.redirect.encode_token(payload={}, secret="s"))
    page = await api.roles.get_user_effective_roles(take=1, from_=event.user.user_id)
    print(page.next, event.transaction.requested_scopes, event.anything_else)
"""


def test_every_method_of_the_table_is_in_both_files() -> None:
    """What is declared once shows in every editor."""
    javascript, python = typings.typescript(EVENTS), typings.python(EVENTS)
    for method in METHODS:
        name = method.path.partition(".")[2]
        assert f" {name}(" in javascript
        assert f"def {python_path(name)}(self" in python


def test_the_d_ts_has_the_types_of_the_table() -> None:
    """Types, optional parameters, choices, the object form, and chaining."""
    text = typings.typescript(EVENTS)
    assert "setAppMetadata(values: { [key: string]: any }): PostLoginApi;" in text
    assert 'options?: { on?: "allowed" | "denied" | "always" | "suspended"; key?: string' in text
    assert "get(key: any): CacheRecord | undefined;" in text
    assert "deny(reason: string): PostLoginApi;" in text
    assert text.count("{") == text.count("}")


def _checked(folder: Path, code: str) -> str:
    (folder / "actions.pyi").write_text(typings.python(EVENTS))
    (folder / "action.py").write_text(code)
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--no-incremental", "action.py"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout


def test_a_type_checker_takes_right_code_and_the_stubs_themselves(tmp_path: Path) -> None:
    """Chains, keywords, the object form, attributes of the event."""
    assert "Success" in _checked(tmp_path, RIGHT)


@pytest.mark.parametrize(
    ("right", "wrong", "message"),
    [
        ('"roles", ["admin"]', '7, ["admin"]', "incompatible type"),
        ('on="denied"', 'on="later"', "incompatible type"),
        ("api.cache.get", "api.cache.fetch", "has no attribute"),
        ('set_metadata("k", None)', 'set_metadata("k", 7)', "incompatible type"),
        ("take=1", "take='1'", "incompatible type"),
    ],
)
def test_a_type_checker_finds_mistakes(
    tmp_path: Path, right: str, wrong: str, message: str
) -> None:
    """A wrong type, a choice that is none, a method that is not there."""
    assert message in _checked(tmp_path, RIGHT.replace(right, wrong))
