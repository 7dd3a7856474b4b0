"""Problems of code where they are: marked in the editor with their words, and in a list below."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from nicegui import ui

#: What a problem of each kind is called.
_KINDS = {
    "syntax": "Syntax",
    "method": "Unknown method",
    "secret": "Secret",
    "host": "Host",
    "build": "Build",
}


class ProblemMarks:
    """Those of one editor."""

    def __init__(self, editor: ui.codemirror) -> None:
        self._editor = editor
        self._found: Sequence[Mapping[str, Any]] = ()

    def show(self, found: Sequence[Mapping[str, Any]]) -> None:
        """These, and no others.

        By a method of the editor: as its properties they would come with a value that may be older
        than what is being typed.
        """
        self._editor.run_method("setDecorations", list(decorations(self._editor.value, found)))
        if found != self._found:
            self._found = found
            self.draw.refresh()

    @ui.refreshable_method
    def draw(self) -> None:
        """The list, each with a way to its line."""
        with ui.element("div").classes("problems").props('role=status aria-label="Problems"'):
            for one in self._found:
                with ui.element("div").classes("row tight"):
                    kind = "bad" if one["kind"] in ("syntax", "build") else "warn"
                    ui.label(_KINDS[one["kind"]]).classes(f"chip {kind}")
                    line = ui.button(f"Line {one['line']}", color=None).props("flat dense")
                    line.classes("accent").on_click(self._to(one["line"]))
                    ui.label(one["text"])

    def _to(self, line: int) -> Any:  # noqa: ANN401 - NiceGUI's handler
        return lambda: self._editor.reveal_line(line)


def decorations(code: str, found: Sequence[Mapping[str, Any]]) -> Iterator[dict[str, Any]]:
    """A mark under each place, and the words after its line: by style, never part of the code."""
    lines = code.split("\n")
    starts = [0]
    for line in lines:
        starts.append(starts[-1] + len(line) + 1)
    for one in found:
        if not 1 <= one["line"] <= len(lines):
            continue
        number: int = one["line"]
        text, start = lines[number - 1], starts[number - 1]
        begin = min(one["column"], max(0, len(text) - 1))
        end = min(len(text), begin + max(1, one["length"]))
        if begin < end:
            title = {"title": one["text"]}
            place = {"from": start + begin, "to": start + end}
            yield {"kind": "mark", **place, "class": "cm-wrong", "attributes": title}
        said = {"data-problem": one["text"]}
        yield {"kind": "line", "line": number, "class": "cm-words", "attributes": said}
