"""Providers from npm are fetched before the tests, whose time-outs are for tests."""

from __future__ import annotations

import os

import pytest

from tests import npm_packages

_LEFT_OUT = pytest.StashKey[str]()


@pytest.hookimpl(trylast=True)  # after -k and -m have chosen
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out tests of npm's providers where there is no npm; where CI is set, fail."""
    wanted = [item for item in items if item.get_closest_marker("npm")]
    if not wanted or not (lacking := npm_packages.missing()):
        return
    notice = f"{len(wanted)} tests need providers from npm. Install {' and '.join(lacking)}."
    if os.environ.get("CI"):
        raise pytest.UsageError(notice)
    config.stash[_LEFT_OUT] = notice
    config.hook.pytest_deselected(items=wanted)
    items[:] = [item for item in items if item not in wanted]


def pytest_collection_finish(session: pytest.Session) -> None:
    """Install them the first time."""
    wanted = any(item.get_closest_marker("npm") for item in session.items)
    if not wanted or session.config.option.collectonly:
        return
    try:
        npm_packages.installed()
    except RuntimeError as error:
        raise pytest.UsageError(f"Providers cannot be fetched from npm: {error}") from error


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """Say what was left out, where nobody can miss it."""
    if notice := config.stash.get(_LEFT_OUT, None):
        terminalreporter.section("PROVIDERS FROM NPM LEFT OUT", sep="!", red=True, bold=True)
        terminalreporter.line(notice, red=True, bold=True)
