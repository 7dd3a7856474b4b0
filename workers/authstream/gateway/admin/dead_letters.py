"""Records that were set aside, over HTTP: found, shown, published again, or dropped."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Depends, HTTPException, Query, Request
from pydantic import BaseModel, ConfigDict, Field

from authstream.broker.dead_letters import (
    DeadLetter,
    DeadLetters,
    Filter,
    ReplayRefusedError,
    chosen,
)
from authstream.contracts import headers as h
from authstream.engine.readable import readable
from authstream.errors import NotFoundError
from authstream.gateway.admin.callers import Entrance, Operator, Viewer
from authstream.gateway.admin.exchange import Page, Pages

#: Letters that one call settles at most.
MOST = 1000
_LAST_TIMESTAMP = 2**63 - 1
router = APIRouter(prefix="/v1/admin/dead-letters", tags=["dead letters"])


class Meant(BaseModel):
    """Which letters: those named, or those that a filter takes; never all by accident."""

    model_config = ConfigDict(extra="forbid")

    #: As PARTITION/OFFSET.
    places: list[Annotated[str, Field(pattern=r"^\d{1,9}/\d{1,18}$")]] = []
    reason: str | None = None
    stage: str | None = None
    tenant: str | None = None
    #: Only of the last so many hours.
    hours: float | None = Field(default=None, ge=0)
    limit: int = Field(default=MOST, ge=1, le=MOST)


class Again(Meant):
    """Which letters to publish again; a login also has its effects and metadata if `effects`."""

    effects: bool = False


def _opened(request: Request) -> Iterator[DeadLetters]:
    entrance: Entrance = request.app.state.entrance
    if entrance.letters is None:
        raise HTTPException(404, "the dead letters cannot be reached from here")
    with entrance.letters() as letters:
        yield letters


Letters = Annotated[DeadLetters, Depends(_opened)]


@router.get("")
def list_letters(  # noqa: PLR0913 - a filter has these parts
    _door: Viewer,
    letters: Letters,
    pages: Pages,
    *,
    reason: str | None = None,
    stage: str | None = None,
    tenant: str | None = None,
    hours: Annotated[float | None, Query(ge=0, description="of the last so many hours")] = None,
    settled: Annotated[bool, Query(description="also those replayed or dropped")] = False,
) -> Page:
    """Place, reason, stage, origin, detail; newest first."""
    found = letters.find(Filter(reason, stage, tenant, _since(hours), settled))
    return pages.page(sorted(found, key=_newest_first), _newest_first, _line)


@router.get("/{partition}/{offset}")
def show_letter(_door: Operator, letters: Letters, partition: int, offset: int) -> dict[str, Any]:
    """One letter whole, decoded."""
    letter = _at(letters, partition, offset)
    return {**_line(letter), "record": readable(letter.message)}


@router.post("/replay")
def replay_letters(_door: Operator, letters: Letters, meant: Again) -> dict[str, Any]:
    """Effects and patches under their ids, logins as new flows; what was refused, and why."""
    replayed: dict[str, str] = {}
    refused: dict[str, str] = {}
    for letter in _meant(letters, meant):
        try:
            replayed[letter.place] = letters.replay(letter, effects=meant.effects)
        except ReplayRefusedError as error:
            refused[letter.place] = f"{error}"
    return {"replayed": replayed, "refused": refused}


@router.post("/drop")
def drop_letters(_door: Operator, letters: Letters, meant: Meant) -> dict[str, Any]:
    """They are looked at, and listed no more."""
    found = _meant(letters, meant)
    for letter in found:
        letters.drop(letter)
    return {"dropped": [letter.place for letter in found]}


def _newest_first(letter: DeadLetter) -> str:
    """Sorts as text; what comes in between two pages changes neither."""
    return f"{_LAST_TIMESTAMP - letter.message.timestamp:020}/{letter.place}"


def _since(hours: float | None) -> int | None:
    past = None if hours is None else timedelta(hours=hours).total_seconds()
    return None if past is None else int((time.time() - past) * 1000)


def _meant(letters: DeadLetters, meant: Meant) -> list[DeadLetter]:
    if meant.places:
        places = [place.partition("/") for place in meant.places[: meant.limit]]
        return [_at(letters, int(partition), int(offset)) for partition, _, offset in places]
    wanted = Filter(meant.reason, meant.stage, meant.tenant, _since(meant.hours))
    if wanted == Filter():
        raise HTTPException(422, "say which are meant: places, reason, stage, tenant or hours")
    return chosen(letters.find(wanted), meant.limit)


def _at(letters: DeadLetters, partition: int, offset: int) -> DeadLetter:
    found = letters.at(partition, offset)
    if found is None:
        raise NotFoundError(f"no dead letter at {partition}/{offset}: it may have expired")
    return found


def _line(letter: DeadLetter) -> dict[str, Any]:
    headers = letter.message.headers
    return {
        "place": letter.place,
        "reason": letter.reason,
        "stage": letter.stage,
        "detail": letter.detail,
        "origin": {
            "topic": letter.topic,
            "partition": letter.partition,
            "offset": letter.offset,
        },
        "tenant": h.text(headers, h.TENANT),
        "flow_id": h.text(headers, h.FLOW_ID),
        "at": letter.message.timestamp,
        "settled": letter.settled,
    }
