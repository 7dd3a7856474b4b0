"""A real Chromium, driven by Playwright: Debian's, as Playwright's own cannot be everywhere."""

from __future__ import annotations

import shutil
from collections.abc import Generator
from contextlib import contextmanager

from playwright.sync_api import Browser, sync_playwright

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
