"""Prints what came of the demo's logins: verdicts, runs, mails, and a trace as a tree."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from email.message import EmailMessage

from rich.console import Console
from rich.text import Text
from rich.tree import Tree

from authstream.apps.demo.collector import CollectedSpan
from authstream.apps.demo.logins import Login
from authstream.apps.verdicts import run_lines, verdict_lines

_NANOSECONDS_PER_MILLISECOND = 1_000_000
_TREE_WIDTH = 160
#: Attributes shown behind a span's name.
_SHOWN = ("authstream.outcome", "error.type")


def print_login(console: Console, number: int, login: Login) -> None:
    """One login: its verdict and what ran for it."""
    console.print()
    console.print(
        Text.assemble(
            (f"{number:2}. {login.title}", "bold"),
            (f"  answered in {login.milliseconds:.0f} ms", "dim"),
        ),
        soft_wrap=True,
    )
    if login.verdict is None:
        console.print("    no verdict", style="red")
        return
    lines = verdict_lines(login.verdict.public())
    if login.repeats:
        lines.append(
            Text(
                "  the same event id again: the recorded verdict, and no second e-mail", style="dim"
            )
        )
    elif login.execution is not None:
        runs = [run.model_dump(mode="json") for run in login.execution.runs]
        lines += run_lines(runs, told=login.verdict.reason)
    for line in lines:
        console.print(Text.assemble("    ", line), soft_wrap=True)


def print_mail(console: Console, mail: EmailMessage) -> None:
    """One mail as it was received."""
    console.print()
    for name in ("To", "Subject", "Message-ID"):
        console.print(f"    {name}: {mail[name]}", markup=False, soft_wrap=True)
    for line in str(mail.get_content()).strip().splitlines():
        console.print(f"    | {line}", markup=False)


def print_trace(spans: Sequence[CollectedSpan]) -> None:
    """One trace as a tree, times from its start."""
    children: dict[str, list[CollectedSpan]] = defaultdict(list)
    known = {span.span_id for span in spans}
    for span in sorted(spans, key=lambda span: span.start):
        children[span.parent_id if span.parent_id in known else ""].append(span)
    if not children[""]:
        return
    begin = children[""][0].start
    for root in children[""]:
        tree = Tree(_label(root, begin))
        _grow(tree, root, children, begin)
        # A tree is cut at the console's width, and deep ones need more than a terminal has.
        Console(width=_TREE_WIDTH, highlight=False).print(tree)


def _grow(
    tree: Tree, span: CollectedSpan, children: dict[str, list[CollectedSpan]], begin: int
) -> None:
    for child in children[span.span_id]:
        _grow(tree.add(_label(child, begin)), child, children, begin)


def _milliseconds(nanoseconds: int) -> float:
    return nanoseconds / _NANOSECONDS_PER_MILLISECOND


def _label(span: CollectedSpan, begin: int) -> Text:
    said = [span.attributes[name] for name in _SHOWN if name in span.attributes]
    after, took = _milliseconds(span.start - begin), _milliseconds(span.end - span.start)
    times = f"  +{after:.1f} ms, took {took:.1f} ms"
    return Text.assemble(
        (span.name, "bold" if span.name.startswith("run ") else ""),
        (f" [{', '.join(said)}]" if said else "", "yellow"),
        (times, "dim"),
    )
