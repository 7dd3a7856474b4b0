"""entry: validates a login event, plans its flow and sends it on its way."""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import orjson

from authstream import telemetry
from authstream.contracts import headers as h
from authstream.contracts.avro import decode, encode
from authstream.contracts.budgets import EVENT_BYTES, KEY_BYTES
from authstream.contracts.envelope import Envelope, Failure, Origin
from authstream.contracts.login_event import LoginEvent
from authstream.contracts.slug import DEFAULT_TENANT
from authstream.contracts.topics import Topics
from authstream.engine import emergency, identity
from authstream.engine.event_defaults import complete
from authstream.engine.plan import BreakGlass, Flow, Flows, current, in_force, plan
from authstream.engine.ports import Message, Output, Outputs, Stage
from authstream.engine.signature import signed
from authstream.engine.trigger import Trigger
from authstream.errors import InvalidEventError, RecordError, TooLargeError
from authstream.stages.deadline import deadline
from authstream.stages.hydration import Hydration
from authstream.stages.outputs import dead_letter, envelope_output


@dataclass(frozen=True, slots=True)
class _Published:
    """What a provider published, whichever way it wrote it."""

    id: str | None
    source: str
    dedup: bool
    data: bytes


class Entry(Stage):
    """Reads every `requested` topic.

    One output for each message, to the first step or to assemble.
    """

    name = "entry"

    def __init__(
        self,
        *,
        topics: Topics,
        triggers: dict[str, Trigger],
        flows: Flows,
        slip_key: bytes | None,
        hydration: Hydration | None = None,
    ) -> None:
        self.topics = tuple(topics.requested(name) for name in triggers)
        self.frequent = tuple(topics.requested(n) for n, one in triggers.items() if one.frequent)
        self._names = topics
        self._triggers = triggers
        self._flows = flows
        self._slip_key = slip_key
        self._hydration = hydration

    async def start(self) -> None:
        """Connect to the profile store, where metadata is filled in."""
        if self._hydration is not None:
            await self._hydration.start()

    async def stop(self) -> None:
        """Leave it."""
        if self._hydration is not None:
            await self._hydration.stop()

    def handle(self, message: Message) -> Outputs | Awaitable[Outputs]:
        """The planned flow. Raises RecordError for an invalid event."""
        trigger = self._triggers[self._names.trigger_of(message.topic)]
        envelope, event = received(message, trigger)
        telemetry.describe({telemetry.FLOW: envelope.flow_id, telemetry.TENANT: envelope.tenant})
        flow = self._flows.choose(envelope.tenant, trigger.name)
        glass = in_force(flow, now=message.timestamp)
        if glass is not None:
            return [self._at_once(envelope, glass, message)]
        if self._hydration is not None and self._hydration.lacks(event, envelope.subject):
            return self._hydrated(message, trigger, flow, envelope=envelope, event=event)
        return self._planned(message, trigger, flow, envelope=envelope, event=event)

    async def _hydrated(
        self,
        message: Message,
        trigger: Trigger,
        flow: Flow | None,
        *,
        envelope: Envelope,
        event: dict[str, Any],
    ) -> Outputs:
        assert self._hydration is not None  # noqa: S101 - asked in handle
        filled = await self._hydration.fill(event, envelope)
        return self._planned(message, trigger, flow, envelope=envelope, event=filled, changed=True)

    def _planned(
        self,
        message: Message,
        trigger: Trigger,
        flow: Flow | None,
        *,
        envelope: Envelope,
        event: dict[str, Any],
        changed: bool = False,
    ) -> Outputs:
        planned: dict[str, object] = {}
        if complete(trigger.event, event) or changed:
            planned["event"] = orjson.dumps(event)
        planned["slip"] = plan(flow, event, key=envelope.key)
        envelope = signed(envelope.model_copy(update=planned), self._slip_key)
        step = current(envelope)
        topic = step.topic if step else self._names.assemble
        return [envelope_output(topic, envelope, source=message)]

    def _at_once(self, envelope: Envelope, glass: BreakGlass, message: Message) -> Output:
        """An emergency: no action runs."""
        envelope = envelope.model_copy(
            update={"commands": emergency.commands(glass, envelope.trigger)}
        )
        return envelope_output(
            self._names.assemble, signed(envelope, self._slip_key), source=message
        )

    def refuse(self, message: Message, error: RecordError) -> Outputs:
        """A dead letter without what is secret, and a failed verdict for whoever waits."""
        trigger = self._triggers[self._names.trigger_of(message.topic)]
        value = stripped(message, trigger)
        letter = dead_letter(self._names.dead_letter, message, error, stage=self.name, value=value)
        failed = _failed(message, trigger, error)
        return [letter, envelope_output(self._names.assemble, failed, source=message)]


def received(message: Message, trigger: Trigger) -> tuple[Envelope, dict[str, Any]]:
    """What a published record becomes before it is planned, and its event, parsed.

    Raises RecordError for an invalid event.
    """
    published = _published(message)
    _check(published)
    event = trigger.parse(published.data)
    return _envelope(message, trigger, published, event), event


