"""What is wrong with an action's code as far as reading it tells, each with its place."""

from __future__ import annotations

import ast
import difflib
import re
from bisect import bisect_right
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Literal
from urllib.parse import urlsplit

from authstream.contracts.api import methods, python_path
from authstream.contracts.runtime import Language
from authstream.engine.egress import Egress

Kind = Literal["syntax", "method", "secret", "host"]
#: One problem for each line is enough to begin with.
MOST = 50
_PLAIN_TEXT = r"\"(?:\\.|[^\"\\\n])*\"|'(?:\\.|[^'\\\n])*'"
_TOKENS: dict[Language, re.Pattern[str]] = {
    "javascript": re.compile(
        rf"(?P<comment>//[^\n]*|/\*.*?(?:\*/|\Z))|(?P<text>{_PLAIN_TEXT}|`(?:\\.|[^`\\])*`)",
        re.DOTALL,
    ),
    "python": re.compile(
        rf"(?P<comment>\#[^\n]*)|(?P<text>\"{{3}}.*?\"{{3}}|'{{3}}.*?'{{3}}|{_PLAIN_TEXT})",
        re.DOTALL,
    ),
}
_NAME = r"[A-Za-z_$][\w$]*"
_CALL = re.compile(rf"(?<![\w$.])api((?:\s*\??\.\s*{_NAME})+)\s*(?:\?\.)?\(")
#: Something else of this name.
_OWN_API = re.compile(r"\b(?:const|let|var|import)\s+api\b|\bapi\s*=[^=]")
#: A method that is passed on as a function.
_OF_FUNCTIONS = frozenset({"call", "apply", "bind"})
_SECRET = re.compile(
    rf"(?<![\w$.])event\s*\??\.\s*secrets\s*(?:\??\.\s*(?P<name>{_NAME})"
    rf"|(?:\?\.)?\[\s*(['\"])(?P<item>{_NAME})\2\s*\])"
)
_OF_DICTIONARIES = frozenset({"get", "items", "keys", "values"})
_SECRETS_BY_NAME = re.compile(r"\{([^{}]*)\}\s*=\s*event\s*\.\s*secrets\b")
_URL = re.compile(r"^['\"`]+(https?)://([^/?#\s\"'`\\]+)")
#: What a text follows when its address is called.
_CALLED = re.compile(
    r"(?:\b(?:fetch|axios|got|request|Request|get|post|put|patch|delete|head|urlopen)\(\s*"
    r"|\b(?P<named>\w*(?:url|uri|endpoint))[\"']?\s*[:=]\s*)$",
    re.IGNORECASE,
)
#: Words in a name that say that a browser or a reader goes there, and not the action.
_FOR_BROWSERS = re.compile(
    "redirect|return|callback|consent|link|image|picture|avatar|logo", re.IGNORECASE
)
_ORDERS = "effects.send("
_BEFORE = 60
_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Problem:
    """One problem: lines count from 1, columns and lengths in characters from 0."""

    kind: Kind
    line: int
    column: int
    length: int
    text: str


@dataclass(frozen=True, slots=True)
class Read:
    """What is read: code, and what its action may use."""

    code: str
    language: Language
    trigger: str
    #: The names that the action asks for, and those of them that have a value.
    secrets: Collection[str]
    set_secrets: Collection[str]
    egress: Egress


def problems(read: Read) -> list[Problem]:
    """All that reading tells but for the syntax, in order; what a name hides is not found."""
    text = _Text(read.code, read.language)
    finders = (_methods, _secrets, _hosts)
    found = [one for find in finders for one in islice(find(read, text), MOST)]
    return sorted(found, key=lambda one: (one.line, one.column))[:MOST]


def python_syntax(code: str) -> Problem | None:
    """Why it is no Python, if it is none."""
    try:
        ast.parse(code)
    except SyntaxError as error:
        line, column = error.lineno or 1, max(0, (error.offset or 1) - 1)
        return Problem("syntax", line, column, 1, error.msg)
    except (ValueError, RecursionError, MemoryError) as error:
        return Problem("syntax", 1, 0, 1, f"this is no Python: {type(error).__name__}")
    return None


