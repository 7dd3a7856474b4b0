"""Completion while one writes: what may follow `api.` and `event.`, put into a code editor."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping

from nicegui import ui

#: CodeMirror asks every source that its language data names; ours looks up what is before the dot.
_SCRIPT = r"""
(async () => {
  const CM = await import("nicegui-codemirror");
  const component = getElement(ID);
  if (!component) return;
  const editor = component.editor ?? await component.editorPromise;
  const again = editor.authstreamKnown;
  editor.authstreamKnown = KNOWN;
  if (again) return;
  const source = (context) => {
    const before = context.matchBefore(/\b(?:api|event)(?:\??\.[\w$]*)+$/);
    if (!before) return null;
    const parts = before.text.split(/\??\./);
    const last = parts.pop();
    const options = editor.authstreamKnown[parts.join(".")];
    return options ? {from: context.pos - last.length, options, validFor: /^[\w$]*$/} : null;
  };
  const data = CM.EditorState.languageData.of(() => [{autocomplete: source}]);
  editor.dispatch({effects: CM.StateEffect.appendConfig.of(data)});
})();
"""


def complete(editor: ui.codemirror, found: Iterable[Mapping[str, str]]) -> None:
    """Offer these, as the admin API gives them; what was offered before is forgotten."""
    known = json.dumps(by_parent(found))
    ui.run_javascript(_SCRIPT.replace("ID", f"{editor.id}", 1).replace("KNOWN", known, 1))


def by_parent(found: Iterable[Mapping[str, str]]) -> dict[str, list[dict[str, str]]]:
    """What follows each path, as CodeMirror takes it; parts on the way are there by themselves."""
    options: dict[str, dict[str, dict[str, str]]] = defaultdict(dict)
    for one in found:
        parent, _, label = one["path"].rpartition(".")
        option = {"label": label, "type": one["kind"], "detail": one["detail"]}
        options[parent][label] = {**option, "info": one["about"]} if one["about"] else option
        while "." in parent:
            above, _, label = parent.rpartition(".")
            options[above].setdefault(label, {"label": label, "type": "namespace"})
            parent = above
    return {parent: list(inner.values()) for parent, inner in options.items()}
