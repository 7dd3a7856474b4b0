"""What every identity provider's adapter promises, for each one that is installed."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import orjson
import pytest

from authstream.apps.gateway import providers
from authstream.apps.stages import triggers
from authstream.contracts.verdict import Claims, Verdict
from authstream.engine.provider import UNAVAILABLE, Answer, Refusal
from authstream.errors import InvalidCallError, UnauthenticatedError
from tests.provider_calls import NEXT_SECRET, OTHER_KEY, SECRET, Example, examples, peer
from tests.samples import verdict

MESSAGE = 'Blocked by "policy" für dich'
EVERY = pytest.mark.parametrize("example", examples(), ids=str)


def allowed(**members: object) -> Verdict:
    """An allowing verdict with a claim in each token."""
    claims = Claims(id_token={"badge": "b7x"}, access_token={"badge": "b7x"})
    return verdict(outcome="allowed", **{"claims": claims, **members})


def carried(answer: Answer, what: str) -> bool:
    """Whether a text is in an answer, however its JSON escapes it."""
    return bool(answer.body) and what in orjson.dumps(orjson.loads(answer.body)).decode()


@EVERY
def test_a_signed_call_is_authentic(example: Example) -> None:
    """The provider's own call is taken, with the present secret and with the next one."""
    provider = example.provider
    provider.authenticate(example.call(), peer(provider))
    both = peer(provider, secrets=(SECRET, NEXT_SECRET))
    provider.authenticate(example.call(secret=NEXT_SECRET), both)


@EVERY
def test_a_wrong_proof_is_refused(example: Example) -> None:
    """Another's secret or key, a changed body and no proof at all are refused."""
    provider = example.provider
    foreign = example.call(secret=NEXT_SECRET, key=OTHER_KEY)
    bare = replace(example.call(), headers={"host": "gateway"}, body=example.sample.body)
    for call in (foreign, bare):
        with pytest.raises(UnauthenticatedError):
            provider.authenticate(call, peer(provider))


