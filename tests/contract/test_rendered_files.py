"""What is rendered from the code is what the repository holds."""

from __future__ import annotations

from pathlib import Path

import pytest

from authstream.apps import reference
from authstream.contracts import render
from authstream.contracts.golden import CHECK, REMEDY, Golden, checkout
from authstream.contracts.golden import render as render_golden

SAMPLE = Golden({"pages/a.md": "one\ntwo\n"}, owned=("pages/*",))


def test_schemas_topics_and_their_pages_are_fresh() -> None:
    """`make contracts` would change nothing in what the contracts say."""
    assert render.golden().stale(checkout()) == {}


@pytest.mark.filterwarnings("ignore")  # every module is imported, some libraries warn
def test_reference_pages_are_fresh() -> None:
    """`make contracts` would change nothing in the pages of triggers, settings and errors."""
    assert reference.golden().stale(checkout()) == {}


def test_writing_removes_what_no_longer_belongs(tmp_path: Path) -> None:
    """A file that the code no longer says goes, others stay."""
    (tmp_path / "pages").mkdir()
    (tmp_path / "pages" / "old.md").write_text("gone")
    (tmp_path / "kept.md").write_text("not ours")
    assert render_golden(SAMPLE, tmp_path, []) == 0
    assert sorted(file.name for file in tmp_path.rglob("*.md")) == ["a.md", "kept.md"]
    assert render_golden(SAMPLE, tmp_path, [CHECK]) == 0


def test_a_check_names_each_stale_file_and_the_remedy(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit status 1, the lines that differ, and what to run."""
    (tmp_path / "pages").mkdir()
    (tmp_path / "pages" / "a.md").write_text("one\nthree\n")
    (tmp_path / "pages" / "old.md").write_text("gone")
    assert render_golden(SAMPLE, tmp_path, [CHECK]) == 1
    said = capsys.readouterr().err
    assert all(part in said for part in ("pages/a.md", "-three", "+two", "pages/old.md", REMEDY))


def test_a_check_names_a_missing_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A file never rendered is stale too."""
    assert render_golden(SAMPLE, tmp_path, [CHECK]) == 1
    assert "pages/a.md is missing" in capsys.readouterr().err
