"""hydration: an event gets the metadata that its provider left out, as of the user's last login."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from datetime import timedelta
from typing import Any

import orjson
import pytest

from authstream.contracts import headers as h
from authstream.contracts.avro import decode, encode
from authstream.contracts.effect import MetadataPatch
from authstream.contracts.envelope import Envelope
from authstream.engine.pending_patches import PendingPatches
from authstream.engine.ports import Message
from authstream.engine.sink import Profile, ProfileStore
from authstream.errors import DeliveryError, RecordError
from authstream.stages.entry import Entry
from authstream.stages.hydration import Hydration
from tests.samples import FLOW, KEY, NOW, TOPICS, TRIGGERS, event, message, requested


class Store(ProfileStore):
    """Has one profile, or none, or is away, or slow."""

    name = "store"

    def __init__(self, profile: Profile | None = None, *, seconds: float = 0) -> None:
        self.profile = profile
        self.seconds = seconds
        self.away = False

    async def apply(self, patch: MetadataPatch, *, hops: int) -> None:
        """Not asked for here."""

    async def read(self, tenant: str, subject: str) -> Profile | None:
        """What there is."""
        assert (tenant, subject) == ("default", "user-1")
        await asyncio.sleep(self.seconds)
        if self.away:
            raise DeliveryError("the store is away", permanent=False)
        return self.profile

    async def erase(self, tenant: str, subject: str) -> bool:
        """Not asked for here."""
        raise NotImplementedError


class Tail:
    """Has always caught up."""

    async def start(self) -> None:
        """Nothing to follow."""

    async def stop(self) -> None:
        """Nothing to leave."""

    async def caught_up(self, topic: str, key: bytes) -> None:
        """At once."""
        assert (topic, key) == (TOPICS.user_metadata, KEY)


class Flows:
    """None is bound."""

    def choose(self, tenant: str, trigger: str) -> None:
        """None."""


def patch(patch_id: str, offset: int, **members: Any) -> Message:
    """A patch in the log."""
    said: dict[str, Any] = {
        "id": patch_id,
        "flow_id": FLOW,
        "leg": 0,
        "tenant": "default",
        "subject": "user-1",
        "app_metadata": {},
        "user_metadata": {},
        "decided_at": NOW,
    }
    value = encode(MetadataPatch.model_validate({**said, **members}))
    return message(TOPICS.user_metadata, value, offset=offset)


def done(patch_id: str) -> Message:
    """That it was applied."""
    return message(TOPICS.user_metadata_done, b"", headers={h.CE_ID: patch_id})


async def hydrated(
    store: Store, *, pending: PendingPatches | None = None, fails: bool = False, **user: Any
) -> dict[str, Any]:
    """The user that actions see."""
    hydration = Hydration(
        store,
        pending=pending or PendingPatches(),
        tail=Tail(),
        topics=TOPICS,
        timeout=timedelta(milliseconds=50),
        fails=fails,
    )
    entry = Entry(
        topics=TOPICS, triggers=TRIGGERS, flows=Flows(), slip_key=None, hydration=hydration
    )
    result = entry.handle(requested(event(user={"user_id": "user-1", **user})))
    (output,) = await result if isinstance(result, Awaitable) else result
    found: dict[str, Any] = orjson.loads(decode(Envelope, output.value).event)["user"]
    return found


async def test_metadata_comes_from_the_store() -> None:
    """Of a user that it does not know, both objects are empty."""
    user = await hydrated(Store(Profile({"tier": "gold"}, {"theme": "dark"})))
    assert (user["app_metadata"], user["user_metadata"]) == ({"tier": "gold"}, {"theme": "dark"})
    assert (await hydrated(Store(None)))["app_metadata"] == {}


async def test_what_the_provider_sends_stays() -> None:
    """Only what it leaves out is filled in; if nothing is, the store is not asked."""
    store = Store(Profile({"tier": "gold"}, {"theme": "dark"}))
    user = await hydrated(store, app_metadata={"tier": "new"})
    assert (user["app_metadata"], user["user_metadata"]) == ({"tier": "new"}, {"theme": "dark"})
    store.away = True
    await hydrated(store, fails=True, app_metadata={}, user_metadata={})


async def test_patches_that_are_not_applied_yet_are_seen() -> None:
    """In their order; what is done is in the store, and what removes a key removes it."""
    pending = PendingPatches()
    pending.add(patch("p0", 0, app_metadata={"tier": "old"}))
    pending.settle(done("p0"))
    pending.add(patch("p1", 1, app_metadata={"tier": "gold", "flag": True}))
    pending.settle(done("p3"))
    pending.add(patch("p2", 2, app_metadata={"flag": None, "last": 2}))
    pending.add(patch("p3", 3, app_metadata={"tier": "applied"}))
    user = await hydrated(Store(Profile({"tier": "stored", "flag": 0}, {})), pending=pending)
    assert user["app_metadata"] == {"tier": "gold", "last": 2}


def test_old_patches_are_forgotten() -> None:
    """By the broker's time, so that a sink that is away for long costs no memory for ever."""
    pending = PendingPatches(timedelta(minutes=1))
    pending.add(patch("p1", 0))
    pending.add(patch("p2", 1)._replace(timestamp=NOW + 61_000))
    assert [one.id for one in pending.of(KEY)] == ["p2"]


@pytest.mark.parametrize("slow", [False, True])
async def test_a_store_that_is_away_is_no_reason_to_keep_users_out(*, slow: bool) -> None:
    """Unless the settings say so."""
    store = Store(Profile({"tier": "gold"}, {}), seconds=1 if slow else 0)
    store.away = not slow
    assert (await hydrated(store))["app_metadata"] == {}
    with pytest.raises(RecordError) as caught:
        await hydrated(store, fails=True)
    assert caught.value.code == "profile_unavailable"
