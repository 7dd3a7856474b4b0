"""The admin API: roles, revisions, pages, problems, and that nothing secret comes out."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from dataclasses import replace
from functools import partialmethod
from typing import Any

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from fastapi import FastAPI

from authstream.control.actions import Actions
from authstream.control.door import Door
from authstream.control.drafts import Draft, ModuleDraft
from authstream.control.tokens import Tokens
from authstream.errors import ConfigurationError
from authstream.gateway.admin.app import BODY_BYTES, admin_app
from authstream.gateway.admin.callers import Entrance, Oidc, oidc
from authstream.gateway.admin.trials import Asked
from authstream.settings import AdminSettings
from tests.control_plane import CODE, PL, Refusing, door, memory_store

ACTIONS = "/v1/admin/tenants/acme/actions"
FLOW = f"/v1/admin/tenants/acme/flows/{PL}"
ISSUER, AUDIENCE = "https://id.example.com/", "authstream"
KEY = generate_private_key(SECP256R1())


class Client:
    """Calls an application in this process."""

    def __init__(self, app: FastAPI) -> None:
        self.app = app
        self.headers: dict[str, str] = {}

    def request(self, method: str, url: str, **options: Any) -> httpx.Response:
        """One call, with the client's headers and those given."""
        options["headers"] = {**self.headers, **options.get("headers", {})}
        return asyncio.run(self._request(method, url, options))

    async def _request(self, method: str, url: str, options: dict[str, Any]) -> httpx.Response:
        transport = httpx.ASGITransport(self.app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://admin") as client:
            return await client.request(method, url, **options)

    get = partialmethod(request, "GET")
    post = partialmethod(request, "POST")
    put = partialmethod(request, "PUT")
    patch = partialmethod(request, "PATCH")
    delete = partialmethod(request, "DELETE")


class Keys:
    """The issuer's public key, whatever a token says."""

    def get_signing_key_from_jwt(self, token: str | bytes) -> Any:
        """The one there is."""
        jwt.get_unverified_header(token)
        return KEY.public_key()


@pytest.fixture
def ada() -> Iterator[Door]:
    """An operator's door."""
    with memory_store() as store:
        yield door(store, builder=Refusing())


@pytest.fixture
def client(ada: Door) -> Client:
    """The API, without a token."""
    return Client(admin_app(Entrance(ada, Oidc(ISSUER, AUDIENCE, "role", Keys()))))


def as_(ada: Door, role: Any) -> dict[str, str]:
    """The header of a new token with a role."""
    token = Tokens(ada).create(f"{role}-{time.monotonic_ns()}", role)
    return {"Authorization": f"Bearer {token}"}


@pytest.fixture
def author(client: Client, ada: Door) -> Client:
    """The API with an author's token."""
    client.headers.update(as_(ada, "author"))
    return client


def body(text: str = "one", **members: Any) -> dict[str, Any]:
    """A draft."""
    return {"trigger": PL, "code": CODE.format(text), "code_file": "action.py", **members}


def made(author: Client, name: str = "claims") -> None:
    """An action, deployed and bound."""
    assert author.post(ACTIONS, json={"name": name, **body()}).status_code == 201
    assert author.post(f"{ACTIONS}/{name}/deploy", json={}).json()["version"] == 1
    assert author.post(f"{FLOW}/actions", json={"action": name}).status_code == 201


def test_without_a_token_nothing_is_said(client: Client) -> None:
    """Every path, read or write, is closed; the answer is a problem with a challenge."""
    for path, methods in client.app.openapi()["paths"].items():
        url = path.replace("{number}", "1")
        for method in methods:
            answer = client.request(method, url, json={})
            assert answer.status_code in (401, 422), (method, path)
            assert answer.headers["content-type"] == "application/problem+json"
            assert method != "get" or answer.headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize(
    ("role", "read", "write", "operate"),
    [("viewer", 200, 403, 403), ("author", 200, 201, 403), ("operator", 200, 201, 201)],
)
def test_roles(
    client: Client, ada: Door, role: str, *, read: int, write: int, operate: int
) -> None:
    """A viewer reads, an author changes actions and flows, an operator also gives out tokens."""
    client.headers.update(as_(ada, role))
    assert client.get(ACTIONS).status_code == read
    assert client.post(ACTIONS, json={"name": "claims", **body()}).status_code == write
    token = {"name": "x", "role": "viewer"}
    assert client.post("/v1/admin/tokens", json=token).status_code == operate


def test_from_draft_to_roll_back(author: Client) -> None:
    """The same operations as on the command line, in the token's name."""
    made(author)
    found = author.get(f"{ACTIONS}/claims")
    assert found.json()["code"] == CODE.format("one")
    tag = {"If-Match": found.headers["etag"]}
    edited = author.put(f"{ACTIONS}/claims", json=body("two"), headers=tag)
    assert edited.headers["etag"] != found.headers["etag"]
    assert "+    api.id_token" in author.get(f"{ACTIONS}/claims/diff").json()["diff"]
    deployed = author.post(f"{ACTIONS}/claims/deploy", json={"note": "better"}).json()
    assert deployed["flows"] == [{"tenant": "acme", "trigger": PL}]
    assert author.get(FLOW).json()["bindings"][0]["version"] == 2
    author.post(f"{ACTIONS}/claims/rollback", json={})
    assert author.get(FLOW).json()["bindings"][0]["version"] == 1
    versions = author.get(f"{ACTIONS}/claims/versions").json()["items"]
    assert [(one["version"], one["note"]) for one in versions] == [(1, ""), (2, "better")]
    assert author.get("/v1/admin/audit?limit=200").json()["items"][-1]["actor"].startswith("token")


def test_a_stale_etag_is_refused_and_none_is_asked_for(author: Client) -> None:
    """412 says who was first, 428 that a blind change is not taken."""
    made(author)
    first = author.get(f"{ACTIONS}/claims").headers["etag"]
    put = f"{ACTIONS}/claims"
    assert author.put(put, json=body("two")).status_code == 428
    assert author.put(put, json=body("two"), headers={"If-Match": first}).status_code == 200
    late = author.put(put, json=body("three"), headers={"If-Match": first})
    assert (late.status_code, late.json()["code"]) == (412, "conflict")
    assert "edit the draft" in late.json()["detail"]
    assert author.put(put, json=body(), headers={"If-Match": "three"}).status_code == 400


def test_the_kill_switch_and_the_order(author: Client) -> None:
    """One change of a binding."""
    made(author)
    made(author, "second")
    changed = author.patch(f"{FLOW}/actions/second", json={"enabled": False, "position": 0})
    assert [(one["action"], one["enabled"]) for one in changed.json()["bindings"]] == [
        ("second", False),
        ("claims", True),
    ]


def test_errors_are_problems(author: Client) -> None:
    """Status and code say what it is, the detail what to do."""
    made(author)
    for answer, status, code in (
        (author.get(f"{ACTIONS}/absent"), 404, "not_found"),
        (author.delete(f"{ACTIONS}/claims"), 409, "conflict"),
        (author.post(ACTIONS, json={"name": "a/b", **body()}), 422, "configuration"),
        (author.post(ACTIONS, json={"name": "b", **body("broken")}), 201, None),
        (author.post(f"{ACTIONS}/b/deploy", json={}), 422, "configuration"),
        (author.get("/v1/admin/nothing"), 404, "http"),
        (author.post(ACTIONS, content=b"x" * (BODY_BYTES + 1)), 413, "too_large"),
    ):
        assert answer.status_code == status
        assert code is None or answer.json()["code"] == code
        if code:
            assert answer.headers["content-type"] == "application/problem+json"
            assert answer.json()["detail"]


def test_pages(author: Client) -> None:
    """A list comes in parts; the cursor leads to the next."""
    for name in ("c", "a", "b"):
        author.post(ACTIONS, json={"name": name, **body()})
    first = author.get(ACTIONS, params={"limit": 2}).json()
    assert [one["name"] for one in first["items"]] == ["a", "b"]
    last = author.get(ACTIONS, params={"limit": 2, "cursor": first["next"]}).json()
    assert ([one["name"] for one in last["items"]], last["next"]) == (["c"], None)


def test_a_secret_never_comes_out(author: Client) -> None:
    """Not by any GET, not in an error, not in the audit trail."""
    value = "very-secret-value"
    author.post(ACTIONS, json={"name": "crm", **body(secrets=["TOKEN"])})
    url = f"{ACTIONS}/crm/secrets/TOKEN"
    assert author.put(url, json={"value": value}).status_code == 204
    answers = [
        author.get(f"{ACTIONS}/crm/secrets"),
        author.get(f"{ACTIONS}/crm"),
        author.get("/v1/admin/audit"),
        author.put(url, json={"valeu": value}),
        author.put(url, json={"value": [value]}),
        author.put(url, json={"value": value * 500}),
    ]
    assert "TOKEN" in answers[0].text
    assert all(value not in answer.text for answer in answers)


def token(**claims: Any) -> dict[str, str]:
    """The header of the issuer's token, valid unless said otherwise."""
    now = int(time.time())
    members = {"iss": ISSUER, "aud": AUDIENCE, "sub": "grace", "exp": now + 60, **claims}
    return {"Authorization": f"Bearer {jwt.encode(members, KEY, algorithm='ES256')}"}


def test_a_token_of_an_openid_provider(client: Client, ada: Door) -> None:
    """Its role claim decides; the audit trail has subject and issuer."""
    client.headers.update(token(role=["viewer", "author"]))
    assert client.post(ACTIONS, json={"name": "claims", **body()}).status_code == 201
    assert ada.view.trail()[-1].record.actor == f"grace ({ISSUER})"


@pytest.mark.parametrize(
    "claims",
    [
        pytest.param({"aud": "another"}, id="for another"),
        pytest.param({"iss": "https://evil.example.com/"}, id="by another"),
        pytest.param({"exp": 1}, id="expired"),
        pytest.param({"role": "admin"}, id="a role that is none"),
        pytest.param({"role": None}, id="no role"),
    ],
)
def test_a_token_that_is_not_for_us(client: Client, claims: dict[str, Any]) -> None:
    """It is as good as none."""
    answer = client.get(ACTIONS, headers=token(**{"role": "viewer", **claims}))
    assert answer.status_code == 401


def test_a_token_signed_with_the_public_key_as_a_secret(client: Client) -> None:
    """Symmetric signatures, and none, are not taken."""
    claims = {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "sub": "eve",
        "exp": time.time() + 60,
        "role": "viewer",
    }
    for algorithm, key in (("HS256", "x" * 64), ("none", "")):
        forged = jwt.encode(claims, key, algorithm=algorithm)
        answer = client.get(ACTIONS, headers={"Authorization": f"Bearer {forged}"})
        assert answer.status_code == 401


def test_an_issuer_needs_an_audience() -> None:
    """Otherwise a token for any other service of the same issuer would be taken."""
    with pytest.raises(ConfigurationError, match="AUDIENCE"):
        oidc(AdminSettings(oidc_issuer=ISSUER))


def test_a_program_learns_what_there_is(author: Client) -> None:
    """Who it is, tenants, triggers with an event each, and what it may ask for."""
    made(author)
    me = author.get("/v1/admin/me").json()
    assert (me["role"], me["name"].startswith("token author")) == ("author", True)
    assert author.get("/v1/admin/tenants").json() == {"items": ["default", "acme"]}
    (trigger,) = author.get("/v1/admin/triggers").json()["items"]
    assert (trigger["name"], trigger["handler"]) == (PL, "onExecutePostLogin")
    assert trigger["sample"]["user"]["email"] == "ada@example.com"
    assert "idToken.setCustomClaim" in trigger["methods"]


def test_the_newest_changes_first(author: Client) -> None:
    """And the cursor leads on to older ones."""
    made(author)
    url, params = "/v1/admin/audit", {"newest": "true", "limit": "2"}
    first = author.get(url, params=params).json()
    second = author.get(url, params={**params, "cursor": first["next"]}).json()
    offsets = [one["offset"] for one in (*first["items"], *second["items"])]
    assert offsets == sorted(offsets, reverse=True)
    assert len(set(offsets)) == 4


def test_a_flow_is_put_with_its_canary(author: Client) -> None:
    """Another order is no reason to end one."""
    made(author)
    canary = {"version": 1, "share": 0.5, "max_errors": 0.1, "min_runs": 5}
    author.put(f"{FLOW}/actions/claims/canary", json=canary)
    flow = author.get(FLOW)
    tag = {"If-Match": flow.headers["etag"]}
    again = author.put(FLOW, json={"bindings": flow.json()["bindings"]}, headers=tag)
    assert again.json()["bindings"][0]["canary"] == canary


@pytest.mark.parametrize(
    ("when", "holds", "problem"),
    [
        ("event.user.email == 'a'", True, None),
        ("event.user.email == 'b'", False, None),
        ("event.user.", None, "not valid CEL"),
        ("event.nothing", None, "has()"),
    ],
)
def test_a_condition_is_tried(
    author: Client, when: str, *, holds: bool | None, problem: str | None
) -> None:
    """On an event, without a flow."""
    url = "/v1/admin/tenants/acme/conditions/check"
    said = author.post(url, json={"when": when, "event": {"user": {"email": "a"}}}).json()
    assert said["holds"] is holds
    assert (problem or "") in (said["problem"] or "")


def test_a_test_run_has_drafts_and_bindings(ada: Door) -> None:
    """The flow as it is, or as somebody would have it; a viewer may not."""
    asked: list[Asked] = []

    def trial(_door: Door, what: Asked) -> dict[str, Any]:
        asked.append(what)
        return {"verdict": {}}

    client = Client(admin_app(Entrance(ada, trial=trial)))
    client.headers.update(as_(ada, "author"))
    made(client)
    for given in ({}, {"bindings": [{"action": "claims", "when": "true"}], "drafts": ["claims"]}):
        assert client.post(f"{FLOW}/test", json={"event": {}, **given}).status_code == 200
    bound, drafted = asked
    assert ([one.version for one in bound.bindings], bound.drafts) == ([1], frozenset())
    assert [one.when for one in drafted.bindings] == ["true"]
    assert drafted.drafts == {"claims"}
    viewer = as_(ada, "viewer")
    assert client.post(f"{FLOW}/test", json={"event": {}}, headers=viewer).status_code == 403
    unknown = client.post("/v1/admin/tenants/acme/flows/nothing/test", json={"event": {}})
    assert unknown.status_code == 404


def test_a_server_without_guests_runs_no_tests(author: Client) -> None:
    """It says what does."""
    answer = author.post(f"{FLOW}/test", json={"event": {}})
    assert (answer.status_code, "authstream test" in answer.json()["detail"]) == (501, True)


def test_an_edit_keeps_lock_and_modules(author: Client, ada: Door) -> None:
    """What the body cannot say is not lost by saying something else."""
    module = ModuleDraft("shared", "module.js", b"exports.x = 1;")
    made_of = Draft(PL, "action.js", b"exports.onExecutePostLogin = () => {};", lock=b"{}")
    Actions(ada, "acme").create("a", replace(made_of, modules=(module,)))
    found = author.get(f"{ACTIONS}/a")
    assert found.json()["lock"] == "{}"
    changed = {"trigger": PL, "code": "// y", "code_file": "action.js", "lock": "{}"}
    author.put(f"{ACTIONS}/a", json=changed, headers={"If-Match": found.headers["etag"]})
    assert author.get(f"{ACTIONS}/a").json()["draft"]["modules"] == ["shared"]
