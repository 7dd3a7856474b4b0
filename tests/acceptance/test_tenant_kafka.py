"""A tenant of actions in the style that people publish, every trigger of it over a real Kafka."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from authstream.contracts.avro import decode
from authstream.contracts.topics import Topics
from authstream.contracts.verdict import TargetScopes, Verdict
from authstream.publisher import LoginEvent
from tests import kafka_log
from tests.acceptance.command_line import DEMO, wait_for
from tests.acceptance.tenant_ground import PREFIX, Tenant, back, serving
from tests.kafka_server import KafkaServer

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(240)]

_READ_ONLY = TargetScopes(scopes=("read:orders",))
_REFUSED = "User is not authorized for this action"
_SHOP, _PORTAL = "https://shop.example.com", "https://portal.example.com"


@pytest.fixture(scope="module")
def tenant(kafka: KafkaServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tenant]:
    """All tests share it."""
    with serving(kafka.bootstrap, tmp_path_factory.mktemp("tenant")) as made:
        yield made


def login(tenant: str, user: dict[str, Any], **members: Any) -> dict[str, Any]:
    """The demo's event of a known user, of this tenant, with other members of the user."""
    event: dict[str, Any] = json.loads((DEMO / "events/returning.json").read_text())
    return {**event, "tenant": {"id": tenant}, "user": {**event["user"], **user}, **members}


def test_a_login_gets_all_that_seven_actions_ask_for(tenant: Tenant) -> None:
    """Claims of both tokens, scopes, metadata of two actions in one patch, MFA, and what is not."""
    user = {
        "user_id": "auth0|ada",
        "email": "ada@example.com",
        "given_name": "Ada",
        "family_name": "Lovelace",
        "app_metadata": {"history": {"count": 4}, "legacy_id": 7},
    }
    said = tenant.ask(
        "post-login",
        login(
            "shop",
            user,
            authorization={"roles": ["admin"]},
            organization={"id": "org_1", "name": "acme"},
        ),
        name="ada",
    )
    assert said.outcome == "allowed"
    assert said.claims.id_token == {
        f"{_SHOP}/roles": ["admin"],
        f"{_SHOP}/given_name": "Ada",
        f"{_SHOP}/family_name": "Lovelace",
        f"{_SHOP}/tier": "gold",
        f"{_SHOP}/org": "acme",
    }
    assert said.claims.access_token == {f"{_SHOP}/roles": ["admin"], f"{_SHOP}/crm": "crm-1001"}
    assert said.metadata.app_metadata == {
        "crm_id": "crm-1001",
        "tier": "gold",
        "history": {"count": 5, "client": "Shop"},
        "legacy_id": None,
    }
    assert said.metadata.user_metadata == {"last_app": "shop-web", "language": "en"}
    assert said.scopes_added == ("manage:shop",)
    assert said.mfa == {"enable": {"provider": "any", "allowRememberBrowser": False}}
    assert [(one.action, one.target) for one in said.dropped] == [("Add Roles To Tokens", "roles")]
    assert len(said.steps) == 7
    patch = tenant.patch(said.flow_id)
    assert (patch.subject, patch.app_metadata) == ("auth0|ada", said.metadata.app_metadata)


def test_a_login_goes_on_without_the_crm(tenant: Tenant) -> None:
    """An unknown customer: axios throws, the action catches it, as it does for a time-out."""
    user: dict[str, Any] = {"user_id": "auth0|bob", "email": "bob@example.org", "app_metadata": {}}
    kiosk = {"client_id": "kiosk", "name": "Kiosk", "metadata": {"kiosk": "true"}}
    said = tenant.ask("post-login", login("shop", user, client=kiosk), name="bob")
    assert said.outcome == "allowed"
    assert f"{_SHOP}/tier" not in said.claims.id_token
    assert "crm_id" not in said.metadata.app_metadata
    assert said.scopes_removed == ("manage:shop",)
    assert said.session == {"idle_expires_at": 1_767_225_600_000, "cookie_mode": "non-persistent"}


