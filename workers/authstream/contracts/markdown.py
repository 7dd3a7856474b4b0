"""Markdown as the rendered reference pages use it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

_NOTE = "<!-- Rendered from the code by make contracts: edit the code. -->"


def page(title: str, *parts: str) -> str:
    """A page: heading, note that it is rendered, parts with blank lines between."""
    return "\n\n".join([_NOTE, f"# {title}", *parts]) + "\n"


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table."""
    lines = [heads, ["---"] * len(heads), *([_cell(cell) for cell in row] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def code(text: object) -> str:
    """Text as code; nothing for nothing."""
    return f"`{text}`" if str(text) else ""


def plain(text: str) -> str:
    """Text in which `<kind>` is not taken for a tag."""
    return text.replace("<", "&lt;")


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")
