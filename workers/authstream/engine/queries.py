"""Answers what an action asks on `api.groups` and `api.roles`, from the sources there are."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, cast

import orjson

from authstream.contracts.api import check_query
from authstream.engine.lookup import Entry, EventLookup, Kind, Lookup, Subject
from authstream.errors import AuthstreamError

#: Entries of a page when the action does not say (Auth0: 50, at most 100 roles).
PAGE = 50

Answer = dict[str, Any]


class NoAnswerError(AuthstreamError):
    """A question of an action that nobody here can answer; the action gets it as an error."""

    code = "no_answer"


async def answer(
    name: str,
    arguments: Sequence[object],
    *,
    trigger: str,
    event: bytes,
    lookups: Sequence[Lookup] = (),
) -> Answer:
    """The answer to `api.<name>(…)` for the user of an event.

    Raises:
        CommandRefusedError: The trigger has no such query, or not with these arguments.
        NoAnswerError: No source knows such things: never answered as if the user had none.
    """
    check_query(trigger, name, arguments)
    kind, reply = _ANSWERS[name]
    entries = await _find(kind, cast("dict[str, Any]", orjson.loads(event)), lookups)
    return reply(kind, entries, arguments[0] if arguments else None)


async def _find(kind: Kind, event: dict[str, Any], lookups: Sequence[Lookup]) -> list[Entry]:
    subject = Subject(_text(event, "user", "user_id") or "", _text(event, "organization", "id"))
    for lookup in (EventLookup(event), *lookups):
        found = await lookup.find(kind, subject)
        if found is not None:
            return [one for one in found if one.get("organization") in (None, subject.organization)]
    raise NoAnswerError(
        f"no source knows the {kind} of users: publish them in the event as lookups.{kind}, "
        f"or add lookups/{kind}.yaml to the folder"
    )


def _text(event: dict[str, Any], owner: str, member: str) -> str | None:
    found = event.get(owner)
    value = cast("dict[str, object]", found).get(member) if isinstance(found, dict) else None
    return value if isinstance(value, str) else None


def _page(kind: Kind, entries: list[Entry], asked: Any) -> Answer:  # noqa: ANN401 - checked by the table
    """A page in the order of ids; `next` is where the following one begins, if there is one."""
    options: dict[str, Any] = asked or {}
    take = int(options.get("take") or PAGE)
    ordered = sorted(entries, key=lambda entry: str(entry["id"]))
    rest = [entry for entry in ordered if entry["id"] > options.get("from", "")]
    page: Answer = {kind: rest[:take]}
    return {**page, "next": rest[take - 1]["id"]} if len(rest) > take else page


def _memberships(_kind: Kind, entries: list[Entry], asked: Any) -> Answer:  # noqa: ANN401 - as above
    return {"memberships": {name: _membership(entries, name) for name in asked}}


def _membership(entries: list[Entry], name: str) -> Answer:
    matches = [entry for entry in entries if name in (entry["id"], entry["name"])]
    return {"is_member": bool(matches), "matches": matches}


def _having(member: str) -> Callable[[Kind, list[Entry], Any], Answer]:
    def reply(kind: Kind, entries: list[Entry], asked: Any) -> Answer:  # noqa: ANN401 - as above
        return {kind: [entry for entry in entries if entry[member] in asked]}

    return reply


_ANSWERS: dict[str, tuple[Kind, Callable[[Kind, list[Entry], Any], Answer]]] = {
    "groups.getUserGroups": ("groups", _page),
    "groups.hasGroupMembership": ("groups", _memberships),
    "roles.getUserEffectiveRoles": ("roles", _page),
    "roles.getUserEffectiveRolesByIds": ("roles", _having("id")),
    "roles.getUserEffectiveRolesByNames": ("roles", _having("name")),
}