@pytest.mark.parametrize(
    ("name", "members", "by", "reason"),
    [
        (
            "kim",
            {"geoip": {"countryCode": "KP", "countryName": "North Korea"}},
            "Block Embargoed Countries",
            "Access from North Korea is not allowed.",
        ),
        (
            "eve",
            {"email_verified": False},
            "Require Verified Email",
            "Please verify your email before logging in.",
        ),
    ],
)
def test_an_early_denial_ends_the_login(
    tenant: Tenant, name: str, members: dict[str, Any], by: str, reason: str
) -> None:
    """No later action runs, there are no claims and no metadata."""
    event = login("shop", {"user_id": f"auth0|{name}", **members})
    if "geoip" in members:
        event["request"] = {**event["request"], **members}
    said = tenant.ask("post-login", event, name=name)
    assert (said.outcome, said.denied_by, said.reason) == ("denied", by, reason)
    assert (said.claims.id_token, said.metadata.app_metadata) == ({}, {})
    ran = [one.action for one in said.steps if one.status != "not_run"]
    assert ran[-1] == by


@pytest.mark.parametrize(
    ("email", "outcome", "expected"),
    [
        (
            "ada@example.com",
            "allowed",
            {"signup": {"domain": "example.com"}, "welcomeEmailSent": False},
        ),
        ("eve@evil.example", "denied", {}),
        ("ada+1@example.com", "denied", {}),
    ],
)
def test_a_signup_is_decided(
    tenant: Tenant, email: str, outcome: str, expected: dict[str, Any]
) -> None:
    """Allowed with metadata, denied with two texts, or with an error for the page."""
    event = {
        "connection": {"name": "db"},
        "request": {"ip": "192.0.2.1", "body": {"newsletter": "on"}},
        "tenant": {"id": "shop"},
        "user": {"email": email},
    }
    said = tenant.ask("pre-user-registration", event, name=email)
    assert said.outcome == outcome
    assert said.metadata.app_metadata == expected
    assert said.metadata.user_metadata == ({"newsletter": True} if expected else {})
    told: dict[str, Any] = {
        "ada@example.com": (None, None, {}),
        "eve@evil.example": (
            "domain evil.example is not on the list",
            "Only people of Example can sign up here.",
            {},
        ),
        "ada+1@example.com": (
            "Addresses with a plus sign cannot sign up.",
            "Addresses with a plus sign cannot sign up.",
            {"code": "plus_address", "message": "Addresses with a plus sign cannot sign up."},
        ),
    }
    assert (said.reason, said.user_message, said.validation) == told[email]


@pytest.mark.parametrize(
    ("metadata", "outcome", "claims", "scopes"),
    [
        (
            {"plan": "basic"},
            "allowed",
            {f"{_SHOP}/plan": "basic"},
            _READ_ONLY,
        ),
        ({"plan": "enterprise"}, "allowed", {f"{_SHOP}/plan": "enterprise"}, None),
        ({"plan": "basic", "suspended": "yes"}, "denied", {}, None),
    ],
)
def test_a_machine_gets_its_token(
    tenant: Tenant,
    metadata: dict[str, str],
    outcome: str,
    claims: dict[str, str],
    scopes: TargetScopes | None,
) -> None:
    """Claims and scopes by the plan of the client, or an OAuth error."""
    event: dict[str, Any] = {
        "client": {"client_id": "batch", "name": "Batch", "metadata": metadata},
        "request": {"ip": "192.0.2.1"},
        "tenant": {"id": "shop"},
        "accessToken": {"scope": ["read:orders", "export:orders"], "customClaims": {}},
        "resource_server": {"identifier": "https://api.shop.example.com"},
        "transaction": {"requested_scopes": ["read:orders", "export:orders"]},
    }
    said = tenant.ask("credentials-exchange", event, name=json.dumps(metadata))
    assert (said.outcome, said.claims.access_token, said.target_scopes) == (outcome, claims, scopes)
    if outcome == "denied":
        assert (said.code, said.reason) == ("invalid_request", "Client Batch is suspended")


def test_a_user_who_signed_up_is_welcomed(tenant: Tenant) -> None:
    """A trigger that nobody waits for: its effect is ordered all the same."""
    event = {
        "connection": {"name": "db"},
        "tenant": {"id": "shop"},
        "user": {"user_id": "auth0|new", "email": "new@example.com"},
    }
    said = tenant.ask("post-user-registration", event, name="new")
    assert [order.payload for order in said.effects] == [{"message": "new@example.com signed up"}]