@EVERY
def test_an_old_call_is_refused(example: Example) -> None:
    """Where the proof has a time, one of an hour ago is not taken again."""
    provider = example.provider
    if not timed(example):
        return
    now = example.call().received_at
    old = example.call(at=now - timedelta(hours=1) // timedelta(milliseconds=1))
    with pytest.raises(UnauthenticatedError):
        provider.authenticate(replace(old, received_at=now), peer(provider))


def timed(example: Example) -> bool:
    """Whether the proof changes with the time."""
    one, other = example.call(at=1_700_000_000_000), example.call(at=1_700_000_900_000)
    return (one.headers, one.body) != (other.headers, other.body)


@EVERY
def test_an_event_is_valid_for_its_trigger(example: Example) -> None:
    """What is asked has the members that its trigger requires, and the connection's tenant."""
    asked = example.provider.parse(example.call(), peer(example.provider))
    if asked.trigger not in triggers():
        return  # of a trigger that is not installed, or nothing to ask
    trigger = triggers()[asked.trigger]
    event = trigger.parse(orjson.dumps(asked.event))
    assert trigger.tenant(event) == "acme"


@EVERY
def test_the_same_call_is_the_same_question(example: Example) -> None:
    """Parsing is a pure function: a retry has the same id and the same event."""
    call, mine = example.call(), peer(example.provider)
    assert example.provider.parse(call, mine) == example.provider.parse(call, mine)


@pytest.mark.parametrize("header", ["ce-id", "webhook-id", "idempotency-key"])
def test_a_generic_call_may_name_its_event(header: str) -> None:
    """So that its retry is the same login, and another login with the same body is not."""
    example = next(one for one in examples() if one.provider.name == "generic")
    call, who = example.call(), peer(example.provider)
    said = {"ce-specversion": "1.0", header: "e-7"}
    named = replace(call, headers={**call.headers, **said})
    assert example.provider.parse(call, who).id is None
    assert example.provider.parse(named, who).id == "e-7"


@EVERY
def test_a_verdict_is_carried_or_reported(example: Example) -> None:
    """A claim is in the answer, or the answer says that it is lost."""
    provider, mine = example.provider, peer(example.provider)
    asked = provider.parse(example.call(), mine)
    if asked.trigger is None:
        return
    answer = provider.allow(asked, allowed(), mine)
    lost = any(part.startswith("claims.") for part in answer.lost)
    assert lost or carried(answer, "b7x"), answer


@EVERY
def test_a_denial_has_its_text_or_reports_it(example: Example) -> None:
    """The text for the user is in the answer, or the answer says that it is lost."""
    provider, mine = example.provider, peer(example.provider)
    asked = provider.parse(example.call(), mine)
    denied = verdict(outcome="denied", code="access_denied", user_message=MESSAGE)
    answer = provider.deny(asked, Refusal(MESSAGE, "access_denied", denied), mine)
    said = orjson.dumps(MESSAGE).decode()
    assert carried(answer, said) or "message" in answer.lost, answer
    if provider.carries_message:
        assert carried(answer, said)


@EVERY
def test_a_denial_is_not_an_allowance(example: Example) -> None:
    """Whether closed by policy or denied, the answer differs from what lets the user in."""
    provider, mine = example.provider, peer(example.provider)
    asked = provider.parse(example.call(), mine)
    open_answer = provider.unchanged(asked, mine)
    refusal = Refusal(UNAVAILABLE, "timeout", None)
    for answer in (
        provider.deny(asked, refusal, mine),
        provider.unavailable(asked, refusal, mine),
    ):
        assert (answer.status, answer.body) != (open_answer.status, open_answer.body)


@EVERY
def test_a_refusal_is_not_tried_again(example: Example) -> None:
    """Providers repeat a call after 429 and 5xx: a closed connection must not make them."""
    provider, mine = example.provider, peer(example.provider)
    asked = provider.parse(example.call(), mine)
    answer = provider.unavailable(asked, Refusal(UNAVAILABLE, "timeout", None), mine)
    assert answer.status < 500
    assert answer.status != 429


@EVERY
def test_nothing_a_verdict_says_becomes_a_header(example: Example) -> None:
    """A claim or a message with line breaks stays inside the JSON body."""
    provider, mine = example.provider, peer(example.provider)
    asked = provider.parse(example.call(), mine)
    evil = "x\r\nset-cookie: a=b"
    claims = Claims(id_token={evil: evil}, access_token={evil: evil})
    answers = [
        provider.allow(asked, allowed(claims=claims), mine),
        provider.deny(asked, Refusal(evil, "access_denied", None), mine),
    ]
    headers = [f"{name}: {value}" for answer in answers for name, value in answer.headers.items()]
    assert not any("\r" in line or "\n" in line or "set-cookie" in line for line in headers)


@pytest.mark.parametrize("name", sorted(providers()))
def test_setup_names_the_address(name: str) -> None:
    """What is to be pasted has the URL in it and no brackets left over from a template."""
    said = providers()[name].setup("https://gateway.example.com/hooks/x")
    assert "https://gateway.example.com/hooks/x" in said
    assert "{{" not in said
    assert "{url}" not in said


@pytest.mark.parametrize("name", sorted(set(providers()) - {"generic"}))
@pytest.mark.parametrize("body", [b"", b"[]", b"null", b'"x"', b"{", b"{}", b'{"data": 7}'])
def test_a_body_of_another_form_is_refused(name: str, body: bytes) -> None:
    """Whatever it is, the error is ours. `generic` takes any object: the trigger looks at it."""
    example = next(one for one in examples() if one.provider.name == name)
    call = replace(example.call(), body=body)
    with pytest.raises(InvalidCallError):
        example.provider.parse(call, peer(example.provider))
