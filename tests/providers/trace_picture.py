"""A trace as Jaeger has it, drawn as its page would show it: the build under test has no page."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from html import escape
from pathlib import Path

from playwright.sync_api import Browser

from tests.providers.jaeger_server import JaegerSpan

_MILLISECOND = 1_000_000
_TICKS = 5
_WIDTH = 1280
_COLOURS: tuple[str, ...] = ("#0f766e", "#b45309", "#4338ca")
_STYLE = """
body { margin: 0; font: 13px/1.35 system-ui, sans-serif; color: #1f2937; background: #fff; }
#trace { width: 1240px; padding: 16px 20px; }
h1 { font-size: 16px; margin: 0 0 2px; } p { margin: 0 0 10px; color: #6b7280; }
.row { display: grid; grid-template-columns: 520px 1fr; height: 20px; border-top: 1px solid #f1f5f9;
  align-items: center; }
.name { white-space: nowrap; overflow: hidden; font-family: ui-monospace, monospace;
  font-size: 12px; border-left: 3px solid var(--of); padding-left: 6px; }
.name small { color: #6b7280; } .failed { color: #b91c1c; }
.time { position: relative; height: 100%; }
.bar { position: absolute; top: 5px; height: 10px; min-width: 2px; border-radius: 2px;
  background: var(--of); }
.took { position: absolute; top: 2px; font-size: 11px; color: #6b7280; white-space: nowrap; }
.took.before { transform: translateX(-100%); }
.tick { position: absolute; font-size: 11px; color: #6b7280; }
.dot { display: inline-block; width: 9px; height: 9px; border-radius: 2px; margin: 0 4px 0 12px; }
"""


def draw(spans: Sequence[JaegerSpan], title: str, *, browser: Browser, file: Path) -> None:
    """One row for each span, below the one that made it, on one scale of time; as PNG."""
    page = browser.new_page(viewport={"width": _WIDTH, "height": 720})
    page.set_content(_page(spans, title))
    page.locator("#trace").screenshot(path=file)
    page.close()


def _page(spans: Sequence[JaegerSpan], title: str) -> str:
    begin, end = min(span.start for span in spans), max(span.end for span in spans)
    services = dict(zip(sorted({span.service for span in spans}), _COLOURS, strict=False))
    rows = "".join(_row(span, depth, begin, end, services) for span, depth in _ordered(spans))
    legend = "".join(
        f'<i class="dot" style="background:{colour}"></i>{escape(name)}'
        for name, colour in services.items()
    )
    ticks = "".join(
        f'<span class="tick" style="left:{number * 100 / _TICKS}%">'
        f"{(end - begin) / _MILLISECOND * number / _TICKS:.0f} ms</span>"
        for number in range(_TICKS)
    )
    said = f"{len(spans)} spans, {(end - begin) / _MILLISECOND:.0f} ms {legend}"
    return (
        f'<style>{_STYLE}</style><div id="trace"><h1>{escape(title)}</h1><p>{said}</p>'
        f'<div class="row"><span></span><div class="time">{ticks}</div></div>{rows}</div>'
    )


def _ordered(spans: Sequence[JaegerSpan]) -> Iterator[tuple[JaegerSpan, int]]:
    """Each with its depth, children in the order of their beginning."""
    known = {span.id for span in spans}
    below: dict[str, list[JaegerSpan]] = defaultdict(list)
    for span in sorted(spans, key=lambda span: span.start):
        below[span.parent if span.parent in known else ""].append(span)

    def walk(parent: str, depth: int) -> Iterator[tuple[JaegerSpan, int]]:
        for span in below[parent]:
            yield span, depth
            yield from walk(span.id, depth + 1)

    return walk("", 0)


def _row(span: JaegerSpan, depth: int, begin: int, end: int, services: dict[str, str]) -> str:
    left = 100 * (span.start - begin) / (end - begin)
    width = 100 * (span.end - span.start) / (end - begin)
    outcome = span.attributes.get("error.type") or span.attributes.get("authstream.outcome", "")
    near_end = left + width > 85
    place = f"left:calc({left if near_end else left + width}% {'-' if near_end else '+'} 5px)"
    return (
        f'<div class="row" style="--of:{services[span.service]}">'
        f'<span class="name{" failed" if span.failed else ""}" style="margin-left:{depth * 10}px">'
        f"{escape(span.name)} <small>{escape(str(outcome))}</small></span>"
        f'<div class="time"><div class="bar" style="left:{left}%;width:{width}%"></div>'
        f'<span class="took{" before" if near_end else ""}" style="{place}">'
        f"{(span.end - span.start) / _MILLISECOND:.1f} ms</span></div></div>"
    )
