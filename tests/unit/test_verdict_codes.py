"""Every code of a verdict is one that the reference explains."""

from __future__ import annotations

import ast
from pathlib import Path

import authstream
from authstream.apps.reference import errors_page, triggers_page
from authstream.apps.stages import triggers
from authstream.contracts import codes
from authstream.contracts.api import methods

_PACKAGE = Path(authstream.__file__).parent
#: What makes a verdict's code, and where it stands among the arguments.
_MAKERS = {"Failure": 0, "Denial": 1}


def _said(call: ast.Call, position: int) -> ast.expr | None:
    named = [one.value for one in call.keywords if one.arg == "code"]
    return named[0] if named else call.args[position] if len(call.args) > position else None


def test_no_code_is_written_in_place() -> None:
    """It is a constant of `contracts/codes.py`, the code of an error, or the action's own."""
    literal = [
        f"{file.relative_to(_PACKAGE)}:{call.lineno}"
        for file in _PACKAGE.rglob("*.py")
        for call in ast.walk(ast.parse(file.read_text()))
        if isinstance(call, ast.Call)
        and isinstance(call.func, ast.Name)
        and call.func.id in _MAKERS
        and isinstance(_said(call, _MAKERS[call.func.id]), ast.Constant | ast.JoinedStr)
    ]
    assert literal == []


def test_every_constant_has_a_meaning() -> None:
    """And the page says what it is."""
    members = vars(codes).items()
    constants = {value for name, value in members if name.isupper() and isinstance(value, str)}
    assert constants == set(codes.MEANINGS)
    page = errors_page()
    for code, meaning in codes.MEANINGS.items():
        assert f"| `{code}` | {meaning.outcome} | {meaning.about} |" in page


def test_the_page_of_triggers_has_every_limit_of_its_methods() -> None:
    """Quotas, totals and sizes of what is visible; and those of the parts of a verdict."""
    page = triggers_page()
    sections = {part.partition("\n")[0]: part for part in page.split("\n## ")}
    for name, trigger in triggers().items():
        section = sections[name]
        assert "| all actions of a leg together |" in section
        for path, method in methods(name).items():
            numbers = [method.quota and method.quota.at_most, method.total and True]
            if method.effect is not None:
                numbers += [method.effect.max_entries, method.effect.max_total_bytes]
            if any(numbers):
                assert f"`{path}`" in section.partition("| limit |")[2].partition("| member |")[0]
        for part in trigger.parts:
            for limit, most in part.limits.items():
                assert f"| {limit} | {most} |" in section
