"""Whatever is sent to an adapter, it answers with one of its two errors and with nothing else."""

from __future__ import annotations

import os
import random
from contextlib import suppress
from dataclasses import replace
from typing import Any, cast

import jwt
import orjson
import pytest

from authstream.apps.gateway import providers
from authstream.engine.provider import Call
from authstream.errors import InvalidCallError, UnauthenticatedError
from tests.keycloak_events import EVENT, LINE
from tests.provider_calls import Example, examples, peer

EXAMPLES_EACH = 2_000
#: Over all adapters, with FULL=1.
FULL_EXAMPLES = 1_000_000
HEADERS = sorted({name for one in examples() for name in one.call().headers} | {"ce-id"})
VALUES: tuple[Any, ...] = (
    *(None, True, False, 0, -1, 2**63 - 1, 1e300, "", "\u0000", "é" * 40, "\ud7ff", "."),
    *([], [[]], [None], ["x"], [{}], {}, {"": None}, {"id": {}}, {"x": [1]}),
)
PIECES = (b"", b"null", b"[]", b"{}", b'"', b"\xff", b"-1", b"1e999", b"\\u0000")


def shown(call: Call, example: Example) -> None:
    """Give a call to the adapter: no error but ours may come out."""
    mine = peer(example.provider)
    with suppress(UnauthenticatedError):
        example.provider.authenticate(call, mine)
    try:
        asked = example.provider.parse(call, mine)
    except InvalidCallError:
        return
    orjson.dumps(asked.event)
    example.provider.unchanged(asked, mine)


def told(record: bytes, example: Example) -> None:
    """Give a record of its own log to the adapter."""
    with suppress(InvalidCallError):
        heard = example.provider.hear(record, peer(example.provider))
        if heard is not None:
            orjson.dumps(heard.event)


def replaced(value: Any, chance: random.Random) -> Any:
    """A JSON value with one of its members, somewhere, replaced or taken away."""
    if isinstance(value, dict) and value:
        inside = cast("dict[str, Any]", value)
        name = chance.choice(sorted(inside))
        if chance.random() < 0.25:
            return {key: one for key, one in inside.items() if key != name}
        return {**inside, name: replaced(inside[name], chance)}
    if isinstance(value, list) and value and chance.random() < 0.5:
        listed = cast("list[object]", value)
        at = chance.randrange(len(listed))
        return [*listed[:at], replaced(listed[at], chance), *listed[at + 1 :]]
    return chance.choice(VALUES)


def mutated(body: bytes, chance: random.Random) -> bytes:
    """A body with some bytes changed, dropped, doubled or swapped for another piece of it."""
    found = bytearray(body)
    for _ in range(chance.randint(1, 6)):
        at = chance.randrange(len(found) + 1)
        end = min(len(found), at + chance.randint(0, 12))
        found[at:end] = chance.choice((*PIECES, bytes(found[end : end + 9])))
    return bytes(found)


def strange(call: Call, chance: random.Random) -> Call:
    """A call that is wrong in its body, as JSON or byte by byte, or in a header."""
    way = chance.random()
    if way < 0.45:
        body = orjson.dumps(replaced(orjson.loads(call.body), chance))
        return replace(call, body=body)
    if way < 0.75:
        return replace(call, body=mutated(call.body, chance))
    name = chance.choice(HEADERS)
    text = mutated(call.headers.get(name, "t=1,v1=x").encode(), chance).decode("latin-1")
    return replace(call, headers={**call.headers, name: text})


@pytest.mark.timeout(900)  # of a million
@pytest.mark.parametrize("name", sorted(providers()))
def test_only_clear_errors_come_out_of_any_call(name: str) -> None:
    """2 000 calls for each adapter, each an own sample with something wrong in it."""
    own = [(one, one.call()) for one in examples() if one.provider.name == name]
    chance = random.Random(20_261_124)
    each = FULL_EXAMPLES // len(providers()) if os.environ.get("FULL") else EXAMPLES_EACH
    for number in range(each):
        example, call = own[number % len(own)]
        shown(strange(call, chance), example)


def test_only_clear_errors_come_out_of_a_providers_own_log() -> None:
    """As of any call, for events and for lines of a log."""
    example = next(one for one in examples() if one.provider.tells)
    records = [orjson.dumps(said) for said in (EVENT, LINE)]
    chance = random.Random(20_261_124)
    for number in range(EXAMPLES_EACH):
        own = Call(hook="", body=records[number % len(records)])
        told(strange(own, chance).body, example)


def test_inner_tokens_are_looked_into() -> None:
    """Google's call is in a token: the token's own members are made strange too."""
    own = [(one, one.call()) for one in examples() if one.provider.name == "google"]
    chance = random.Random(20_261_124)
    for number in range(EXAMPLES_EACH):
        example, call = own[number % len(own)]
        shown(replace(call, body=_within(call.body, chance)), example)


def _within(body: bytes, chance: random.Random) -> bytes:

    token = orjson.loads(body)["data"]["jwt"]
    claims = jwt.decode(token, options={"verify_signature": False})
    changed = replaced(claims, chance)
    made = jwt.api_jws.encode(orjson.dumps(changed), "", algorithm="none")
    return orjson.dumps({"data": {"jwt": made}})