def test_an_event_without_a_flow_gets_its_verdict(tenant: Tenant) -> None:
    """Nothing is bound to this trigger: what is asked for happens as the provider would do it."""
    event = {
        "connection": {"name": "db"},
        "request": {"ip": "192.0.2.1"},
        "tenant": {"id": "shop"},
        "user": {"user_id": "auth0|ada"},
    }
    said = tenant.ask("post-change-password", event, name="changed")
    assert (said.outcome, said.steps) == ("allowed", ())


def visitor(name: str, **members: Any) -> dict[str, Any]:
    """Somebody who logs in to the portal."""
    user: dict[str, Any] = {
        "user_id": f"auth0|{name}",
        "email": f"{name}@example.com",
        "app_metadata": {},
    }
    return login("portal", user, **members)


def test_a_user_is_verified_looked_up_and_given_claims(tenant: Tenant) -> None:
    """The mail goes out before the browser leaves; the partner is asked once it is back."""
    before = len(tenant.partner.granted)
    left = tenant.ask("post-login", visitor("grace"), name="grace")
    assert (left.outcome, left.claims.id_token) == ("suspended", {})
    target: str = left.redirect["url"]
    sent_token = parse_qs(urlsplit(target).query)["session_token"][0]
    wait_for(lambda: bool(tenant.mailbox.received), seconds=20, what="the mail with the link")
    (mail,) = tenant.mailbox.received
    assert mail["To"] == "grace@example.com"
    assert sent_token in mail.get_content().replace("=\n", "")
    assert len(tenant.partner.granted) == before
    said = back(tenant, left, verified=True)
    assert (said.outcome, said.leg) == ("allowed", 1)
    assert said.claims.id_token == {f"{_PORTAL}/partner_id": "partner|gra"}
    assert said.claims.access_token == {f"{_PORTAL}/department": "design"}
    assert said.metadata.app_metadata == {
        "address_verified": "grace@example.com",
        "partner": {"id": "partner|gra", "department": "design"},
    }
    assert len(tenant.partner.granted) == before + 1


def test_a_user_who_is_not_verified_is_denied(tenant: Tenant) -> None:
    """By the same action, once the browser is back; no one else is asked."""
    left = tenant.ask("post-login", visitor("mallory"), name="mallory")
    said = back(tenant, left, verified=False)
    assert (said.outcome, said.denied_by) == ("denied", "Verify Email")
    assert said.reason == "The address was not confirmed."
    assert [one.status for one in said.steps] == ["denied", "not_run", "not_run", "not_run"]


@pytest.mark.parametrize(
    ("client", "roles", "outcome"),
    [
        ("Back Office", ["customer"], "denied"),
        ("Back Office", ["staff"], "allowed"),
        ("Shop", [], "allowed"),
    ],
)
def test_an_action_authorizes_by_role_and_client(
    tenant: Tenant, client: str, roles: list[str], outcome: str
) -> None:
    """A denial with one argument: later actions do not run, metadata queued before stays."""
    known = {"app_metadata": {"address_verified": "ken@example.com"}}
    event = visitor(
        "ken",
        client={"client_id": "app", "name": client, "metadata": {}},
        authorization={"roles": roles},
    )
    event["user"] |= known
    said = tenant.ask("post-login", event, name=f"ken at {client} as {roles}")
    assert said.outcome == outcome
    assert said.metadata.app_metadata == {"partner": {"id": "partner|ken", "department": "design"}}
    if outcome == "denied":
        assert said.denied_by == "Authorize"
        assert said.reason == said.user_message == _REFUSED
        assert (said.claims.id_token, said.claims.access_token) == ({}, {})
        assert [one.status for one in said.steps] == ["ok", "ok", "denied", "not_run"]
    else:
        assert said.claims.id_token == {f"{_PORTAL}/partner_id": "partner|ken"}


AUTHORIZED = pytest.mark.parametrize(
    ("client", "role", "outcome"),
    [
        ("Back Office", "customer", "denied"),
        ("Back Office", "staff", "allowed"),
        ("Shop", "customer", "allowed"),
    ],
)


