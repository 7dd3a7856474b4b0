"""Every metadata sink keeps one contract, shown against a stand-in that speaks its provider's API.

The stand-ins keep users as the providers document it: paths, methods, bodies, who merges what.
"""

from __future__ import annotations

import base64
import re
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote

import orjson
import pytest

from authstream.apps.downstream import sinks
from authstream.contracts.effect import MetadataPatch
from authstream.engine.sink import Profile, ProfileStore, Sink, merged
from authstream.errors import ConfigurationError, DeliveryError
from authstream.settings import MetadataSettings
from tests.http_server import Answer, Asked, HttpServer

USER = "auth0|user 1"
OTHER = "user-2"
APP, PERSONAL = "app_metadata", "user_metadata"


@dataclass
class Provider:
    """The users of one provider, and how its API shows them."""

    users: dict[str, dict[str, Any]] = field(default_factory=lambda: {USER: {}, OTHER: {}})
    #: Answers to give before anything else.
    moods: list[Answer] = field(default_factory=list[Answer])
    tokens: int = 0
    writes: int = 0

    def respond(self, asked: Asked) -> Answer:
        """The answer to a request."""
        if asked.path.endswith("/token"):
            form = parse_qs(asked.body.decode())
            assert (form["client_id"], form["client_secret"]) == (["us"], ["hush"])
            self.tokens += 1
            return Answer(json={"access_token": f"token-{self.tokens}", "expires_in": 300})
        if self.moods:
            return self.moods.pop(0)
        token = asked.headers.get("authorization", "")
        assert token in (f"Bearer token-{self.tokens}", "Bearer fixed"), token
        user = next((name for name in self.users if f"/{name}" in unquote(asked.path)), None)
        if user is None:
            return Answer(404)
        self.writes += asked.method != "GET"
        return self.answer(asked, self.users[user])

    def answer(self, asked: Asked, user: dict[str, Any]) -> Answer:
        """As the provider does."""
        raise NotImplementedError

    def profile(self, user: str) -> Profile:
        """What it has."""
        found = self.users[user]
        return Profile(found.get(APP, {}), found.get(PERSONAL, {}))


class Auth0(Provider):
    """Merges by itself."""

    def answer(self, asked: Asked, user: dict[str, Any]) -> Answer:
        """PATCH with either object."""
        assert (asked.method, asked.path) == ("PATCH", "/api/v2/users/auth0%7Cuser%201")
        for name, members in asked.json.items():
            user[name] = merged(user.get(name, {}), members)
        return Answer()


class Supabase(Provider):
    """Merges by itself; wants the key twice."""

    def answer(self, asked: Asked, user: dict[str, Any]) -> Answer:
        """PUT with either object."""
        assert (asked.method, asked.headers["apikey"]) == ("PUT", "fixed")
        assert asked.path == "/auth/v1/admin/users/auth0%7Cuser%201"
        for name, members in asked.json.items():
            user[name] = merged(user.get(name, {}), members)
        return Answer()


class Keycloak(Provider):
    """Replaces the user whole, attributes being lists of texts."""

    def answer(self, asked: Asked, user: dict[str, Any]) -> Answer:
        """GET and PUT."""
        assert asked.path == "/admin/realms/shop/users/auth0%7Cuser%201"
        user.setdefault("email", "ada@example.com")
        if asked.method == "PUT":
            assert asked.json["email"] == "ada@example.com"
            user["attributes"] = asked.json["attributes"]
            return Answer(204)
        return Answer(json=user)

    def profile(self, user: str) -> Profile:
        """From the attributes."""
        found: dict[str, dict[str, Any]] = {APP: {}, PERSONAL: {}}
        for name, (text,) in self.users[user].get("attributes", {}).items():
            kind, _, key = name.partition(".")
            found[kind][key] = text if text in ("gold", "dark", "silver") else orjson.loads(text)
        return Profile(found[APP], found[PERSONAL])


class Kratos(Provider):
    """JSON Patch on an identity."""

    def answer(self, asked: Asked, user: dict[str, Any]) -> Answer:
        """GET and PATCH."""
        assert asked.path == "/admin/identities/auth0%7Cuser%201"
        if asked.method == "PATCH":
            for operation in asked.json:
                assert operation["op"] == "add"
                user[operation["path"][1:]] = operation["value"]
        return Answer(json={"metadata_admin": None, **user})

    def profile(self, user: str) -> Profile:
        """From its two objects."""
        found = self.users[user]
        return Profile(found.get("metadata_admin") or {}, found.get("metadata_public") or {})


