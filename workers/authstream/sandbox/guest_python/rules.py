"""`api.rules`: which Rules the provider says it ran; Authstream has none itself."""

# ruff: noqa: ANN401 - events are a stranger's JSON
from __future__ import annotations

from typing import Any

from .event import Record


class Rules:
    """The Rules that the event names in `lookups.rules`."""

    def __init__(self, lookups: Any) -> None:
        rules: Any = lookups.get("rules") if isinstance(lookups, Record) else None
        self._executed: list[Any] = rules if isinstance(rules, list) else []

    def was_executed(self, rule_id: str) -> bool:
        """Whether it ran in this transaction."""
        return rule_id in self._executed
