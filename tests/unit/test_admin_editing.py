"""What editors ask of the admin API: checks, completions, locks, previews, comparisons."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from pydantic import SecretStr

from authstream.apps.code_syntax import CodeSyntax
from authstream.apps.stages import deliveries
from authstream.contracts.runtime import Language
from authstream.control.dependencies import Say
from authstream.control.door import Door
from authstream.gateway.admin.app import admin_app
from authstream.gateway.admin.callers import Entrance
from authstream.gateway.admin.comparison import Compared
from authstream.outbound.verification import LinkRefusedError, verified
from authstream.settings import Settings
from tests.control_plane import CODE, PL, door, memory_store
from tests.unit.test_admin_api import ACTIONS, FLOW, Client, as_, body, made

ACTION = f"{ACTIONS}/claims"
COMPARE = f"{FLOW}/compare"
PREVIEW = "/v1/admin/tenants/acme/effects/{0}/preview"
WRONG = "def on_execute_post_login(event, api):\n    api.deny(event.secrets.KEY)\n"


@dataclass
class Asked:
    """Notes what the ports of the entrance are asked."""

    locked: list[tuple[str, Language, Mapping[str, str]]] = field(
        default_factory=list[tuple[str, Language, Mapping[str, str]]]
    )
    compared: list[Compared] = field(default_factory=list[Compared])

    def lock(
        self, name: str, spoken: Language, dependencies: Mapping[str, str], say: Say, /
    ) -> bytes:
        """As if it had been resolved."""
        self.locked.append((name, spoken, dependencies))
        say("httpx==0.28.1")
        return b"httpx==0.28.1 --hash=sha256:00\n"

    def compare(self, _door: Door, compared: Compared, /) -> dict[str, Any]:
        """As if nothing differed."""
        self.compared.append(compared)
        return {"changed": 0}


@pytest.fixture
def asked() -> Asked:
    """Nothing yet."""
    return Asked()


@pytest.fixture
def ada() -> Iterator[Door]:
    """An operator's door."""
    with memory_store() as store:
        yield door(store)


@pytest.fixture
def author(ada: Door, asked: Asked) -> Client:
    """The API with an author's token."""
    entrance = Entrance(
        ada,
        syntax=CodeSyntax(),
        lock=asked.lock,
        comparison=asked.compare,
        deliveries=deliveries(),
    )
    client = Client(admin_app(entrance))
    client.headers.update(as_(ada, "author"))
    return client


def test_code_is_checked_before_it_is_saved(author: Client) -> None:
    """Its problems have a place; nothing is saved and nothing runs."""
    made(author)
    before = author.get(ACTION).json()
    found = author.post(f"{ACTION}/check", json=body() | {"code": WRONG}).json()["problems"]
    assert [(one["kind"], one["line"]) for one in found] == [("method", 2), ("secret", 2)]
    broken = author.post(f"{ACTION}/check", json=body() | {"code": "def f(:"}).json()["problems"]
    assert [one["kind"] for one in broken] == ["syntax"]
    assert author.get(ACTION).json() == before


def test_a_secret_counts_once_it_is_set(author: Client) -> None:
    """Named and set: no problem; named only: it has no value yet."""
    made(author)
    draft = body(secrets=["KEY"]) | {"code": CODE.format("a") + "    event.secrets.KEY\n"}
    first = author.post(f"{ACTION}/check", json=draft).json()["problems"]
    author.put(f"{ACTION}/secrets/KEY", json={"value": "v"})
    second = author.post(f"{ACTION}/check", json=draft).json()["problems"]
    assert ([one["text"] for one in first], second) == (
        ["the secret KEY has no value yet: set it under Secrets"],
        [],
    )


def test_what_may_be_written_is_told(author: Client) -> None:
    """Methods with parameters and words, members of events with types, in both spellings."""
    url = f"/v1/admin/triggers/{PL}/completions"
    found = {one["path"]: one for one in author.get(url).json()["items"]}
    assert found["api.idToken.setCustomClaim"]["detail"] == "(key, value)"
    assert found["api.idToken.setCustomClaim"]["about"]
    assert found["event.user.email"]["detail"] == "string, optional"
    python = {one["path"] for one in author.get(url, params={"language": "python"}).json()["items"]}
    assert "api.id_token.set_custom_claim" in python
    assert author.get("/v1/admin/triggers/odd/completions").status_code == 404


