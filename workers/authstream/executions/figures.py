"""How often and how fast a flow and its actions ran of late, at a bounded cost."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from authstream.contracts.slug import DEFAULT_TENANT

#: Executions looked at, the newest: their 99th percentile still stands on a hundred.
LOOKED_AT = 10_000
_ERRORS = frozenset({"error", "timeout", "crashed", "unavailable", "failed"})
_LATELY = (
    "SELECT number, outcome AS said, decided_at - requested_at AS ms, tenant FROM legs"
    " WHERE late = 0 AND trigger = ? AND written_at >= ?"
    " ORDER BY written_at DESC, number DESC LIMIT ?"
)
#: Runs a statement with these values.
Rows = Callable[..., list[Any]]


@dataclass(frozen=True, slots=True)
class FlowAsked:
    """Whose flow, and since when (broker time, milliseconds since the epoch)."""

    tenant: str
    trigger: str
    since: int
    #: Tenants with a flow of their own, which the one of the default tenant does not serve.
    others: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Figures:
    """Of verdicts, or of the runs of one action. Durations in milliseconds; None without any."""

    count: int
    errors: int
    denials: int
    p50_ms: float | None
    p99_ms: float | None


@dataclass(frozen=True, slots=True)
class FlowFigures:
    """Of a flow and of each action that ran in it."""

    flow: Figures
    actions: Mapping[str, Figures]
    #: There were more executions: these figures are of the newest.
    newest_only: bool

    def public(self) -> dict[str, Any]:
        """JSON-ready."""
        return asdict(self)


def figures(rows: Rows, asked: FlowAsked) -> FlowFigures:
    """Those of a flow."""
    tenant, of_tenant = _of_tenant(asked)
    looked_at = (asked.trigger, asked.since, LOOKED_AT)
    legs = rows(f"SELECT said, ms FROM ({_LATELY}) WHERE {tenant}", *looked_at, *of_tenant)  # noqa: S608 - our own words
    runs = rows(
        f"SELECT action, status, runs.ms FROM ({_LATELY}) JOIN runs USING (number) WHERE {tenant}",  # noqa: S608 - as above
        *looked_at,
        *of_tenant,
    )
    (looked,) = rows(f"SELECT count(*) FROM ({_LATELY})", *looked_at)[0]  # noqa: S608 - as above
    by_action: dict[str, list[tuple[str, float]]] = defaultdict(list)
    for action, status, ms in runs:
        by_action[action].append((status, ms))
    return FlowFigures(
        _counted(legs),
        {action: _counted(found) for action, found in sorted(by_action.items())},
        newest_only=looked == LOOKED_AT,
    )


def _of_tenant(asked: FlowAsked) -> tuple[str, Sequence[str]]:
    """A condition: the default tenant's flow serves all that have none of their own."""
    if asked.tenant != DEFAULT_TENANT:
        return "tenant = ?", (asked.tenant,)
    marks = ", ".join("?" * len(asked.others))
    return f"tenant NOT IN ({marks})", asked.others


def _counted(found: Iterable[tuple[str, float]]) -> Figures:
    pairs = list(found)
    ordered = sorted(ms for _, ms in pairs)
    return Figures(
        len(pairs),
        errors=sum(said in _ERRORS for said, _ in pairs),
        denials=sum(said == "denied" for said, _ in pairs),
        p50_ms=_at(ordered, 0.5),
        p99_ms=_at(ordered, 0.99),
    )


def _at(ordered: Sequence[float], share: float) -> float | None:
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else None
