"""entry: from a published login to a planned flow, or to a clear failure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import orjson
import pytest

from authstream.apps.stages import triggers
from authstream.contracts import headers as h
from authstream.contracts.avro import decode, encode
from authstream.contracts.budgets import EVENT_BYTES, RECORD_BYTES
from authstream.contracts.envelope import Envelope, Origin
from authstream.contracts.login_event import LoginEvent
from authstream.engine.event_defaults import complete
from authstream.engine.identity import flow_id
from authstream.engine.plan import Binding, Flow
from authstream.engine.ports import Message, Output, Outputs
from authstream.engine.signature import verify
from authstream.errors import RecordError, UnsignedSlipError
from authstream.stages.deadline import CALLER_MARGIN
from authstream.stages.entry import Entry
from tests.samples import FLOW, NOW, TOPICS, TRIGGERS, event, message, requested

MILLISECOND = timedelta(milliseconds=1)
AVRO = {h.CONTENT_TYPE: h.AVRO_TYPE.decode()}
SECRET = "hunter2"


@dataclass
class Bound:
    """A flow of one action under a condition, then another; for one tenant."""

    when: str | None = None

    def choose(self, tenant: str, trigger: str) -> Flow | None:
        """The flow of `default`."""
        if tenant != "default":
            return None
        topics = [TOPICS.action("default", name) for name in ("crm", "claims")]
        bindings = (Binding("crm", 1, topics[0], self.when), Binding("claims", 2, topics[1]))
        return Flow(tenant, trigger, bindings)


def entry(*, when: str | None = None, slip_key: bytes | None = None) -> Entry:
    """The stage over `Bound`."""
    return Entry(topics=TOPICS, triggers=TRIGGERS, flows=Bound(when), slip_key=slip_key)


def answered(stage: Entry, record: Message) -> Outputs:
    """What it gives at once, as it does without a profile store."""
    outputs = stage.handle(record)
    assert isinstance(outputs, list)
    return outputs


def forwarded(stage: Entry, record: Message) -> tuple[str, Envelope]:
    """Where the one output of a valid login goes, and what it is."""
    (output,) = answered(stage, record)
    return output.topic, decode(Envelope, output.value)


def refusal(stage: Entry, record: Message) -> tuple[Output, Envelope, RecordError]:
    """Dead letter, failed flow and error of a login that is refused."""
    with pytest.raises(RecordError) as caught:
        stage.handle(record)
    letter, failed = stage.refuse(record, caught.value)
    assert (letter.topic, failed.topic) == (TOPICS.dead_letter, TOPICS.assemble)
    return letter, decode(Envelope, failed.value), caught.value


def whole() -> dict[str, Any]:
    """An event that lacks nothing."""
    made = event()
    complete(TRIGGERS["post-login"].event, made)
    return made


def test_what_a_provider_leaves_out_is_filled_in() -> None:
    """Members that Auth0 always sends: actions need no guard for them."""
    _, flow = forwarded(entry(when="event.stats.logins_count == 0"), requested(event()))
    assert orjson.loads(flow.event) == whole()
    assert flow.slip.position == 0


def test_a_login_goes_to_the_first_action_of_its_flow() -> None:
    """Planned and pinned, with a whole event's bytes as they were published."""
    record = requested(whole())
    topic, flow = forwarded(entry(), record)
    assert topic == TOPICS.action("default", "crm")
    assert [(one.action, one.version) for one in flow.slip.steps] == [("crm", 1), ("claims", 2)]
    assert (flow.event, flow.flow_id, flow.subject) == (record.value, FLOW, "user-1")
    assert (flow.requested_at, flow.deadline_at) == (NOW, NOW + 20_000)


def test_every_record_of_a_user_has_one_key_from_here_on() -> None:
    """Whatever key the provider wrote: tenant and user id."""
    (output,) = answered(entry(), requested(event())._replace(key=b"round robin"))
    assert output.key == b"default/user-1"


def test_a_skipped_first_step_is_passed_over() -> None:
    """The flow begins at the first step whose condition holds."""
    topic, flow = forwarded(entry(when="event.client.name == 'Other'"), requested(event()))
    assert (topic, flow.slip.position) == (TOPICS.action("default", "claims"), 1)


def test_a_login_without_a_flow_goes_straight_to_assemble() -> None:
    """Nothing bound for its tenant: the provider still gets a verdict."""
    topic, flow = forwarded(entry(), requested(event(tenant={"id": "acme"})))
    assert (topic, flow.slip.steps, flow.tenant) == (TOPICS.assemble, (), "acme")


