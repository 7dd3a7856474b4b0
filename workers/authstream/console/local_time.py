"""Times in the viewer's own zone: the browser knows it, the server does not."""

from __future__ import annotations

from datetime import UTC, datetime

from nicegui import ui

#: Put into a page once: says its language, and rewrites every `<time>`, also those to come.
SCRIPT = """
<script>
document.documentElement.lang = "en";
(() => {
  const spoken = new Intl.DateTimeFormat(undefined, {dateStyle: "medium", timeStyle: "medium"});
  const told = (node) => {
    const at = new Date(node.dateTime);
    if (!isNaN(at)) { node.textContent = spoken.format(at); node.title = at.toISOString(); }
  };
  const all = (root) => root.querySelectorAll?.("time[datetime]:not([title])").forEach(told);
  new MutationObserver((changes) => changes.forEach((one) => one.addedNodes.forEach((node) => {
    if (node.matches?.("time[datetime]")) told(node);
    all(node);
  }))).observe(document.documentElement, {childList: true, subtree: true});
  document.addEventListener("DOMContentLoaded", () => all(document));
})();
</script>
"""


def local_time(moment: str) -> None:
    """An ISO 8601 time, shown as the viewer's clock has it."""
    ui.element("time").props["datetime"] = moment


def local_millis(millis: int) -> None:
    """Milliseconds since the epoch, shown so too."""
    local_time(datetime.fromtimestamp(millis / 1000, UTC).isoformat())
