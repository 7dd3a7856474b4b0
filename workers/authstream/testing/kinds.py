"""What every kind of effect promises, checked: for a kind of your own, as for those installed."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from authstream.contracts.effect import Effect
from authstream.engine.delivery import Delivery, parsed
from authstream.errors import DeliveryError

#: What `api.effects.send` takes, and topics can be named after.
_NAME = re.compile(r"[a-z][a-z0-9-]{0,62}")


async def check_kind(kind: Delivery, payload: Mapping[str, Any]) -> None:
    """Check a kind with a payload that it takes; nothing is delivered.

    Raises AssertionError, which says what is promised and not kept.
    """
    _check_name(kind.name)
    _check_schema(kind)
    _check_refusal(kind)
    parsed(kind.inputs, kind.name, payload)
    # A worker may host its stage more than once in its life.
    for _ in range(2):
        await kind.start()
        _hold(kind.destination(_effect(kind, payload)), "a destination has a name")
        for trigger in kind.providers:
            _hold(kind.event(_effect(kind, payload), trigger), f"{trigger} is told nothing")
        await kind.stop()


def _check_name(name: str) -> None:
    _hold(_NAME.fullmatch(name), f"{name!r} is no name that an action can order")
    _hold(not name.startswith("retry-"), f"{name!r} is the name of a delay")


def _check_schema(kind: Delivery) -> None:
    schema = kind.inputs.model_json_schema()
    _hold(schema.get("type") == "object", "the payload is an object")
    _hold(schema.get("additionalProperties") is False, "a member too many must be a mistake")
    _hold(schema.get("description"), "the model of the payload says what it is, for its form")


def _check_refusal(kind: Delivery) -> None:
    try:
        parsed(kind.inputs, kind.name, {"secret-member": "secret-value"})
    except DeliveryError as error:
        _hold(error.permanent, "a payload of another shape is refused for good")
        _hold("secret-value" not in f"{error}", "an error names members, never what is in them")
    else:
        raise AssertionError("a payload of another shape must be refused")


def _hold(kept: object, promise: str) -> None:
    if not kept:
        raise AssertionError(promise)


def _effect(kind: Delivery, payload: Mapping[str, Any]) -> Effect:
    return Effect(
        id="3f1d4f6e-0000-5000-8000-000000000001",
        kind=kind.name,
        flow_id="flow-1",
        leg=0,
        tenant="default",
        trigger="post-login",
        action="action",
        payload=dict(payload),
        ordered_at=1_700_000_000_000,
    )