def test_a_provider_may_publish_avro() -> None:
    """A LoginEvent carries the id, so no CloudEvents header is needed."""
    body = orjson.dumps(whole())
    login = LoginEvent(id="login-1", source="idp", data=body)
    record = message(TOPICS.requested("post-login"), encode(login), headers=AVRO)
    _, flow = forwarded(entry(), record)
    assert (flow.flow_id, flow.event) == (FLOW, body)


def test_a_retry_of_the_provider_is_the_same_flow() -> None:
    """Same tenant, trigger, source and event id; any of them different, another flow."""
    flow = [forwarded(entry(), requested(event(), event_id=name))[1].flow_id for name in "aab"]
    assert flow[0] == flow[1] != flow[2]
    assert flow[0] == flow_id("default", "post-login", "idp", "a", subject="user-1")


def test_without_a_stable_id_each_record_is_a_new_flow() -> None:
    """`dedup: none`: the id may even be the same for all."""
    record = requested(event(), authstream_dedup="none")
    ids = {forwarded(entry(), record)[1].flow_id for _ in range(3)}
    assert len(ids) == 3


def test_the_deadline_is_what_the_caller_will_wait_less_a_margin() -> None:
    """If that is before the trigger's own."""
    early = requested(event(), authstream_deadline=f"{NOW + 3_000}")
    late = requested(event(), authstream_deadline=f"{NOW + 90_000}")
    broken = requested(event(), authstream_deadline="9" * 5_000)
    deadlines = [
        forwarded(entry(), record)[1].deadline_at - NOW for record in (early, late, broken)
    ]
    assert deadlines == [3_000 - CALLER_MARGIN // MILLISECOND, 20_000, 20_000]


def test_the_callers_address_and_trace_are_carried_on() -> None:
    """Reply partition, correlation id and trace context; the first of each, nothing huge."""
    record = requested(
        event(), authstream_reply_partition="3", traceparent="00-a-b-01", baggage="x" * 10_000
    )
    record = record._replace(headers=(*record.headers, ("traceparent", b"second")))
    (output,) = answered(entry(), record)
    assert h.number(output.headers, h.REPLY_PARTITION) == 3
    assert [value for name, value in output.headers if name == "traceparent"] == [b"00-a-b-01"]
    assert h.first(output.headers, "baggage") is None


def test_a_slip_is_signed_where_a_key_is_configured() -> None:
    """So that no stage runs what entry did not plan."""
    _, flow = forwarded(entry(slip_key=b"key"), requested(event()))
    verify(flow, b"key")
    with pytest.raises(UnsignedSlipError):
        verify(flow, b"other")


@pytest.mark.parametrize(
    ("body", "named"),
    [
        (b"", "not JSON"),
        (b"{", "not JSON"),
        (b"[]", "event: "),
        (event(user={}), "user.user_id"),
        (event(request={"ip": 5}), "request.ip"),
        ({"user": {"user_id": "u"}}, "and 1 more"),
    ],
)
def test_an_invalid_event_fails_with_the_member_that_is_wrong(body: bytes, named: str) -> None:
    """The verdict and the dead letter say what to correct."""
    letter, flow, error = refusal(entry(), requested(body))
    assert flow.failure is not None
    assert flow.failure.code == "invalid_event"
    assert named in flow.failure.reason == str(error)
    assert h.text(letter.headers, h.DEAD_REASON) == "invalid_event"
    assert named in (h.text(letter.headers, h.DEAD_DETAIL) or "")


def test_an_error_names_no_value_of_the_event() -> None:
    """Personal data stays out of verdicts and headers."""
    _, _, error = refusal(entry(), requested(event(user={"user_id": {"secret": SECRET}})))
    assert SECRET not in str(error)


def test_a_dead_letter_says_where_its_record_was() -> None:
    """Topic, partition, offset, time and stage; its own headers stay."""
    letter, _, _ = refusal(entry(), requested(b"{")._replace(partition=2, offset=9))
    said = [h.text(letter.headers, name) for name in (h.DEAD_TOPIC, h.DEAD_STAGE, h.CE_ID)]
    assert said == ["auth.post-login.requested.v1", "entry", "login-1"]
    numbers = (h.DEAD_PARTITION, h.DEAD_OFFSET, h.DEAD_TIMESTAMP)
    assert [h.number(letter.headers, name) for name in numbers] == [2, 9, NOW]


def test_an_event_without_an_id_is_refused() -> None:
    """Or with an empty one, which would make all logins one flow."""
    for record in (requested(event(), event_id=""), requested(event())._replace(headers=())):
        _, flow, error = refusal(entry(), record)
        assert h.CE_ID in str(error)
        assert flow.flow_id != FLOW


def test_an_event_over_its_budget_is_refused() -> None:
    """256 kB, and nothing of it goes on."""
    _, flow, error = refusal(entry(), requested(event(extra="x" * EVENT_BYTES)))
    assert (error.code, flow.event) == ("too_large", b"")


def test_a_dead_letter_is_never_too_large_to_be_written() -> None:
    """A value, key or headers up to the broker's limit are cut, and the letter says so."""
    whole = b"x" * (1024 * 1024)
    record = requested(whole)._replace(key=whole, headers=(("huge", whole), (h.CE_ID, b"1")))
    letter, _, _ = refusal(entry(), record)
    size = len(letter.key or b"") + len(letter.value or b"")
    size += sum(len(name) + len(value) for name, value in letter.headers)
    assert size <= RECORD_BYTES + 100
    assert h.number(letter.headers, h.DEAD_BYTES) == len(whole)


def test_a_user_id_as_large_as_an_event_is_refused() -> None:
    """Key and subject go into every record of the flow, more than once."""
    _, flow, error = refusal(entry(), requested(event(user={"user_id": "u" * 2_000})))
    assert error.code == "invalid_event"
    assert (flow.subject, len(flow.key) < 100) == (None, True)


def test_a_condition_that_cannot_be_evaluated_fails_the_login() -> None:
    """Under the key that it would have had: one partition decides all tries of a flow."""
    _, flow, error = refusal(entry(when="event.session.id == 's'"), requested(event()))
    assert error.code == "condition_error"
    assert (flow.flow_id, flow.key) == (FLOW, "default/user-1")


def test_an_invalid_event_has_the_ids_that_a_valid_one_would_have() -> None:
    """So that a corrected retry does not get a second verdict from another partition."""
    broken = event(tenant={"id": "acme"}, request={})
    _, flow, _ = refusal(entry(), requested(broken))
    assert flow.flow_id == flow_id("acme", "post-login", "idp", "login-1", subject="user-1")
    assert (flow.tenant, flow.key) == ("acme", "acme/user-1")


def test_sensitive_members_are_not_in_a_dead_letter() -> None:
    """Passwords and one-time codes go first; the rest of the event is kept."""
    body = {"password": SECRET, "code": SECRET, "grant_type": "password"}
    broken = event(user={}, request={"ip": "192.0.2.1", "body": body, "query": {"code": SECRET}})
    letter, _, _ = refusal(entry(), requested(broken))
    assert SECRET.encode() not in (letter.value or b"")
    assert orjson.loads(letter.value or b"")["request"]["body"] == {"grant_type": "password"}


def test_sensitive_members_of_an_avro_event_are_not_in_a_dead_letter() -> None:
    """The JSON inside is stripped, the record stays readable."""
    broken = event(user={}, request={"ip": "192.0.2.1", "body": {"password": SECRET}})
    login = LoginEvent(id="1", source="idp", data=orjson.dumps(broken))
    record = message(TOPICS.requested("post-login"), encode(login), headers=AVRO)
    letter, _, _ = refusal(entry(), record)
    assert SECRET.encode() not in decode(LoginEvent, letter.value).data


@pytest.mark.parametrize(
    "value", [b'{"request": {"body": {"password": "hunter2"', b"{'code': 'hunter2'}"]
)
@pytest.mark.parametrize("headers", [{}, AVRO])
def test_what_cannot_be_parsed_but_names_a_secret_is_withheld(
    value: bytes, headers: dict[str, str]
) -> None:
    """The original is where it was published; the dead letter has its place."""
    record = message(TOPICS.requested("post-login"), value, headers=headers)
    letter, _, _ = refusal(entry(), record)
    assert letter.value == b""


def test_what_cannot_be_parsed_and_names_no_secret_is_kept() -> None:
    """Bad input is kept for whoever looks into it."""
    letter, _, _ = refusal(entry(), requested(b'{"countryCode": "DE"'))
    assert letter.value == b'{"countryCode": "DE"'


@pytest.mark.parametrize(
    ("trigger", "headers", "origin"),
    [
        ("event-stream", {}, Origin(partition=3, offset=9)),
        ("event-stream", {h.TRIES: "2"}, Origin(partition=3, offset=9, attempt=2)),
        ("event-stream", {h.RETRIES: "no"}, None),
        ("post-login", {}, None),
    ],
)
def test_where_an_event_is_goes_along_if_it_may_be_tried_again(
    trigger: str, headers: dict[str, str], origin: Origin | None
) -> None:
    """Not of a login, nor of what its publisher tries again."""
    stage = Entry(topics=TOPICS, triggers=triggers(), flows=Bound(), slip_key=None)
    said = {"id": "e", "source": "s", "specversion": "1.0", "type": "user.created"}
    body = {"message": said} if trigger == "event-stream" else event()
    record = message(
        TOPICS.requested(trigger),
        orjson.dumps(body),
        headers={h.CE_ID: "e", **headers},
        partition=3,
        offset=9,
    )
    _, envelope = forwarded(stage, record)
    assert envelope.origin == origin