@AUTHORIZED
def test_a_signup_is_authorized_by_role_and_client(
    tenant: Tenant, client: str, role: str, outcome: str
) -> None:
    """A denial with one argument: no text for the user, no later action; what was queued stays."""
    event: dict[str, Any] = {
        "client": {"client_id": "app", "name": client, "metadata": {}},
        "connection": {"name": "db"},
        "request": {"ip": "192.0.2.1"},
        "tenant": {"id": "portal"},
        "user": {"email": "ken@example.com", "app_metadata": {"role": role}},
    }
    said = tenant.ask("pre-user-registration", event, name=f"signup at {client} as {role}")
    assert said.outcome == outcome
    queued: dict[str, Any] = {"signup_via": client}
    assert said.metadata.user_metadata == {"invited": True}
    if outcome == "denied":
        assert (said.denied_by, said.code) == ("Authorize Signup", "access_denied")
        assert (said.reason, said.user_message) == (_REFUSED, None)
        assert said.metadata.app_metadata == queued
        assert [one.status for one in said.steps] == ["ok", "denied", "not_run"]
    else:
        assert said.metadata.app_metadata == {**queued, "authorized": True}


@AUTHORIZED
def test_a_machine_is_authorized_by_role_and_client(
    tenant: Tenant, client: str, role: str, outcome: str
) -> None:
    """A denial with one argument: no claims, no scopes, no later action; the effect is sent."""
    event: dict[str, Any] = {
        "client": {"client_id": "m", "name": client, "metadata": {"plan": "pro", "role": role}},
        "request": {"ip": "192.0.2.1"},
        "tenant": {"id": "portal"},
        "transaction": {"requested_scopes": ["read:orders", "export:orders"]},
    }
    said = tenant.ask("credentials-exchange", event, name=f"token of {client} as {role}")
    assert said.outcome == outcome
    assert [order.payload for order in said.effects] == [{"message": f"{client} asked"}]
    if outcome == "denied":
        assert (said.denied_by, said.code, said.reason) == (
            *("Authorize Machine", "access_denied", _REFUSED),
        )
        assert (said.claims.access_token, said.target_scopes) == ({}, None)
        assert [one.status for one in said.steps] == ["ok", "denied", "not_run"]
        assert {one.command for one in said.dropped} == {
            "accessToken.setCustomClaim",
            "transaction.removeTargetScope",
        }
    else:
        assert said.claims.access_token == {f"{_PORTAL}/plan": "pro", f"{_PORTAL}/region": "eu"}
        assert said.target_scopes == _READ_ONLY


def test_an_event_of_a_stream_is_tried_until_it_goes_through(tenant: Tenant) -> None:
    """A second after the first failure, two after the next; each try is a flow of its own."""
    decided = kafka_log.Log(tenant.settings.brokers, Topics(PREFIX).decided("event-stream"))
    message = {"id": "evt-1", "source": "urn:users", "specversion": "1.0", "type": "user.created"}
    event = {"message": {**message, "data": {"object": {"away": 2}}}}
    tenant.publisher.publish(
        LoginEvent("event-stream", json.dumps(event).encode(), "evt-1", "urn:users")
    )
    tries: list[Verdict] = []

    def allowed() -> bool:
        tries.extend(decode(Verdict, one.value) for one in decided.poll())
        return any(one.outcome == "allowed" for one in tries)

    try:
        kafka_log.until(allowed, "the third try goes through")
    finally:
        decided.close()
    tries.sort(key=lambda one: one.decided_at)
    assert [one.outcome for one in tries] == ["failed", "failed", "allowed"]
    assert tries[0].reason == "Error: directory is away, call 1"
    assert [one.retry and one.retry.waits_ms for one in tries] == [
        *((1000, 2000, 4000), (2000, 4000), None),
    ]
    assert len({one.flow_id for one in tries}) == 3
    first, second, third = (one.decided_at for one in tries)
    assert 1000 <= second - first < 4000
    assert 2000 <= third - second < 5000
    assert tries[-1].effects[0].payload == {"message": "user.created evt-1 synchronized at call 3"}
