"""What a trigger declares: its event, its key, its budget of time, and what is secret in it."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from typing import Any, cast

import orjson
from pydantic import BaseModel, ValidationError

from authstream.errors import InvalidEventError

#: Problems named in one error message; the dead letter has the whole record.
_PROBLEMS_SHOWN = 3


@dataclass(frozen=True, slots=True)
class Trigger:
    """A point at which a provider asks. One file in `triggers/` makes one of these."""

    name: str
    #: In Auth0's spelling, e.g. `onExecutePostLogin`.
    handler: str
    event: type[BaseModel]
    #: The user (or other subject) of an event, None where there is none.
    subject: Callable[[dict[str, Any]], str | None]
    tenant: Callable[[dict[str, Any]], str]
    #: The handler that goes on after a suspension, e.g. `onContinuePostLogin`; None: no flow of
    #: this trigger can be suspended.
    continues: str | None = None
    #: All steps of a leg together (Auth0: 20 s per trigger execution).
    budget: timedelta = timedelta(seconds=20)
    #: The provider waits for the verdict.
    blocking: bool = True
    #: Paths in the event that must never reach a dead letter, e.g. `request.body.password`.
    sensitive: tuple[str, ...] = ()

    def parse(self, value: bytes) -> dict[str, Any]:
        """The members of a valid event.

        Raises InvalidEventError that names what is wrong, without values.
        """
        try:
            members = orjson.loads(value)
        except orjson.JSONDecodeError as error:
            raise InvalidEventError(
                f"the {self.name} event is not JSON (at byte {error.pos}): "
                "publish the event as one JSON object"
            ) from error
        try:
            self.event.model_validate(members)
        except ValidationError as error:
            problems = [
                f"{'.'.join(map(str, problem['loc'])) or 'event'}: {problem['msg']}"
                for problem in error.errors(include_input=False)
            ]
            more = (
                f" and {len(problems) - _PROBLEMS_SHOWN} more"
                if len(problems) > _PROBLEMS_SHOWN
                else ""
            )
            msg = (
                f"the {self.name} event is not valid: {'; '.join(problems[:_PROBLEMS_SHOWN])}{more}"
            )
            raise InvalidEventError(msg) from None
        result: dict[str, Any] = members
        return result

    def mentions_secrets(self, value: bytes) -> bool:
        """Whether bytes that cannot be parsed name a sensitive member."""
        return _secret_names(self.sensitive).search(value) is not None

    def stripped(self, value: bytes | None) -> bytes | None:
        """The event without its sensitive members.

        Nothing is left of bytes that are no JSON but speak of such a member: the original is where
        it was published, for as long as its topic keeps it.
        """
        if value is None:
            return None
        try:
            members = orjson.loads(value)
        except orjson.JSONDecodeError:
            return b"" if self.mentions_secrets(value) else value
        for path in self.sensitive:
            _remove(members, path.split("."))
        return orjson.dumps(members)


@cache
def _secret_names(paths: tuple[str, ...]) -> re.Pattern[bytes]:
    names = "|".join(re.escape(path.rpartition(".")[2]) for path in paths)
    return re.compile(rf"\b({names})\b".encode() if names else rb"(?!)")


def _remove(members: object, path: list[str]) -> None:
    if not isinstance(members, dict):
        return
    inner = cast("dict[str, object]", members)
    if path[1:]:
        _remove(inner.get(path[0]), path[1:])
    else:
        inner.pop(path[0], None)
