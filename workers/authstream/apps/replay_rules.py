"""The rules by which a replay passes: `denied`, `claims-lost:1%`, `latency:20%` and so on."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from authstream.apps.replay_tally import Tally
from authstream.apps.verdict_changes import KINDS
from authstream.errors import ConfigurationError

#: Holds where nothing is said: nobody is turned away, let in, or given less than before.
DEFAULT = ("denied", "allowed", "failed", "errors", "claims-lost")
ANY, LATENCY = "any", "latency"
Unit = Literal["", "%", "ms"]
_FORM = re.compile(r"([a-z-]+)(?::(\d+(?:\.\d+)?)(%|ms)?)?")


@dataclass(frozen=True, slots=True)
class Rule:
    """A kind of change, and how much of it is too much."""

    kind: str
    limit: float
    unit: Unit

    def __str__(self) -> str:
        return f"{self.kind}:{self.limit:g}{self.unit}"

    def broken(self, tally: Tally) -> str | None:
        """How it is broken, if it is."""
        if self.kind == LATENCY:
            return self._slower(tally)
        count = tally.changed if self.kind == ANY else tally.counts[self.kind]
        value = 100 * count / max(1, tally.compared) if self.unit == "%" else count
        return f"{self}: {count} of {tally.compared} logins" if value > self.limit else None

    def _slower(self, tally: Tally) -> str | None:
        before, after = tally.before.p95, tally.after.p95
        most = before * (1 + self.limit / 100) if self.unit == "%" else before + self.limit
        return f"{self}: p95 {before:.1f} → {after:.1f} ms" if after > most else None


def rules(said: Sequence[str]) -> list[Rule]:
    """From a command line. Raises ConfigurationError."""
    return [_rule(one) for one in said]


def _rule(text: str) -> Rule:
    match = _FORM.fullmatch(text)
    kind = match[1] if match else ""
    if match is None or kind not in (*KINDS, ANY, LATENCY):
        raise ConfigurationError(
            f"{text!r} is no rule: write KIND, KIND:NUMBER or KIND:NUMBER%, with a kind of"
            f" {', '.join((*KINDS, ANY))}, or {LATENCY}:NUMBER% or {LATENCY}:NUMBERms"
        )
    unit: Unit = "%" if match[3] == "%" else "ms" if match[3] == "ms" else ""
    if unit not in (("%", "ms") if kind == LATENCY else ("", "%")):
        raise ConfigurationError(
            f"{text!r} is no rule: {LATENCY} has a limit in % or ms, and only {LATENCY} has ms"
        )
    return Rule(kind, float(match[2] or 0), unit)
