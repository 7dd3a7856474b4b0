"""What an action may ask for in `limits:`, and what it is told when it asks for something else."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from authstream.apps.stages import most, triggers
from authstream.cli.folders import action_topics
from authstream.contracts.topics import Topics
from authstream.control.folder import Folder, load
from authstream.engine.guest_limits import DEFAULT, MIB, MOST, GuestLimits
from authstream.errors import ConfigurationError
from authstream.settings import Settings


def loaded(root: Path, limits: str, *, code: str = "action.py") -> Folder:
    """A folder with one action of these limits."""
    action = root / "actions" / "crm"
    action.mkdir(parents=True)
    (action / code).write_text("def on_execute_post_login(): pass" if code[-1] == "y" else "")
    (action / "action.yaml").write_text(f"trigger: post-login\nlimits: {limits}\n")
    (root / "flows").mkdir()
    (root / "flows" / "f.yaml").write_text("trigger: post-login\nactions: [{action: crm}]\n")
    return load(root, triggers=triggers(), topics=Topics(), most=most(Settings()))


def test_an_action_without_limits_has_the_default(tmp_path: Path) -> None:
    """Each of them."""
    assert loaded(tmp_path, "{}").actions["crm"].limits == GuestLimits()


def test_limits_are_sizes_and_numbers(tmp_path: Path) -> None:
    """In the units that people write."""
    limits = loaded(
        tmp_path,
        "{memory: 128MiB, threads: 100, descriptors: 64, temporary: 1MB, output: 10kB, log: 500}",
    )
    assert limits.actions["crm"].limits == GuestLimits(128 * MIB, 100, 64, 10**6, 10_000, 500)


@pytest.mark.parametrize(
    ("limits", "problem"),
    [
        ("{memory: 2GiB}", r"limits.memory: 2048 MiB is more than the 512 MiB .*LIMITS__MEMORY"),
        ("{memory: 1MiB}", r"limits.memory: 1 MiB is less than the 32 MiB that python needs"),
        ("{memory: lots}", r"limits.memory: not a size: write for example 64MiB"),
        ("{threads: 5000}", r"limits.threads: 5000 is more than the 256 .*LIMITS__THREADS"),
        ("{output: 1MiB}", r"limits.output: 1 MiB is more than the 256 KiB .* ask for less$"),
        ("{log: 100000}", r"limits.log: 100000 is more than the 4096"),
        ("{swap: 1GiB}", r"limits.swap: Extra inputs"),
    ],
)
def test_bad_limits_are_refused_with_a_remedy(tmp_path: Path, limits: str, problem: str) -> None:
    """When the folder is loaded, naming the file."""
    with pytest.raises(ConfigurationError, match=rf"action\.yaml: {problem}"):
        loaded(tmp_path, limits)


def test_javascript_needs_more(tmp_path: Path) -> None:
    """The same number may be enough for one language only."""
    with pytest.raises(ConfigurationError, match="less than the 64 MiB that javascript needs"):
        loaded(tmp_path, "{memory: 32MiB}", code="action.js")


def test_the_operator_sets_the_most(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also below the default, which then has to be asked for less."""
    assert most(Settings()) == MOST
    monkeypatch.setenv("AUTHSTREAM_LIMITS__MEMORY", "100MiB")
    assert most(Settings()) == replace(MOST, memory=100 * MIB)
    with pytest.raises(ConfigurationError, match="256 MiB is more than the 100 MiB"):
        loaded(tmp_path, "{}")
    assert DEFAULT.memory == 256 * MIB


def test_what_the_operator_allows_holds_in_every_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A folder that a worker takes is not refused by the command that makes its topics."""
    monkeypatch.setenv("AUTHSTREAM_LIMITS__MEMORY", "1GiB")
    loaded(tmp_path, "{memory: 1GiB}")
    assert len(action_topics(tmp_path, Settings())) == 1
