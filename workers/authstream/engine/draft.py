"""A verdict in the making: what each command adds to it, in order."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import orjson

from authstream.contracts.envelope import Command
from authstream.contracts.parameter import CommandRefusedError
from authstream.contracts.verdict import Dropped, EffectOrder
from authstream.engine.identity import effect_id
from authstream.engine.restricted import app_metadata_refusal, claim_refusal


@dataclass(frozen=True, slots=True)
class Denial:
    """An action said no. A value, not an exception."""

    action: str
    code: str
    reason: str
    user_message: str | None = None


@dataclass(slots=True)
class Draft:
    """Mutable while the fold runs; nothing keeps it afterwards."""

    flow_id: str
    leg: int
    id_token: dict[str, Any] = field(default_factory=dict[str, Any])
    access_token: dict[str, Any] = field(default_factory=dict[str, Any])
    app_metadata: dict[str, Any] = field(default_factory=dict[str, Any])
    user_metadata: dict[str, Any] = field(default_factory=dict[str, Any])
    effects: list[EffectOrder] = field(default_factory=list[EffectOrder])
    dropped: list[Dropped] = field(default_factory=list[Dropped])
    denial: Denial | None = None

    def apply(self, command: Command) -> None:
        """Add one command.

        Raises CommandRefusedError for one that no action can have recorded under today's table.
        """
        try:
            RULES[command.name](self, command, orjson.loads(command.arguments))
        except (LookupError, ValueError, TypeError, AttributeError) as error:
            raise CommandRefusedError(
                f"command api.{command.name} of action {command.action} is not one that this "
                "version knows: upgrade the assemble workers before the action workers"
            ) from error

    def drop(self, command: Command, target: str, reason: str) -> None:
        """List a command that does not take effect."""
        self.dropped.append(
            Dropped(action=command.action, command=command.name, target=target, reason=reason)
        )


Rule = Callable[[Draft, Command, list[Any]], None]


def _claim(token: str) -> Rule:
    def rule(draft: Draft, command: Command, arguments: list[Any]) -> None:
        name, value = arguments
        refusal = claim_refusal(name)
        if refusal is None:
            getattr(draft, token)[name] = value
        else:
            draft.drop(command, name, refusal)

    return rule


def _app_metadata(draft: Draft, command: Command, arguments: list[Any]) -> None:
    key, value = arguments
    refusal = app_metadata_refusal(key)
    if refusal is None:
        draft.app_metadata[key] = value
    else:
        draft.drop(command, key, refusal)


def _user_metadata(draft: Draft, _command: Command, arguments: list[Any]) -> None:
    key, value = arguments
    draft.user_metadata[key] = value


def _deny(draft: Draft, command: Command, arguments: list[Any]) -> None:
    # The first denial counts: the action may run on after it, the flow does not.
    if draft.denial is None:
        draft.denial = Denial(
            action=command.action,
            code="access_denied",
            reason=arguments[0],
            user_message=arguments[0],
        )


def _effect(draft: Draft, command: Command, arguments: list[Any]) -> None:
    kind, payload, *rest = arguments
    options: dict[str, Any] = rest[0] if rest and rest[0] else {}
    draft.effects.append(
        EffectOrder(
            id=effect_id(draft.flow_id, draft.leg, len(draft.effects)),
            kind=kind,
            action=command.action,
            payload=payload,
            on=options.get("on", "allowed"),
            key=options.get("key"),
            delay_ms=int(options.get("delay", 0) * 1000),
        )
    )


def _visible_only(_draft: Draft, _command: Command, _arguments: list[Any]) -> None:
    """Transaction metadata is shared within the flow and is no part of the verdict."""


#: One rule for each command of `contracts/api.py` (a test compares the two).
RULES: dict[str, Rule] = {
    "access.deny": _deny,
    "idToken.setCustomClaim": _claim("id_token"),
    "accessToken.setCustomClaim": _claim("access_token"),
    "user.setAppMetadata": _app_metadata,
    "user.setUserMetadata": _user_metadata,
    "transaction.setMetadata": _visible_only,
    "effects.send": _effect,
}