class _Text:
    """Code with its comments, and with its texts too, blanked out: every place stays."""

    def __init__(self, code: str, language: Language) -> None:
        token = _TOKENS[language]
        self.texts = [found for found in token.finditer(code) if found["text"]]
        #: Without those that may have code in them: `…${code}…`, f"…{code}…".
        self.plain_texts = [
            found
            for found in self.texts
            if found[0][0] != "`" and code[max(0, found.start() - 1)] not in "fF"
        ]
        self.without_comments = token.sub(
            lambda found: _blank(found[0]) if found["comment"] else found[0], code
        )
        self.statements = token.sub(lambda found: _blank(found[0]), code)
        self._lines = [0, *(found.end() for found in re.finditer("\n", code))]

    def problem(self, kind: Kind, start: int, length: int, text: str) -> Problem:
        line = bisect_right(self._lines, start)
        return Problem(kind, line, start - self._lines[line - 1], length, text)


def _blank(text: str) -> str:
    return re.sub(r"[^\n]", " ", text)


def _methods(read: Read, text: _Text) -> Iterator[Problem]:
    spelled: Callable[[str], str] = python_path if read.language == "python" else str
    known = {spelled(path) for path in methods(read.trigger)}
    if _OWN_API.search(text.statements):
        return
    for found in _CALL.finditer(text.statements):
        path = re.sub(r"[\s?]", "", found[1]).removeprefix(".")
        owner, _, last = path.rpartition(".")
        if path in known or (last in _OF_FUNCTIONS and owner in known):
            continue
        close = difflib.get_close_matches(path, known, n=1)
        hint = f"; is it api.{close[0]}?" if close else ""
        said = f"{read.trigger} has no api.{path}{hint}"
        yield text.problem("method", found.start(), len(found[0]) - 1, said)


def _secrets(read: Read, text: _Text) -> Iterator[Problem]:
    for start, name in _secret_names(read, text):
        if name not in read.secrets:
            said = f"the action has no secret {name}: set it under Secrets"
        elif name not in read.set_secrets:
            said = f"the secret {name} has no value yet: set it under Secrets"
        else:
            continue
        yield text.problem("secret", start, len(name), said)


def _secret_names(read: Read, text: _Text) -> Iterator[tuple[int, str]]:
    for found in _SECRET.finditer(text.without_comments):
        group = "name" if found["name"] else "item"
        dictionary = read.language == "python" and found[group] in _OF_DICTIONARIES
        if not dictionary and not _within(found.start(), text.plain_texts):
            yield found.start(group), found[group]
    for found in _SECRETS_BY_NAME.finditer(text.statements):
        for part in re.finditer(rf"({_NAME})\s*(?::[^,]*|=[^,]*)?(?:,|$)", found[1]):
            yield found.start(1) + part.start(1), part[1]


def _within(place: int, texts: list[re.Match[str]]) -> bool:
    return any(one.start() < place < one.end() for one in texts)


def _hosts(read: Read, text: _Text) -> Iterator[Problem]:
    for found in text.texts:
        address = _URL.match(found[0])
        before = text.without_comments[max(0, found.start() - _BEFORE) : found.start()]
        called = _CALLED.search(before.rstrip("fFrR"))
        if address is None or called is None or _FOR_BROWSERS.search(called["named"] or ""):
            continue
        if _in_an_effect(text.statements, found.start()):
            continue
        host, port = _place(address[1], address[2])
        if host and not (read.egress.allows(host, port) or _by_address(read.egress, host, port)):
            said = f"the action may not call {host}:{port}: name it under Settings"
            yield text.problem("host", found.start(), len(found[0]), said)


def _in_an_effect(statements: str, place: int) -> bool:
    """A worker delivers it, and the action's own egress does not matter."""
    ordered = statements.rfind(_ORDERS, 0, place)
    between = statements[ordered:place] if ordered >= 0 else ""
    return between.count("(") > between.count(")")


def _place(scheme: str, said: str) -> tuple[str, int]:
    """Host and port; no host where it is known only at run time."""
    if "{" in said:
        return "", 0
    try:
        parts = urlsplit(f"{scheme}://{said}")
        return parts.hostname or "", parts.port or _PORTS[scheme]
    except ValueError:
        return "", 0


def _by_address(egress: Egress, host: str, port: int) -> bool:
    try:
        return egress.allows_address(host, port)
    except ValueError:
        return False