def _published(message: Message) -> _Published:
    """Raises UndecodableError for an Avro event that is none."""
    value = message.value or b""
    if h.first(message.headers, h.CONTENT_TYPE) == h.AVRO_TYPE:
        login = decode(LoginEvent, value)
        return _Published(login.id, login.source, login.dedup == "id", login.data)
    dedup = h.text(message.headers, h.DEDUP) != "none"
    return _Published(h.text(message.headers, h.CE_ID), _source(message), dedup, value)


def _check(published: _Published) -> None:
    if len(published.data) > EVENT_BYTES:
        raise TooLargeError(
            f"the event is {len(published.data)} bytes, the limit is {EVENT_BYTES}: "
            "leave out what no action needs"
        )
    if not published.id and published.dedup:
        raise InvalidEventError(
            f"the record has no header {h.CE_ID}: send the provider's event id, or {h.DEDUP}: none"
        )


def _envelope(
    message: Message, trigger: Trigger, published: _Published, event: dict[str, Any]
) -> Envelope:
    tenant, subject = trigger.tenant(event), trigger.subject(event)
    flow = _flow_id(published, tenant, trigger=trigger.name, subject=subject)
    key = _key(tenant, subject, flow)
    if len(key.encode()) > KEY_BYTES:
        raise InvalidEventError(
            f"tenant and user id of the {trigger.name} event are over {KEY_BYTES} bytes together: "
            "send ids, not data"
        )
    return Envelope(
        flow_id=flow,
        tenant=tenant,
        trigger=trigger.name,
        key=key,
        subject=subject,
        requested_at=message.timestamp,
        deadline_at=deadline(message, trigger),
        event=published.data,
        interactive=h.text(message.headers, h.INTERACTIVE) != "no",
        client=_text(_client_id, event),
        event_sha256=hashlib.sha256(published.data).hexdigest(),
        secretive=trigger.keeps_secrets(event),
        origin=_origin(message, trigger),
    )


def _failed(message: Message, trigger: Trigger, error: RecordError) -> Envelope:
    """The flow of an event that cannot be handled, under the ids that a valid one would have."""
    try:
        published = _published(message)
    except RecordError:
        published = _Published(id=None, source="", dedup=False, data=b"")
    tenant, subject = _claimed(trigger, published.data)
    flow = _flow_id(published, tenant, trigger=trigger.name, subject=subject)
    return Envelope(
        flow_id=flow,
        tenant=tenant,
        trigger=trigger.name,
        key=_key(tenant, subject, flow),
        subject=subject,
        requested_at=message.timestamp,
        deadline_at=deadline(message, trigger),
        failure=Failure(code=error.code, reason=str(error)),
        origin=_origin(message, trigger),
    )


def _client_id(event: dict[str, Any]) -> object:
    return event["client"]["client_id"]


def _origin(message: Message, trigger: Trigger) -> Origin | None:
    if not trigger.retries or h.text(message.headers, h.RETRIES) == "no":
        return None
    attempt = h.number(message.headers, h.TRIES) or 0
    return Origin(partition=message.partition, offset=message.offset, attempt=attempt)


def _source(message: Message) -> str:
    return h.text(message.headers, h.CE_SOURCE) or "unknown"


def _key(tenant: str, subject: str | None, flow_id: str) -> str:
    return f"{tenant}/{subject or flow_id}"


def _flow_id(published: _Published, tenant: str, *, trigger: str, subject: str | None) -> str:
    if not published.id or not published.dedup:
        return identity.fresh_flow_id()
    return identity.flow_id(tenant, trigger, published.source, published.id, subject=subject)


def _claimed(trigger: Trigger, data: bytes) -> tuple[str, str | None]:
    """Tenant and subject that an event of any shape names.

    A retry that is valid then has the same key, so that one partition decides both.
    """
    try:
        event = orjson.loads(data)
    except orjson.JSONDecodeError:
        return DEFAULT_TENANT, None
    tenant, subject = _text(trigger.tenant, event), _text(trigger.subject, event)
    if len(_key(tenant or "", subject, "").encode()) > KEY_BYTES:
        return DEFAULT_TENANT, None
    return tenant or DEFAULT_TENANT, subject


def _text(member: Callable[[Any], object], event: object) -> str | None:
    try:
        found = member(event)
    except (LookupError, TypeError, AttributeError, ValueError):
        return None
    return found if isinstance(found, str) else None


def stripped(message: Message, trigger: Trigger) -> bytes | None:
    """A published event without its sensitive members, for a dead letter."""
    if h.first(message.headers, h.CONTENT_TYPE) != h.AVRO_TYPE:
        return trigger.stripped(message.value)
    value = message.value or b""
    try:
        login = decode(LoginEvent, value)
    except RecordError:
        return b"" if trigger.mentions_secrets(value) else value
    return encode(login.model_copy(update={"data": trigger.stripped(login.data)}))
