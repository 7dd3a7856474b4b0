"""What a trigger declares: its event, its key, its budget of time, and what is secret in it."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from typing import Any, Literal, cast

import orjson
from pydantic import BaseModel, ValidationError

from authstream.contracts.budgets import DECIDED_WINDOW
from authstream.contracts.envelope import Envelope, Failure
from authstream.contracts.slug import DEFAULT_TENANT
from authstream.contracts.verdict import Retry
from authstream.engine.part import Part
from authstream.engine.retries import left
from authstream.errors import (
    ConfigurationError,
    InvalidEventError,
    TooLargeError,
    UndecodableError,
)

#: Problems named in one error message; the dead letter has the whole record.
_PROBLEMS_SHOWN = 3


#: What a failed flow means to the provider. `refused`: what was asked for does not happen;
#: `ignored`: it happened already and stands; `unsent`: the message is not sent, which is logged;
#: `retried`: the event is published again, as `retry` says.
OnFailure = Literal["refused", "ignored", "unsent", "retried"]


_WRONG_EVENT = frozenset({InvalidEventError.code, UndecodableError.code, TooLargeError.code})


def event_tenant(event: dict[str, Any]) -> str:
    """`event.tenant.id`, which every event of a provider has."""
    tenant: str = event["tenant"]["id"]
    return tenant or DEFAULT_TENANT


def event_user(event: dict[str, Any]) -> str | None:
    """`event.user.user_id`: flows of one user stay in order."""
    user_id: str | None = event["user"].get("user_id")
    return user_id


def nobody(_event: dict[str, Any]) -> None:
    """No user yet, or no user at all: nothing must stay in order, so the flow's id is the key."""


@dataclass(frozen=True, slots=True)
class Trigger:
    """A point at which a provider asks. One file in `triggers/` makes one of these."""

    name: str
    #: In Auth0's spelling, e.g. `onExecutePostLogin`.
    handler: str
    event: type[BaseModel]
    #: What its verdicts consist of: commands of other parts are not legal.
    parts: tuple[type[Part], ...]
    #: The user (or other subject) of an event, None where there is none.
    subject: Callable[[dict[str, Any]], str | None] = nobody
    tenant: Callable[[dict[str, Any]], str] = event_tenant
    #: The handler that goes on after a suspension, e.g. `onContinuePostLogin`; None: no flow of
    #: this trigger can be suspended.
    continues: str | None = None
    #: All steps of a leg together (Auth0: 20 s per trigger execution).
    budget: timedelta = timedelta(seconds=20)
    #: The provider waits for the verdict.
    blocking: bool = True
    on_failure: OnFailure = "refused"
    #: When the event of a failed flow is published again, each time as a flow of its own.
    retry: Retry | None = None
    #: Actions bound to one flow, at least and at most; None: as many as the operator allows.
    least_actions: int = 0
    most_actions: int | None = None
    #: Metadata is written by the metadata stage; else by the provider, e.g. with a new user.
    patches_metadata: bool = True
    #: Every login has it, or every token: most of the traffic.
    frequent: bool = False
    #: Paths in the event that must never reach a dead letter, e.g. `request.body.password`.
    sensitive: tuple[str, ...] = ()
    #: What is not as Auth0 has it, one sentence for each thing.
    differs: str = ""

    @property
    def deadline(self) -> timedelta:
        """From the broker's time of the event to the last moment of a verdict.

        Nobody waits for a trigger that does not block: its flows may start late.
        """
        return self.budget if self.blocking else DECIDED_WINDOW

    def left(self, envelope: Envelope, *, now: int) -> int:
        """Milliseconds that the actions of a flow have left, for all of them together."""
        until = envelope.deadline_at - now
        if self.blocking:
            return until
        spent = sum(run.duration_ms for run in envelope.runs)
        return min(until, int(self.budget / timedelta(milliseconds=1) - spent))

    @property
    def retries(self) -> bool:
        """Whether events of this trigger may have to be published again."""
        return self.retry is not None or _may_retry(self.parts)

    def again(self, envelope: Envelope, failure: Failure) -> Retry | None:
        """When the event of a failed flow is published again; never one that is wrong itself."""
        return None if failure.code in _WRONG_EVENT else left(self.retry, envelope)

    def check_actions(self, count: int) -> None:
        """Whether a flow may have so many actions. Raises ConfigurationError."""
        least, most = self.least_actions, self.most_actions
        if least <= count and (most is None or count <= most):
            return
        allowed = f"{least} or more" if most is None else f"{least} to {most}"
        raise ConfigurationError(
            f"a flow of {self.name} has {most if least == most else allowed} actions, not "
            f"{count}: change its list of actions"
        )

    def denies(self, command: str) -> bool:
        """Whether no other action runs after one that made this command."""
        return command in _denials(self.parts)

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

    def keeps_secrets(self, event: dict[str, Any]) -> bool:
        """Whether an event has a sensitive member."""
        return any(_leads(event, path) for path in _paths(self.sensitive))

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


@cache
def _denials(parts: tuple[type[Part], ...]) -> frozenset[str]:
    return frozenset(command for part in parts for command in part.denials)


@cache
def _may_retry(parts: tuple[type[Part], ...]) -> bool:
    return any(part.retries for part in parts)


@cache
def _paths(sensitive: tuple[str, ...]) -> tuple[tuple[str, ...], ...]:
    return tuple(tuple(path.split(".")) for path in sensitive)


def _leads(members: Any, path: tuple[str, ...]) -> bool:  # noqa: ANN401 - any JSON value
    """Whether there is something at a path; asked of every event, so it is quick."""
    for name in path:
        if not isinstance(members, dict) or name not in members:
            return False
        members = cast("dict[str, Any]", members)[name]
    return True


def _remove(members: object, path: list[str]) -> None:
    if not isinstance(members, dict):
        return
    inner = cast("dict[str, object]", members)
    if path[1:]:
        _remove(inner.get(path[0]), path[1:])
    else:
        inner.pop(path[0], None)