class Zitadel(Provider):
    """Entries with base64 values; removing what is not there is a 404."""

    def answer(self, asked: Asked, user: dict[str, Any]) -> Answer:
        """Bulk set, single delete."""
        base = "/management/v1/users/auth0%7Cuser%201/metadata"
        if asked.method == "POST":
            assert asked.path == f"{base}/_bulk"
            for entry in asked.json["metadata"]:
                user[entry["key"]] = orjson.loads(base64.b64decode(entry["value"]))
            return Answer()
        assert asked.method == "DELETE"
        gone = user.pop(unquote(asked.path.removeprefix(f"{base}/")), None)
        return Answer(404 if gone is None else 200)

    def profile(self, user: str) -> Profile:
        """From the entries."""
        found: dict[str, dict[str, Any]] = {APP: {}, PERSONAL: {}}
        for name, value in self.users[user].items():
            kind, _, key = name.partition(":")
            found[kind][key] = value
        return Profile(found[APP], found[PERSONAL])


class Scim(Provider):
    """PATCH operations with a path in an extension."""

    def answer(self, asked: Asked, user: dict[str, Any]) -> Answer:
        """Replace and remove."""
        assert (asked.method, asked.path) == ("PATCH", "/Users/auth0%7Cuser%201")
        assert asked.headers["content-type"] == "application/scim+json"
        assert asked.json["schemas"] == ["urn:ietf:params:scim:api:messages:2.0:PatchOp"]
        for operation in asked.json["Operations"]:
            path = re.fullmatch(r"urn:.*:2\.0:User:(\w+)\.(.+)", operation["path"])
            assert path is not None
            members = user.setdefault(path[1], {})
            if operation["op"] == "remove":
                members.pop(path[2], None)
            else:
                members[path[2]] = operation["value"]
        return Answer(204)


PROVIDERS: dict[str, type[Provider]] = {
    "auth0": Auth0,
    "keycloak": Keycloak,
    "kratos": Kratos,
    "scim": Scim,
    "supabase": Supabase,
    "zitadel": Zitadel,
}


@dataclass
class Ground:
    """A started sink, and a look at what it wrote."""

    sink: Sink
    profile: Callable[[str], Any]
    provider: Provider | None = None
    server: HttpServer | None = None


def patch(app: dict[str, Any], user: dict[str, Any] | None = None) -> MetadataPatch:
    """A patch of the user."""
    return MetadataPatch(
        id="p1",
        flow_id="f1",
        leg=0,
        tenant="acme",
        subject=USER,
        app_metadata=app,
        user_metadata=user or {},
        decided_at=0,
    )


@pytest.fixture(params=sorted(PROVIDERS))
async def remote(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Ground]:
    """A sink that writes by a provider's API."""
    name = request.param
    provider = PROVIDERS[name]()
    with HttpServer(provider.respond) as server:
        set_up(monkeypatch, url=server.url)
        if name in ("kratos", "scim", "supabase", "zitadel"):
            monkeypatch.setenv("AUTHSTREAM_METADATA__TOKEN", "fixed")
        if name in ("auth0", "keycloak"):
            monkeypatch.setenv("AUTHSTREAM_METADATA__CLIENT_ID", "us")
            monkeypatch.setenv("AUTHSTREAM_METADATA__CLIENT_SECRET", "hush")
        sink = sinks()[name]
        await sink.start()
        yield Ground(sink, provider.profile, provider, server)
        await sink.stop()


def set_up(monkeypatch: pytest.MonkeyPatch, *, url: str) -> None:
    """Where the sink is."""
    monkeypatch.setenv("AUTHSTREAM_METADATA__URL", url)
    monkeypatch.setenv("AUTHSTREAM_METADATA__REALM", "shop")


async def test_patches_fold_to_the_users_metadata(remote: Ground) -> None:
    """A value replaces its whole key, `null` removes one, applied twice is as once."""
    first = patch({"tier": "gold", "deep": {"a": 1, "b": [1, "2"]}}, {"theme": "dark"})
    second = patch({"deep": {"c": None}, "tier": None, "never": None}, {"count": 3})
    for one in (first, first, second, second):
        await remote.sink.apply(one, hops=1)
    profile = remote.profile(USER)
    assert profile.app_metadata in ({"deep": {"c": None}}, {"deep": {"c": None}, "tier": None})
    assert profile.user_metadata == {"theme": "dark", "count": 3}
    assert remote.provider is not None
    assert remote.provider.profile(OTHER) == Profile({}, {})


