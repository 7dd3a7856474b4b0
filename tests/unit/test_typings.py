"""The type files for authors: they hold every method, and a type checker understands them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from authstream.contracts import typings
from authstream.contracts.api import METHODS, python_path

RIGHT = """
from actions import Event, PostLoginApi

async def on_execute_post_login(event: Event, api: PostLoginApi) -> None:
    api.id_token.set_custom_claim("roles", ["admin"]).access_token.set_custom_claim("a", 1)
    api.user.set_app_metadata({"seen": True})
    api.user.set_app_metadata("seen", True)
    api.effects.send("email", {"to": event.user.email}, on="denied", key="once")
    record = api.cache.get("k")
    print(record.value if record else event.secrets.TOKEN)
"""


def test_every_method_of_the_table_is_in_both_files() -> None:
    """What is declared once shows in every editor."""
    javascript, python = typings.typescript(), typings.python()
    for method in METHODS:
        name = method.path.partition(".")[2]
        assert f" {name}(" in javascript
        assert f"def {python_path(name)}(self" in python


def test_the_d_ts_has_the_types_of_the_table() -> None:
    """Types, optional parameters, choices, the object form, and chaining."""
    text = typings.typescript()
    assert "setAppMetadata(values: { [key: string]: any }): PostLoginApi;" in text
    assert 'options?: { on?: "allowed" | "denied" | "always" | "suspended"; key?: string' in text
    assert "get(key: any): CacheRecord | undefined;" in text
    assert "deny(reason: string): PostLoginApi;" in text
    assert text.count("{") == text.count("}")


def _checked(folder: Path, code: str) -> str:
    (folder / "actions.pyi").write_text(typings.python())
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
    ],
)
def test_a_type_checker_finds_mistakes(
    tmp_path: Path, right: str, wrong: str, message: str
) -> None:
    """A wrong type, a choice that is none, a method that is not there."""
    assert message in _checked(tmp_path, RIGHT.replace(right, wrong))
