"""What the console shows while somebody edits: figures, marks, completions, two sides of a diff."""

from __future__ import annotations

import difflib

import pytest

from authstream.console.action_draft import ActionDraft
from authstream.console.completion import by_parent
from authstream.console.diff_view import Side, side_by_side
from authstream.console.node_figures import facts, share
from authstream.console.problem_marks import decorations
from tests.unit.test_console_previews import action


def test_figures_are_said_in_words() -> None:
    """A colour says nothing that the text does not."""
    found = {"count": 12_345, "errors": 0, "denials": 25, "p50_ms": 3.2, "p99_ms": 1500.0}
    assert list(facts(found, "runs")) == [
        ("", "12\u202f345 runs"),
        ("", "p50 3.2 ms"),
        ("", "p99 1.5 s"),
        ("", "0% errors"),
        ("warn", "0.2% denied"),
    ]
    assert [text for _, text in facts(None, "runs")] == ["no runs in the last hour"]


@pytest.mark.parametrize(
    ("part", "said"),
    [(0, "0%"), (1, "<0.1%"), (30, "0.3%"), (100, "1%"), (9_999, "100%"), (10_000, "100%")],
)
def test_a_share_is_short(part: int, said: str) -> None:
    """And never rounds something to nothing."""
    assert share(part, 10_000) == said


def test_marks_are_where_the_problem_is() -> None:
    """In characters of the whole text, also after an emoji; the words follow the line."""
    code = "// 😀\napi.deny()\n"
    wrong = {"kind": "method", "line": 2, "column": 0, "length": 8, "text": "no api.deny"}
    mark, words = decorations(code, [wrong])
    assert code[mark["from"] : mark["to"]] == "api.deny"
    assert (words["line"], words["attributes"]) == (2, {"data-problem": "no api.deny"})


def test_a_mark_fits_the_text() -> None:
    """One at the end of an empty line has words only; one below the text has nothing."""
    wrong = {"kind": "syntax", "column": 5, "length": 9, "text": "end"}
    assert [one["kind"] for one in decorations("a\n", [wrong | {"line": 2}])] == ["line"]
    assert list(decorations("a\n", [wrong | {"line": 9}])) == []


def test_completions_are_grouped_by_what_is_before_the_dot() -> None:
    """What is on the way is offered too."""
    method = {"path": "api.idToken.setCustomClaim", "kind": "method", "detail": "(key, value)"}
    found = by_parent([method | {"about": "Adds a claim."}])
    assert found["api"] == [{"label": "idToken", "type": "namespace"}]
    assert found["api.idToken"][0]["label"] == "setCustomClaim"
    assert found["api.idToken"][0]["info"] == "Adds a claim."


def test_two_texts_stand_side_by_side() -> None:
    """What went and what came share a row; parts far from each other have a gap between them."""
    old = [f"line {number}" for number in range(1, 31)]
    new = [*old[:1], "second", "more", *old[2:27], *old[28:]]
    diff = "\n".join(difflib.unified_diff(old, new, "v1", "draft", lineterm=""))
    rows = list(side_by_side(diff))
    assert (Side(2, "line 2", differs=True), Side(2, "second", differs=True)) in rows
    assert (None, Side(3, "more", differs=True)) in rows
    assert (Side(28, "line 28", differs=True), None) in rows
    assert rows.count((None, None)) == 1
    assert (Side(1, "line 1"), Side(1, "line 1")) in rows
    assert list(side_by_side("")) == []


def test_a_draft_knows_whether_its_packages_are_locked() -> None:
    """Until they are changed, and once they are locked again."""
    draft = ActionDraft.of(action(), 3)
    said = [draft.packages]
    draft.dependencies += "\nuuid: 11.1.0"
    said.append(draft.packages)
    draft.locked("{}")
    said.append(draft.packages)
    draft.dependencies = ""
    assert [*said, draft.packages] == ["Locked.", "Changed since they were locked.", "Locked.", ""]
    assert ActionDraft.of(action(lock=None), 3).packages == "Not locked yet."


def test_a_drafts_own_members_complete_too() -> None:
    """Its secrets, and what its configuration has."""
    paths = [one["path"] for one in ActionDraft.of(action(), 3).own_members]
    assert paths == ["event.secrets.KEY", "event.configuration.tier"]