@pytest.mark.parametrize("status", [409, 429, 500, 503])
async def test_a_conflict_or_a_busy_provider_is_tried_again(remote: Ground, status: int) -> None:
    """When it says so, if it says when."""
    assert remote.provider is not None
    remote.provider.moods = [Answer(status, headers={"Retry-After": "7"})] * 2
    with pytest.raises(DeliveryError) as failed:
        await remote.sink.apply(patch({"tier": "gold"}), hops=1)
    assert not failed.value.permanent
    assert failed.value.retry_after is not None
    remote.provider.moods = []
    await remote.sink.apply(patch({"tier": "gold"}), hops=1)
    assert remote.profile(USER).app_metadata == {"tier": "gold"}


@pytest.mark.parametrize("status", [400, 403])
async def test_what_the_provider_refuses_is_given_up(remote: Ground, status: int) -> None:
    """A second try would be refused as well."""
    assert remote.provider is not None
    remote.provider.moods = [Answer(status)] * 2
    with pytest.raises(DeliveryError) as failed:
        await remote.sink.apply(patch({"tier": "gold"}), hops=1)
    assert failed.value.permanent


async def test_a_user_that_is_gone_is_given_up(remote: Ground) -> None:
    """The provider answers 404."""
    assert remote.provider is not None
    del remote.provider.users[USER]
    with pytest.raises(DeliveryError, match="404") as failed:
        await remote.sink.apply(patch({"tier": "gold"}), hops=1)
    assert failed.value.permanent


async def test_the_provider_hears_how_many_writes_led_to_this(remote: Ground) -> None:
    """An adapter that gets an event of this write can say so."""
    await remote.sink.apply(patch({"tier": "gold"}), hops=3)
    assert remote.server is not None
    assert remote.server.asked[-1].headers["authstream-hops"] == "3"


async def test_a_refused_token_is_renewed_once(remote: Ground) -> None:
    """It may have been revoked; one that does not expire is our mistake and given up."""
    assert remote.provider is not None
    remote.provider.moods = [Answer(401)]
    if remote.sink.name in ("auth0", "keycloak"):
        await remote.sink.apply(patch({"tier": "gold"}), hops=1)
        assert remote.provider.tokens == 2
    else:
        with pytest.raises(DeliveryError, match="token") as failed:
            await remote.sink.apply(patch({"tier": "gold"}), hops=1)
        assert failed.value.permanent


async def test_what_changes_nothing_is_not_written(remote: Ground) -> None:
    """Where we read first anyway: a write would make the provider emit an event."""
    assert remote.provider is not None
    for _ in range(2):
        await remote.sink.apply(patch({"tier": "gold"}), hops=1)
    assert remote.provider.writes == (1 if remote.sink.name in ("keycloak", "kratos") else 2)


@pytest.mark.parametrize("name", sorted(set(PROVIDERS) | {"postgres", "sqlite"}))
async def test_a_sink_says_what_it_needs(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Before the first patch, by the variable's name."""
    monkeypatch.delenv("AUTHSTREAM_METADATA__URL", raising=False)
    with pytest.raises(ConfigurationError, match="AUTHSTREAM_METADATA__URL"):
        await sinks()[name].start()


async def test_a_provider_that_reads_the_topic_needs_nothing() -> None:
    """The patch is there already."""
    sink = sinks()[MetadataSettings().sink]
    await sink.start()
    await sink.apply(patch({"tier": "gold"}), hops=1)
    await sink.stop()


@pytest.fixture
async def sqlite(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[ProfileStore]:
    """The store in a file."""
    set_up(monkeypatch, url=f"{tmp_path / 'profiles.db'}")
    store = sinks()["sqlite"]
    assert isinstance(store, ProfileStore)
    await store.start()
    yield store
    await store.stop()


async def test_the_store_in_a_file_can_be_read(sqlite: ProfileStore) -> None:
    """Also after it was closed; each tenant has users of its own."""
    await sqlite.apply(patch({"tier": "gold", "a": 1}, {"b": None}), hops=1)
    await sqlite.apply(patch({"tier": None}), hops=1)
    await sqlite.stop()
    await sqlite.start()
    assert await sqlite.read("acme", USER) == Profile({"a": 1}, {})
    assert await sqlite.read("other", USER) is None


async def test_a_store_keeps_auth0s_limit(sqlite: ProfileStore) -> None:
    """32 kB an object; what was there stays."""
    await sqlite.apply(patch({"a": "x" * 20_000}), hops=1)
    with pytest.raises(DeliveryError, match="32768") as failed:
        await sqlite.apply(patch({"b": "x" * 20_000}), hops=1)
    assert failed.value.permanent
    profile = await sqlite.read("acme", USER)
    assert profile is not None
    assert set(profile.app_metadata) == {"a"}
