"""Which commands suspend a flow, whether it may be, and what its verdict then asks for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import orjson

from authstream.contracts.codes import INTERACTION_REQUIRED, REDIRECT_UNSUPPORTED
from authstream.contracts.envelope import Command, Envelope, Failure
from authstream.engine.trigger import Trigger

REDIRECT = "redirect.sendUserTo"
RENDER = "prompt.render"
_CHALLENGES = ("authentication.challengeWith", "authentication.challengeWithAny")
_ENROLMENTS = ("authentication.enrollWith", "authentication.enrollWithAny")
MFA = frozenset((*_CHALLENGES, *_ENROLMENTS))
#: After an action that made one of these no other runs until the browser is back.
SUSPENDING = frozenset((REDIRECT, RENDER, *MFA))
#: Protocols without a browser that could be sent away (Auth0's `canRedirect`).
_WITHOUT_BROWSER = frozenset(
    ("oauth2-resource-owner", "oauth2-refresh-token", "oauth2-password", "oauth2-webauthn")
)


def suspends(names: Sequence[str]) -> bool:
    """Whether an action that made these commands suspends its flow, if it does not deny."""
    return any(name in SUSPENDING for name in names)


def asked(envelope: Envelope, *, leg: int | None = None) -> list[Command]:
    """The suspending commands of a leg, by default the envelope's own."""
    number = envelope.leg if leg is None else leg
    return [
        command
        for command in envelope.commands
        if command.leg == number and command.name in SUSPENDING
    ]


def refusal(envelope: Envelope, trigger: Trigger) -> Failure | None:
    """Why a flow cannot be suspended where an action asked for it."""
    action = envelope.runs[-1].action
    if trigger.continues is None:
        why = f"flows of {trigger.name} cannot be resumed"
    elif not envelope.interactive:
        why = "the provider cannot send the browser away"
    else:
        return _forbidden_by(orjson.loads(envelope.event), action)
    return Failure(code=REDIRECT_UNSUPPORTED, reason=why, action=action)


def _forbidden_by(event: dict[str, Any], action: str) -> Failure | None:
    transaction: dict[str, Any] = event.get("transaction") or {}
    if "none" in (transaction.get("prompt") or []):
        why = "the application asked for a login without any page (prompt=none)"
        return Failure(code=INTERACTION_REQUIRED, reason=why, action=action)
    if transaction.get("protocol") in _WITHOUT_BROWSER:
        why = f"{transaction['protocol']} has no browser to send away"
        return Failure(code=REDIRECT_UNSUPPORTED, reason=why, action=action)
    return None


def parts(commands: Sequence[Command], state: str) -> dict[str, dict[str, Any]]:
    """The members `redirect`, `prompt` and `mfa` of a suspended verdict.

    `{"url"}`, with query and state in it; `{"id", "fields", "vars"}`; `{"steps": [{"type":
    "challenge" or "enroll", "factor", "additional_factors"} or {"type", "factors"}]}`, in order.
    """
    redirect: dict[str, Any] = {}
    prompt: dict[str, Any] = {}
    steps: list[dict[str, Any]] = []
    for command in commands:
        first, options = _arguments(command)
        if command.name == REDIRECT:
            redirect = {"url": destination(first, options.get("query") or {}, state=state)}
        elif command.name == RENDER:
            prompt = {"id": first, **{name: options.get(name) or {} for name in ("fields", "vars")}}
        else:
            steps.append(_factors(command.name, first, options))
    return {"redirect": redirect, "prompt": prompt, "mfa": {"steps": steps} if steps else {}}


def _arguments(command: Command) -> tuple[Any, dict[str, Any]]:
    first, *rest = orjson.loads(command.arguments)
    return first, (rest[0] if rest else None) or {}


def _factors(name: str, first: Any, options: dict[str, Any]) -> dict[str, Any]:  # noqa: ANN401 - a factor or several, as the action gave them
    kind = "challenge" if name in _CHALLENGES else "enroll"
    if name.endswith("Any"):
        return {"type": kind, "factors": first}
    return {
        "type": kind,
        "factor": first,
        "additional_factors": options.get("additionalFactors") or [],
    }


def destination(url: str, query: dict[str, Any], *, state: str) -> str:
    """Where the browser goes: the URL, with the query and the state added to what it has."""
    return with_query(url, {**query, "state": state})


def with_query(url: str, query: dict[str, Any]) -> str:
    """The URL with members added to its query; those of a name that is there replace it."""
    if not query:
        return url
    there = urlsplit(url)
    added = {name: _text(value) for name, value in query.items()}
    kept = parse_qsl(there.query, keep_blank_values=True)
    pairs = [*((name, value) for name, value in kept if name not in added), *added.items()]
    return there._replace(query=urlencode(pairs)).geturl()


def _text(value: object) -> str:
    """A query value as JavaScript's `URLSearchParams` writes it."""
    return value if isinstance(value, str) else orjson.dumps(value).decode()
