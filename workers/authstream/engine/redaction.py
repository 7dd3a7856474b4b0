"""Takes the values of secrets out of what people will read: console lines and errors of a run."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from urllib.parse import quote, quote_plus

from authstream.contracts.envelope import Thrown
from authstream.engine.program import Outcome

SHOWN = "[redacted]"
#: A shorter value would take pieces out of ordinary words, and is no secret.
SHORTEST = 4


class Redactor:
    """Knows the values of one action."""

    def __init__(self, values: Iterable[str]) -> None:
        # The longest first: one value may be part of another.
        forms = sorted({form for value in values for form in _forms(value)}, key=len, reverse=True)
        self._pattern = re.compile("|".join(map(re.escape, forms))) if forms else None

    def text(self, text: str) -> str:
        """The text without any of them."""
        return text if self._pattern is None else self._pattern.sub(SHOWN, text)

    def outcome(self, outcome: Outcome) -> Outcome:
        """What a run said, without any of them; what it asked for stays as it is."""
        if self._pattern is None or not (outcome.console or outcome.error):
            return outcome
        return replace(
            outcome,
            console=tuple((level, self.text(line)) for level, line in outcome.console),
            error=outcome.error and self.text(outcome.error),
            thrown=outcome.thrown and self._thrown(outcome.thrown),
        )

    def _thrown(self, thrown: Thrown) -> Thrown:
        return Thrown(
            name=self.text(thrown.name),
            message=self.text(thrown.message),
            stack=self.text(thrown.stack),
        )


def _forms(value: str) -> Iterator[str]:
    """A value as it is, as JSON, Python and URLs write it, and each line: a console has lines."""
    escaped = (json.dumps(value)[1:-1], repr(value)[1:-1])
    # The first as JavaScript's encodeURIComponent, the last as a form has it.
    in_urls = (
        quote(value, safe="!'()*", errors="replace"),
        quote(value, safe="", errors="replace"),
        quote(value, errors="replace"),
        quote_plus(value, errors="replace"),
    )
    for form in (value, *escaped, *in_urls, *value.splitlines()):
        if len(form) >= SHORTEST:
            yield form
