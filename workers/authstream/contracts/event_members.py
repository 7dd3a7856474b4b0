"""The parts of events that several triggers share, with every member that Auth0 documents.

Source: Auth0's reference of triggers, schema version 0.31.0. What no provider can do without is
required; what other providers may not have is optional. Members that are not listed are kept.
"""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

Free = dict[str, Any]


class Member(BaseModel):
    """Part of an event: the members we know are checked, others are kept."""

    model_config = ConfigDict(extra="allow", frozen=True)


class Event(Member):
    """Any event."""

    #: The action's own, put in when it runs: whatever a provider publishes here is not passed on.
    secrets: Free = Field(default_factory=dict[str, Any])


class Client(Member):
    """The application."""

    client_id: str
    name: str | None = None
    metadata: Free = Field(default_factory=dict[str, Any])


class Connection(Member):
    """Where the user's identity comes from."""

    id: str | None = None
    name: str
    strategy: str | None = None
    metadata: Free = Field(default_factory=dict[str, Any])


class CustomDomain(Member):
    """The provider's address that the user came through."""

    domain: str
    domain_metadata: Free = Field(default_factory=dict[str, Any])


class Organization(Member):
    """The organization the user acts for."""

    id: str
    name: str | None = None
    display_name: str | None = None
    metadata: Free = Field(default_factory=dict[str, Any])


class Agent(Member):
    """The software agent that acts."""

    agent_id: str
    name: str | None = None
    agent_metadata: Free = Field(default_factory=dict[str, Any])


class GeoIP(Member):
    """Where a request comes from."""

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
    """The HTTP request behind the event."""

    ip: str
    geoip: GeoIP = GeoIP()
    hostname: str | None = None
    language: str | None = None
    method: str | None = None
    user_agent: str | None = None


class RequestWithBody(Request):
    """A request whose body actions may read."""

    body: Free = Field(default_factory=dict[str, Any])


class BrowserRequest(RequestWithBody):
    """A request of a browser, with its query."""

    query: Free = Field(default_factory=dict[str, Any])


class Tenant(Member):
    """Whose users these are."""

    id: str


class BrandedTenant(Tenant):
    """A tenant as messages to users show it."""

    friendly_name: str | None = None
    home_url: str | None = None
    logo_url: str | None = None
    support_email: str | None = None
    support_url: str | None = None


class Contact(Member):
    """What every user has, at whatever point of their life."""

    email: str | None = None
    family_name: str | None = None
    given_name: str | None = None
    name: str | None = None
    nickname: str | None = None
    picture: str | None = None
    username: str | None = None
    app_metadata: Free = Field(default_factory=dict[str, Any])
    user_metadata: Free = Field(default_factory=dict[str, Any])


class NewUser(Contact):
    """A user who does not exist yet."""

    phone_number: str | None = None


class User(NewUser):
    """A user who exists."""

    user_id: str
    created_at: str | None = None
    updated_at: str | None = None
    email_verified: bool = False
    phone_verified: bool | None = None
    last_password_reset: str | None = None


class Identity(Member):
    """One account that is linked to a user."""

    connection: str | None = None
    isSocial: bool | None = None  # noqa: N815 - Auth0's spelling
    profileData: Free | None = None  # noqa: N815 - Auth0's spelling
    provider: str | None = None
    user_id: str | int | None = None


class LinkedUser(User):
    """A user with their linked accounts."""

    identities: list[Identity] = []


class Factor(Member):
    """One factor a user has enrolled."""

    type: str
    options: Free | None = None


class EnrolledUser(LinkedUser):
    """A user with their factors."""

    enrolledFactors: list[Factor] | None = None  # noqa: N815 - Auth0's spelling


class MultifactorUser(EnrolledUser):
    """A user with the names of their multifactor providers too."""

    multifactor: list[str] | None = None


class AuthenticationMethod(Member):
    """One way in which the user proved who they are."""

    name: str
    timestamp: str | None = None


class AkamaiBot(Member):
    """What Akamai Bot Manager says."""

    action: str | None = None
    botCategory: list[str] | None = None  # noqa: N815 - Akamai's spelling
    botScore: float | None = None  # noqa: N815 - Akamai's spelling
    botScoreResponseSegment: str | None = None  # noqa: N815 - Akamai's spelling
    botnetId: str | None = None  # noqa: N815 - Akamai's spelling
    type: str | None = None


class AkamaiUserRisk(Member):
    """What Akamai Account Protector says."""

    action: str | None = None
    allow: float | None = None
    emailDomain: str | None = None  # noqa: N815 - Akamai's spelling
    general: Free | None = None
    ouid: str | None = None
    requestid: str | None = None
    risk: Free | None = None
    score: float | None = None
    status: float | None = None
    trust: Free | None = None
    username: str | None = None
    uuid: str | None = None


class Akamai(Member):
    """Signals that a provider behind Akamai passes on."""

    akamaiBot: AkamaiBot | None = None  # noqa: N815 - Akamai's spelling
    akamaiUserRisk: AkamaiUserRisk | None = None  # noqa: N815 - Akamai's spelling


class SupplementalSignals(Member):
    """Signals of others about the request."""

    akamai: Akamai | None = None


class SupplementalRisk(Member):
    """How risky others find the request."""

    supplemental: SupplementalSignals | None = None


class RequestAuthentication(Member):
    """What is known of the request before anybody is authenticated."""

    riskAssessment: SupplementalRisk | None = None  # noqa: N815 - Auth0's spelling


class Authorization(Member):
    """What the user may do."""

    roles: list[str] = []


class Stats(Member):
    """How often the user logged in."""

    logins_count: int = 0


class ResourceServer(Member):
    """The API an access token is for."""

    identifier: str


class SecurityContext(Member):
    """Fingerprints of the TLS connection."""

    ja3: str | None = None
    ja4: str | None = None


class Prompt(Member):
    """A form that the user filled in."""

    id: str
    fields: Free | None = None
    vars: Free | None = None


class Correlation(Member):
    """What ties the records of one transaction together."""

    correlation_id: str | None = None


class OAuthRequest(Member):
    """What the application asked for."""

    acr_values: list[str] | None = None
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


class PostIdentifierTransaction(OAuthRequest, Correlation):
    """The transaction in which an identifier was entered."""


class IdentifierRequest(Request):
    """The request that entered it."""

    asn: str | None = None
    query: Free = Field(default_factory=dict[str, Any])


class PostIdentifierEvent(Event):
    """The event of an identifier that was entered; nobody is authenticated yet."""

    client: Client
    request: IdentifierRequest
    tenant: Tenant
    initial_connection: Connection | None = None
    initial_organization: Organization | None = None
    resource_server: ResourceServer | None = None
    security_context: SecurityContext | None = None
    transaction: PostIdentifierTransaction = PostIdentifierTransaction()
