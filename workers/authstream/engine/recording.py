"""Makes the records of executions: what a leg did, less what a record must not hold."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, cast

import orjson

from authstream.contracts.envelope import Command, Envelope
from authstream.contracts.execution import Execution
from authstream.contracts.verdict import Verdict
from authstream.engine.suspension import REDIRECT
from authstream.engine.trigger import Trigger
from authstream.engine.withheld import Path, Withheld

#: The code of a record of what came after its leg was decided.
LATE = "late"
_IDENTITY = ("flow_id", "leg", "tenant", "trigger", "subject", "requested_at")
_DECIDED = ("outcome", "code", "reason", "decided_at")
#: Of a verdict: what the record itself says, and a pointer that is good for whoever has it.
_ELSEWHERE = {*_IDENTITY, *_DECIDED, "state"}
#: Left out, in this order, of a record that would be too large.
_LARGE: tuple[tuple[str, object], ...] = (("commands", ()), ("verdict", {}))
#: A private key.
_SECRET: tuple[Path, ...] = (("verdict", "saml", "configuration", "key"),)


class Recorder:
    """Knows what to withhold: the secrets of each trigger's events, and an operator's rules."""

    def __init__(self, triggers: Mapping[str, Trigger], rules: Withheld | None = None) -> None:
        self._rules = rules or Withheld({})
        self._secrets = {
            name: (*_SECRET, *(("event", *path.split(".")) for path in trigger.sensitive))
            for name, trigger in triggers.items()
        }

    def decided(self, envelope: Envelope, verdict: Verdict) -> Execution:
        """The record of the execution behind a verdict."""
        said = {name: getattr(verdict, name) for name in (*_IDENTITY, *_DECIDED)}
        # By name: leaving out defaults would compare every one of them.
        there = {name for name, value in vars(verdict).items() if value and name not in _ELSEWHERE}
        members = verdict.model_dump(mode="json", include=there)
        if "redirect" in members:
            members["redirect"]["url"] = _without_query(members["redirect"]["url"])
        return self._record(envelope, {**said, "verdict": members})

    def late(self, envelope: Envelope, *, now: int) -> Execution:
        """What ran of a leg that was decided before its envelope came to assemble."""
        said = {name: getattr(envelope, name) for name in _IDENTITY}
        reason = "the leg was decided before this came to assemble"
        late = {"outcome": "failed", "code": LATE, "reason": reason, "late": True}
        return self._record(envelope, {**said, **late, "decided_at": now, "verdict": {}})

    def _record(self, envelope: Envelope, said: dict[str, Any]) -> Execution:
        leg = envelope.leg
        record = Execution(
            **said,
            runs=tuple(run for run in envelope.runs if run.leg == leg),
            client=envelope.client,
            event_sha256=envelope.event_sha256,
            deadline_at=envelope.deadline_at,
            commands=tuple(map(_recorded, (one for one in envelope.commands if one.leg == leg))),
            failed_by=envelope.failure.action if envelope.failure else None,
        )
        if self._rules or envelope.secretive or "saml" in record.verdict:
            return self._withheld(record, _loaded(envelope.event or b"{}"))
        return record

    def _withheld(self, record: Execution, event: Any) -> Execution:  # noqa: ANN401 - any JSON value
        members = {**record.model_dump(mode="json"), "event": event}
        for command in members["commands"]:
            command["arguments"] = _loaded(command["arguments"])
        members = self._rules.apply(members, self._secrets.get(record.trigger, _SECRET))
        for command in members["commands"]:
            command["arguments"] = orjson.dumps(command["arguments"])
        del members["event"]
        return Execution.model_validate(members)


def smaller(record: Execution) -> Iterator[Execution]:
    """The record with less and less in it, for one that is too large."""
    for name, nothing in _LARGE:
        record = record.model_copy(update={name: nothing, "cut": (*record.cut, name)})
        yield record


def _recorded(command: Command) -> Command:
    """As it was made; a redirect without what its link carries, which may be a token."""
    if command.name != REDIRECT:
        return command
    arguments = _loaded(command.arguments)
    there = cast("list[object]", arguments) if isinstance(arguments, list) else [""]
    url = _without_query(str(there[0]))
    return command.model_copy(update={"arguments": orjson.dumps([url])})


def _without_query(url: str) -> str:
    before, mark, _ = url.partition("?")
    return before + ("?…" if mark else "")


def _loaded(value: bytes | str) -> Any:  # noqa: ANN401 - any JSON value
    """JSON; what is none, from a forger, as text."""
    try:
        return orjson.loads(value)
    except orjson.JSONDecodeError:
        return value.decode(errors="replace") if isinstance(value, bytes) else value
