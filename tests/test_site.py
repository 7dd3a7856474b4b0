"""The documentation as a site: it is built without a warning, and needs no other site."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs"
#: What a browser would fetch by itself.
FETCHED = re.compile(r"<(?:script|img|link)\b[^>]*(?:src|href)=\"?(?:https?:)?//[^\s>]*")
#: Text that a person was meant to read as code, and that did not become it.
UNRENDERED = re.compile(r"<p>(?:```|\| )|<(?:action|delay|kind|name|trigger)>")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site, built strictly: a dead link, a dead anchor, a page that no menu leads to fails."""
    folder = tmp_path_factory.mktemp("site")
    done = subprocess.run(
        (sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", f"{folder}"),
        cwd=ROOT,
        env={**os.environ, "NO_MKDOCS_2_WARNING": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return folder


def test_every_page_is_on_the_site(site: Path) -> None:
    """Also those that are outside the folder of documentation."""
    expected = {path.relative_to(DOCS).with_suffix("") for path in DOCS.rglob("*.md")}
    expected |= {Path("repository", name) for name in ("CHANGELOG", "CONTRIBUTING", "SECURITY")}
    built = {path.parent.relative_to(site) for path in site.rglob("index.html")}
    assert {one for one in expected if one.name != "index"} - built == set()


def test_every_page_is_readable(site: Path) -> None:
    """Code blocks and tables are what they were written as, and nothing is fetched from afar."""
    pages = {f"{path.relative_to(site)}": path.read_text() for path in site.rglob("*.html")}
    assert {name: UNRENDERED.findall(text) for name, text in pages.items()} == {
        name: [] for name in pages
    }
    assert {found for text in pages.values() for found in FETCHED.findall(text)} == set()


def test_the_menu_is_the_index(site: Path) -> None:
    """A page that is in the index is in the menu, under its section and its words."""
    home = (site / "index.html").read_text()
    menu = home[: home.index("<article")]
    for words in ("How to", "Operate in production", "Reference", "Decisions", "Write actions"):
        assert re.search(rf">\s*{words}\s*<", menu), words


def test_examples_come_along(site: Path) -> None:
    """A link to a file of the repository leads to that file."""
    linked = "deploy/demo/actions/claims/action.py"
    assert (site / "repository" / linked).read_bytes() == (ROOT / linked).read_bytes()
