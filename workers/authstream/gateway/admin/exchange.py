"""Pages and revisions: what lists and single objects have in common over HTTP."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Annotated, Any, TypeVar

from fastapi import Depends, Header, HTTPException, Query, Response
from pydantic import BaseModel

from authstream.control.view import Stored

T = TypeVar("T")
PAGE = 50
LARGEST_PAGE = 200
_ETAG = re.compile(r'"(\d+)"')


class Page(BaseModel):
    """A part of a list; `next` is the cursor of the next part."""

    items: list[dict[str, Any]]
    next: str | None = None


class Paging:
    """Where a page begins, and how long it is."""

    def __init__(
        self,
        limit: Annotated[int, Query(ge=1, le=LARGEST_PAGE)] = PAGE,
        cursor: Annotated[str, Query(description="`next` of the page before")] = "",
    ) -> None:
        self._limit = limit
        self._cursor = cursor

    def page(
        self, found: Sequence[T], name: Callable[[T], str], shown: Callable[[T], dict[str, Any]]
    ) -> Page:
        """The part of a list that is in the order of its names."""
        rest = [one for one in found if name(one) > self._cursor]
        part = rest[: self._limit]
        following = name(part[-1]) if len(rest) > len(part) else None
        return Page(items=[shown(one) for one in part], next=following)


Pages = Annotated[Paging, Depends(Paging)]


def _expected(if_match: Annotated[str | None, Header()] = None) -> int | None:
    """The revision that the caller saw. Raises HTTPException 400."""
    if if_match is None:
        return None
    match = _ETAG.fullmatch(if_match)
    if match is None:
        raise HTTPException(400, 'If-Match is not an ETag of ours: send one like "3"')
    return int(match[1])


Expected = Annotated[int | None, Depends(_expected)]


def seen(expected: int | None) -> int:
    """The revision, where a blind change could undo somebody's. Raises HTTPException 428."""
    if expected is None:
        raise HTTPException(428, "send If-Match with the ETag of what you change")
    return expected


def tagged(response: Response, stored: Stored) -> None:
    """Say the revision of what is answered."""
    response.headers["ETag"] = f'"{stored.record.revision}"'
