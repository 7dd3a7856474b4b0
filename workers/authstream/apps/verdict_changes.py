"""What a verdict says otherwise than another one of the same login, sorted by kind."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

import orjson

from authstream.control.differences import differences

#: The outcome that a login has now and had not (`recovered`: any, where it had failed); an action
#: that fails now and did not; then what else a verdict with the same outcome says otherwise.
Kind = Literal[
    "denied",
    "allowed",
    "failed",
    "suspended",
    "recovered",
    "errors",
    "claims-lost",
    "claims-changed",
    "claims-added",
    "metadata",
    "effects",
    "other",
]
KINDS: tuple[Kind, ...] = get_args(Kind)
FAILED = frozenset(("error", "timeout", "crashed", "unavailable"))
#: Members that have a rule of their own, or are another each time.
_NOT_OTHER = frozenset(
    {
        *("flow_id", "leg", "tenant", "trigger", "requested_at", "decided_at", "state", "steps"),
        *("outcome", "code", "reason", "denied_by", "claims", "metadata", "effects"),
    }
)
#: Stands in for the state of a suspended flow, which is in its redirect's URL.
_STATE = b"(state)"


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that is otherwise. `place` names it without any value."""

    kind: Kind
    place: str
    text: str


def changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[Change]:
    """Every difference of one leg, both JSON as `authstream test --json` prints a result.

    Of a leg with another outcome that is all: what it does not give any more follows from it.
    """
    old, new = _verdict(before), _verdict(after)
    yield from _errors(old, after)
    if old["outcome"] != new["outcome"]:
        place = f"outcome: {old['outcome']} → {new['outcome']}"
        kind: Kind = "recovered" if old["outcome"] == "failed" else new["outcome"]
        yield Change(kind, place, f"{place}{_because(new)}")
        return
    yield from _claims(old["claims"], new["claims"])
    yield from _inner("metadata", old["metadata"], new["metadata"], "metadata")
    yield from _inner("effects", _orders(old), _orders(new), "effects")
    yield from _inner("other", _others(old), _others(new), "")


def _verdict(result: Mapping[str, Any]) -> dict[str, Any]:
    """Without the state, wherever it is."""
    verdict: dict[str, Any] = result["verdict"]
    if not verdict["state"]:
        return verdict
    text = orjson.dumps(verdict).replace(verdict["state"].encode(), _STATE)
    parsed: dict[str, Any] = orjson.loads(text)
    return parsed


def _because(verdict: Mapping[str, Any]) -> str:
    by = f" by {verdict['denied_by']}" if verdict["denied_by"] else ""
    return f"{by} ({verdict['code']}): {verdict['reason']}" if verdict["code"] else by


def _errors(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[Change]:
    """Actions that fail now and did not then."""
    known = {step["action"] for step in before["steps"] if step["status"] in FAILED}
    said = {run["action"]: run["error"] for run in after["runs"] if run["error"]}
    for step in after["verdict"]["steps"]:
        if step["status"] in FAILED and step["action"] not in known:
            place = f"{step['action']}: {step['status']}"
            error = (said.get(step["action"]) or "").partition("\n")[0]
            yield Change("errors", place, f"{place}{error and f': {error}'}")


def _claims(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[Change]:
    for token in {**before, **after}:
        old, new = before.get(token, {}), after.get(token, {})
        for name in {**old, **new}:
            kind, sign = _presence(name in old, name in new)
            for one in differences(_only(old, name), _only(new, name)):
                yield Change(kind, f"{sign} {token}: {name}", f"{one.text} ({token})")


def _presence(before: bool, after: bool) -> tuple[Kind, str]:  # noqa: FBT001 - two of a kind
    if before and after:
        return "claims-changed", "~"
    return ("claims-lost", "-") if before else ("claims-added", "+")


def _only(members: Mapping[str, Any], name: str) -> dict[str, Any]:
    return {name: members[name]} if name in members else {}


def _inner(kind: Kind, before: object, after: object, path: str) -> Iterator[Change]:
    for one in differences(before, after, path):
        yield Change(kind, f"{one.text[0]} {one.path}", one.text)


def _orders(verdict: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    return [
        {name: value for name, value in order.items() if name != "id"}
        for order in verdict["effects"]
    ]


def _others(verdict: Mapping[str, Any]) -> dict[str, Any]:
    """Every other part that says something, and why it is as it is."""
    members = {
        name: value
        for name, value in verdict.items()
        if name not in _NOT_OTHER and value not in (None, [], {})
    }
    reasons = {name: verdict[name] for name in ("code", "reason", "denied_by") if verdict[name]}
    return members | reasons
