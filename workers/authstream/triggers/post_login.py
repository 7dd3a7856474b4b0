"""post-login: after authentication, before tokens are issued (Auth0's trigger, v3)."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict

from authstream.contracts.slug import DEFAULT_TENANT
from authstream.engine.trigger import Trigger

Free = dict[str, Any]


class Member(BaseModel):
    """Part of an event: the members we know are checked, others are kept."""

    model_config = ConfigDict(extra="allow", frozen=True)


class Client(Member):
    """The application the user logs in to."""

    client_id: str
    name: str | None = None
    metadata: Free = {}


class Connection(Member):
    """Where the user's identity comes from."""

    id: str | None = None
    name: str
    strategy: str | None = None
    metadata: Free = {}


class GeoIP(Member):
    """Where the request comes from."""

    cityName: str | None = None  # noqa: N815 - Auth0's spelling
    continentCode: str | None = None  # noqa: N815 - Auth0's spelling
    countryCode: str | None = None  # noqa: N815 - Auth0's spelling
    countryCode3: str | None = None  # noqa: N815 - Auth0's spelling
    countryName: str | None = None  # noqa: N815 - Auth0's spelling
    latitude: float | None = None
    longitude: float | None = None
    subdivisionCode: str | None = None  # noqa: N815 - Auth0's spelling
    subdivisionName: str | None = None  # noqa: N815 - Auth0's spelling
    timeZone: str | None = None  # noqa: N815 - Auth0's spelling


class Request(Member):
    """The HTTP request that logs in."""

    ip: str
    asn: str | None = None
    body: Free = {}
    geoip: GeoIP = GeoIP()
    hostname: str | None = None
    language: str | None = None
    method: str | None = None
    query: Free = {}
    user_agent: str | None = None


class Tenant(Member):
    """Whose users these are."""

    id: str


class User(Member):
    """The user who logs in."""

    user_id: str
    app_metadata: Free = {}
    user_metadata: Free = {}
    created_at: str | None = None
    updated_at: str | None = None
    email: str | None = None
    email_verified: bool = False
    identities: list[Free] = []
    name: str | None = None
    nickname: str | None = None
    given_name: str | None = None
    family_name: str | None = None
    phone_number: str | None = None
    phone_verified: bool | None = None
    picture: str | None = None
    username: str | None = None
    multifactor: list[str] | None = None
    enrolledFactors: list[Free] | None = None  # noqa: N815 - Auth0's spelling
    last_password_reset: str | None = None


class AuthenticationMethod(Member):
    """One way in which the user proved who they are."""

    name: str
    timestamp: str | None = None


class Authentication(Member):
    """How the user was authenticated, and how risky that looks."""

    methods: list[AuthenticationMethod] = []
    riskAssessment: Free | None = None  # noqa: N815 - Auth0's spelling


class Authorization(Member):
    """What the user may do."""

    roles: list[str] = []


class Stats(Member):
    """How often the user logged in."""

    logins_count: int = 0


class Identified(Member):
    """Something with an id: an organization, a session, a refresh token."""

    id: str


class ResourceServer(Member):
    """The API an access token is for."""

    identifier: str


class Transaction(Member):
    """The login transaction, which may have several legs."""

    id: str | None = None
    metadata: Free = {}
    acr_values: list[str] | None = None
    correlation_id: str | None = None
    linking_id: str | None = None
    locale: str | None = None
    login_hint: str | None = None
    prompt: list[str] | None = None
    protocol: str | None = None
    redirect_uri: str | None = None
    requested_scopes: list[str] | None = None
    response_mode: str | None = None
    response_type: list[str] | None = None
    state: str | None = None
    ui_locales: list[str] | None = None


class PostLoginEvent(Member):
    """The event of a login. Members that Auth0 always sends are required, others are not."""

    client: Client
    connection: Connection
    request: Request
    tenant: Tenant
    user: User
    agent: Free | None = None
    authentication: Authentication | None = None
    authorization: Authorization | None = None
    custom_domain: Free | None = None
    organization: Identified | None = None
    prompt: Identified | None = None
    refresh_token: Identified | None = None
    resource_server: ResourceServer | None = None
    security_context: Free | None = None
    session: Identified | None = None
    session_transfer_token: Free | None = None
    stats: Stats = Stats()
    transaction: Transaction | None = None


def _user(event: dict[str, Any]) -> str | None:
    user_id: str = event["user"]["user_id"]
    return user_id


def _tenant(event: dict[str, Any]) -> str:
    tenant: str = event["tenant"]["id"]
    return tenant or DEFAULT_TENANT


PLUGIN = Trigger(
    name="post-login",
    handler="onExecutePostLogin",
    continues="onContinuePostLogin",
    event=PostLoginEvent,
    subject=_user,
    tenant=_tenant,
    sensitive=(
        "request.body.password",
        "request.body.code",
        "request.body.client_secret",
        "request.body.refresh_token",
        "request.query.code",
    ),
)
