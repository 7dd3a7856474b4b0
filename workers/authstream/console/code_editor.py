"""An editor of code, light or dark as its page is."""

from __future__ import annotations

from typing import Literal

from nicegui import ui

Language = Literal["Python", "JavaScript", "TypeScript", "JSON"]
Theme = Literal["githubLight", "githubDark"]
#: CodeMirror's own field has no name: it is given that of its editor.
SCRIPT = """
<script>
new MutationObserver(() => {
  document.querySelectorAll(".cm-content:not([aria-label])").forEach((field) => {
    const named = field.closest("[aria-label]");
    if (named) field.setAttribute("aria-label", named.getAttribute("aria-label"));
    field.closest(".cm-scroller")?.setAttribute("tabindex", "0");
  });
}).observe(document.documentElement, {childList: true, subtree: true});
</script>
"""
#: Seconds for a browser that is busy drawing the page.
_ANSWERS_WITHIN = 5.0
_IS_DARK = "document.body.classList.contains('body--dark')"


def theme(*, dark: bool) -> Theme:
    """Both have enough contrast to be read by everybody."""
    return "githubDark" if dark else "githubLight"


async def is_dark() -> bool:
    """What is on the screen: only the browser knows what the person's system says."""
    try:
        return True is await ui.run_javascript(f"return {_IS_DARK}", timeout=_ANSWERS_WITHIN)
    except TimeoutError:
        return False


def code_editor(value: str, language: Language, label: str) -> ui.codemirror:
    """An editor with a name for screen readers."""
    editor = ui.codemirror(value, language=language, theme="githubLight", line_wrapping=True)
    editor.props["aria-label"] = label

    async def follow() -> None:
        editor.set_theme(theme(dark=await is_dark()))

    ui.timer(0, follow, once=True)
    return editor
