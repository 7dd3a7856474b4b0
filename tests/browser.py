"""A real Chromium, driven by Playwright: Debian's, as Playwright's own cannot be everywhere."""

from __future__ import annotations

import shutil
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]  # it is
from playwright.sync_api import Browser, Page, sync_playwright

_NAMES = ("chromium", "chromium-browser", "google-chrome")


def program() -> str | None:
    """Where the browser is, None where there is none."""
    return next((found for name in _NAMES if (found := shutil.which(name))), None)


def missing() -> list[str]:
    """What is to be installed."""
    return [] if program() else ["Chromium (Debian: chromium)"]


@contextmanager
def running_browser() -> Generator[Browser]:
    """One browser, without a window."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=program(),
            # As root it does not start otherwise; it sees only pages of ours.
            args=["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"],
        )
        try:
            yield browser
        finally:
            browser.close()


def serious(page: Page) -> list[str]:
    """What keeps somebody from using a page, as axe finds it."""
    found: Any = Axe().run(page, options={"resultTypes": ["violations"]})
    return [
        f"{one['id']}: {one['nodes'][0]['html']} {one['nodes'][0].get('failureSummary', '')}"
        for one in found.response["violations"]
        if one["impact"] in ("serious", "critical")
    ]
