"""Which level a worker takes, and when it rather does not start."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from authstream.apps.doctor import NOT_CONFINED, sandbox_line
from authstream.apps.stages import chosen
from authstream.errors import ConfigurationError
from authstream.sandbox import launch, levels, probe
from authstream.sandbox.levels import choose
from authstream.settings import Settings

WORKS: tuple[str, ...] = ()


@pytest.fixture
def host(monkeypatch: pytest.MonkeyPatch) -> dict[str, tuple[str, ...]]:
    """What each level does not protect on a made-up host."""
    failures: dict[str, tuple[str, ...]] = {"namespaces": WORKS, "landlock": WORKS}

    def failures_of(level: str, said: Mapping[str, tuple[str, ...]] = failures) -> tuple[str, ...]:
        return said[level]

    monkeypatch.setattr(levels, "failures_of", failures_of)
    return failures


def test_auto_takes_the_strongest_that_works(host: dict[str, tuple[str, ...]]) -> None:
    """Namespaces, else Landlock."""
    assert choose() == "namespaces"
    host["namespaces"] = ("unshare: Operation not permitted",)
    assert choose() == "landlock"


def test_auto_never_takes_none(host: dict[str, tuple[str, ...]]) -> None:
    """It names what is missing at each level."""
    host["namespaces"] = ("unshare: Operation not permitted",)
    host["landlock"] = ("this kernel has no Landlock",)
    with pytest.raises(ConfigurationError) as refused:
        choose(unsafe=True)
    for part in ("unshare: Operation not permitted", "this kernel has no Landlock"):
        assert part in str(refused.value)


def test_what_is_missing_comes_with_a_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    """Other words for what cannot be set up than for what does not hold."""
    found = [probe.Findings({}, "not confined: unshare: Operation not permitted")]
    found += [probe.Findings({"fork": "open"})]

    def attack(_: str) -> probe.Findings:
        return found.pop(0)

    monkeypatch.setattr(levels, "attack", attack)
    failures_of = levels.failures_of.__wrapped__
    assert "sysctl user.max_user_namespaces" in failures_of("namespaces")[0]
    assert failures_of("namespaces")[0].startswith("fork (open): this attack succeeded")


def test_a_pinned_level_is_never_gone_below(host: dict[str, tuple[str, ...]]) -> None:
    """Neither what is wanted nor what is accepted at least."""
    host["namespaces"] = ("unshare: Operation not permitted",)
    with pytest.raises(ConfigurationError, match="not permitted"):
        choose("namespaces")
    with pytest.raises(ConfigurationError, match="below AUTHSTREAM_SANDBOX_MIN_LEVEL=namespaces"):
        choose(minimum="namespaces")
    assert choose(minimum="landlock") == "landlock"


def test_none_takes_two_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    """One to ask for it and one to say that it is unsafe; then there is a banner."""
    monkeypatch.setenv("AUTHSTREAM_SANDBOX", "none")
    with pytest.raises(ConfigurationError, match="AUTHSTREAM_ENABLE_UNSAFE_CODE=1"):
        chosen(Settings())
    monkeypatch.setenv("AUTHSTREAM_ENABLE_UNSAFE_CODE", "1")
    assert chosen(Settings()) == "none"
    assert sandbox_line("none") == NOT_CONFINED
    monkeypatch.setenv("AUTHSTREAM_SANDBOX_MIN_LEVEL", "landlock")
    with pytest.raises(ConfigurationError, match="below"):
        chosen(Settings())


def test_a_hole_in_the_policy_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """The self-test attacks with the policy that is used, not with a good one."""
    level = choose()
    monkeypatch.setattr(launch, "SYSTEM", (*launch.SYSTEM, "/etc"))
    failures = probe.attack(level, attacks=("read /etc/passwd", "fork")).failures(level)
    assert failures == ["read /etc/passwd (open)"]


def test_an_interpreter_that_ends_early_is_no_success(monkeypatch: pytest.MonkeyPatch) -> None:
    """An attack without an answer counts as one that got through."""
    level = choose()
    monkeypatch.setattr(probe, "PROBE", probe.PROBE.with_name("absent.py"))
    (failure,) = probe.attack(level).failures(level)
    assert "attacks early" in failure