def test_packages_are_locked_into_the_draft(author: Client, asked: Asked) -> None:
    """For whoever saw the draft as it is; the rest of it stays."""
    made(author)
    stale = author.post(f"{ACTION}/lock", headers={"If-Match": '"1"'})
    assert (author.post(f"{ACTION}/lock").status_code, stale.status_code) == (428, 412)
    with_packages = body(dependencies={"httpx": "0.28.1"})
    saved = author.put(ACTION, json=with_packages, headers={"If-Match": '"2"'})
    done = author.post(f"{ACTION}/lock", headers={"If-Match": saved.headers["etag"]})
    assert done.json()["log"] == ["httpx==0.28.1"]
    assert asked.locked == [("claims", "python", {"httpx": "0.28.1"})]
    kept = author.get(ACTION).json()
    assert (kept["lock"], kept["code"]) == (done.json()["lock"], with_packages["code"])
    assert done.headers["etag"] == f'"{kept["revision"]}"'


def test_an_e_mail_is_shown_as_its_reader_gets_it(author: Client) -> None:
    """From its template, with its values; what is wrong with it is said; nothing is sent."""
    mail = {"to": "ada@x.example", "template": "welcome", "values": {"name": "<Ada>"}}
    parts = author.post(PREVIEW.format("email"), json={"payload": mail}).json()["parts"]
    assert (parts["to"], parts["subject"]) == ("ada@x.example", "Welcome, <Ada>")
    assert "&lt;Ada&gt;" in parts["html"]
    wrong = author.post(PREVIEW.format("email"), json={"payload": mail | {"template": "odd"}})
    assert "there is no e-mail template 'odd'" in wrong.json()["problem"]
    plain = author.post(PREVIEW.format("log"), json={"payload": {"message": "m"}}).json()
    assert plain == {"parts": None, "problem": None}
    assert author.post(PREVIEW.format("odd"), json={"payload": {}}).status_code == 404


def test_the_link_of_a_preview_proves_nothing(
    author: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An author must not verify an address that is somebody else's."""
    key = "k" * 32
    monkeypatch.setenv("AUTHSTREAM_LINKS__KEY", key)
    values = {"user_id": "ada", "name": "Ada"}
    mail = {"to": "eve@x.example", "template": "verify-address", "values": values}
    parts = author.post(PREVIEW.format("email"), json={"payload": mail}).json()["parts"]
    text: str = parts["text"]
    url = next(word for word in text.split() if word.startswith("http"))
    (token,) = parse_qs(urlsplit(url).query)["token"]
    links = Settings().links.model_copy(update={"key": SecretStr(key)})
    with pytest.raises(LinkRefusedError):
        verified(token, links)


def test_a_draft_is_compared_with_what_is_in_effect(author: Client, asked: Asked) -> None:
    """The flow as it is, or other bindings; an action that is not in it cannot be compared."""
    assert author.post(COMPARE, json={}).status_code == 404
    made(author)
    assert author.post(COMPARE, json={"drafts": ["claims"], "count": 5}).json() == {"changed": 0}
    (one,) = asked.compared
    assert (one.tenant, one.count, one.drafts) == ("acme", 5, frozenset({"claims"}))
    assert one.deployed == one.candidate
    assert author.post(COMPARE, json={"bindings": []}).status_code == 200
    assert asked.compared[1].candidate == ()
    refused = author.post(COMPARE, json={"drafts": ["other"]})
    assert (refused.status_code, "bind it first" in refused.json()["detail"]) == (422, True)
    assert author.post(COMPARE, json={"count": 10_000}).status_code == 422


def test_a_viewer_asks_for_nothing_that_costs(ada: Door, author: Client) -> None:
    """Checks, locks, comparisons and previews are for authors; completions for everybody."""
    made(author)
    author.headers.update(as_(ada, "viewer"))
    posts = {f"{ACTION}/check": body(), f"{ACTION}/lock": {}, COMPARE: {}}
    posts[PREVIEW.format("email")] = {"payload": {}}
    assert {author.post(url, json=said).status_code for url, said in posts.items()} == {403}
    assert author.get(f"/v1/admin/triggers/{PL}/completions").status_code == 200


def test_a_server_without_them_says_so(ada: Door, author: Client) -> None:
    """And what does it instead; a check goes without the syntax."""
    made(author)
    bare = Client(admin_app(Entrance(ada)))
    bare.headers.update(author.headers)
    lock = bare.post(f"{ACTION}/lock", headers={"If-Match": '"2"'})
    assert (lock.status_code, "authstream deps lock" in lock.json()["detail"]) == (501, True)
    assert bare.post(COMPARE, json={}).status_code == 501
    assert bare.post(f"{ACTION}/check", json=body()).json() == {"problems": []}
