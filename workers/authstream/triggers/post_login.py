"""post-login: after authentication, before tokens are issued (Auth0's trigger, v3)."""

from __future__ import annotations

from pydantic import Field

from authstream.contracts.event_members import (
    Agent,
    AuthenticationMethod,
    Authorization,
    BrowserRequest,
    Client,
    Connection,
    Correlation,
    CustomDomain,
    Event,
    Free,
    GeoIP,
    Member,
    MultifactorUser,
    OAuthRequest,
    Organization,
    Prompt,
    ResourceServer,
    SecurityContext,
    Stats,
    SupplementalRisk,
    Tenant,
)
from authstream.engine.parts.access import Access
from authstream.engine.parts.authentication import AuthenticationChanges
from authstream.engine.parts.claims import TokenClaims
from authstream.engine.parts.effects import Effects
from authstream.engine.parts.metadata import SharedMetadata, UserMetadata
from authstream.engine.parts.multifactor import Multifactor
from authstream.engine.parts.saml import SamlResponse
from authstream.engine.parts.scopes import ScopeChanges
from authstream.engine.parts.session import RefreshTokenChanges, SessionChanges
from authstream.engine.parts.suspension import Suspension
from authstream.engine.parts.validation import Validation
from authstream.engine.trigger import Trigger, event_user


class RefreshPolicy(Member):
    """What a refresh token of the application may be exchanged for."""

    audience: str | None = None
    scope: list[str] | None = None


class RefreshPolicies(Member):
    """How the application uses refresh tokens."""

    policies: list[RefreshPolicy] | None = None


class LoginClient(Client):
    """The application the user logs in to."""

    refresh_token: RefreshPolicies | None = None


class LoginRequest(BrowserRequest):
    """The HTTP request that logs in."""

    asn: str | None = None


class Finding(Member):
    """What one check found."""

    code: str | None = None
    confidence: str | None = None


class AgentDetails(Member):
    """Which agent."""

    provider: str | None = None


class AgentFinding(Finding):
    """Whether a software agent logs in."""

    details: AgentDetails | None = None


class DeviceDetails(Member):
    """What of the device was seen before."""

    device: str | None = None
    useragent: str | None = None


class DeviceFinding(Finding):
    """Whether the device was seen before."""

    details: DeviceDetails | None = None


class AddressDetails(Member):
    """Where the address is listed."""

    category: str | None = None
    ip: str | None = None
    matches: str | None = None
    source: str | None = None


class AddressFinding(Finding):
    """Whether the address is known for attacks."""

    details: AddressDetails | None = None


class Assessments(Member):
    """All checks."""

    AgentDetection: AgentFinding | None = None
    ImpossibleTravel: Finding | None = None
    NewDevice: DeviceFinding | None = None
    UntrustedIP: AddressFinding | None = None


class RiskAssessment(SupplementalRisk):
    """How risky the login looks."""

    assessments: Assessments | None = None
    confidence: str | None = None
    version: str | None = None


class Authentication(Member):
    """How the user was authenticated, and how risky that looks."""

    methods: list[AuthenticationMethod] = Field(default_factory=list[AuthenticationMethod])
    riskAssessment: RiskAssessment | None = None  # noqa: N815 - Auth0's spelling


class Device(Member):
    """Where a session or a token is used from."""

    initial_asn: str | None = None
    initial_ip: str | None = None
    initial_user_agent: str | None = None
    last_asn: str | None = None
    last_ip: str | None = None
    last_user_agent: str | None = None


class ParentToken(Member):
    """The refresh token that a token was made from."""

    id: str | None = None


class TokenTransfer(Member):
    """Where a refresh token comes from."""

    parent_refresh_token: ParentToken | None = None


class Audience(Member):
    """An API that a refresh token is for."""

    audience: str | None = None
    scopes: str | None = None


class RefreshToken(Member):
    """The refresh token that is exchanged or will be issued."""

    id: str
    client_id: str | None = None
    created_at: str | None = None
    device: Device | None = None
    expires_at: str | None = None
    idle_expires_at: str | None = None
    last_exchanged_at: str | None = None
    metadata: Free | None = None
    resource_servers: list[Audience] | None = None
    rotating: bool | None = None
    session_id: str | None = None
    session_transfer: TokenTransfer | None = None
    user_id: str | None = None


class AnnotatedParentToken(ParentToken):
    """The refresh token that a session was made from."""

    metadata: Free | None = None


class SessionTransfer(Member):
    """Where a session comes from."""

    parent_refresh_token: AnnotatedParentToken | None = None


class Subject(Member):
    """Who acts."""

    sub: str


class SessionClient(Member):
    """An application that the user logged in to in this session."""

    client_id: str


class Cookie(Member):
    """How long the session's cookie stays in the browser."""

    mode: str | None = None


class Session(Member):
    """The user's session at the provider."""

    id: str
    actor: Subject | None = None
    authenticated_at: str | None = None
    clients: list[SessionClient] | None = None
    cookie: Cookie | None = None
    created_at: str | None = None
    device: Device | None = None
    expires_at: str | None = None
    idle_expires_at: str | None = None
    last_interacted_at: str | None = None
    metadata: Free | None = None
    session_transfer: SessionTransfer | None = None
    updated_at: str | None = None
    user_id: str | None = None


class TransferRequest(Member):
    """The request that made a session transfer token."""

    ip: str | None = None
    asn: str | None = None
    geoip: GeoIP | None = None
    user_agent: str | None = None


class SessionTransferToken(Member):
    """The token that brought a session from a native application to the browser."""

    client_id: str
    request: TransferRequest | None = None
    scope: list[str] | None = None


class Actor4(Subject):
    """The innermost actor but one."""

    act: Subject | None = None


class Actor3(Subject):
    """An actor for whom another one acts."""

    act: Actor4 | None = None


class Actor2(Subject):
    """An actor for whom another one acts."""

    act: Actor3 | None = None


class Actor(Subject):
    """Who acts for the user; five levels in all."""

    act: Actor2 | None = None


class AuthorizationDetail(Member):
    """What the application wants to be allowed (RFC 9396)."""

    type: str


class Transaction(OAuthRequest, Correlation):
    """The login transaction, which may have several legs."""

    id: str | None = None
    metadata: Free = Field(default_factory=dict)
    actor: Actor | None = None
    actor_token_type: str | None = None
    linking_id: str | None = None
    requested_authorization_details: list[AuthorizationDetail] | None = None
    subject_token_type: str | None = None


class PostLoginEvent(Event):
    """The event of a login. Members that every provider has are required, others are not."""

    client: LoginClient
    connection: Connection
    request: LoginRequest
    tenant: Tenant
    user: MultifactorUser
    agent: Agent | None = None
    authentication: Authentication | None = None
    authorization: Authorization | None = None
    custom_domain: CustomDomain | None = None
    organization: Organization | None = None
    prompt: Prompt | None = None
    refresh_token: RefreshToken | None = None
    resource_server: ResourceServer | None = None
    security_context: SecurityContext | None = None
    session: Session | None = None
    session_transfer_token: SessionTransferToken | None = None
    stats: Stats = Stats()
    transaction: Transaction | None = None


PLUGIN = Trigger(
    name="post-login",
    handler="onExecutePostLogin",
    frequent=True,
    continues="onContinuePostLogin",
    event=PostLoginEvent,
    parts=(
        Access,
        Validation,
        TokenClaims,
        ScopeChanges,
        UserMetadata,
        SharedMetadata,
        SessionChanges,
        RefreshTokenChanges,
        SamlResponse,
        Multifactor,
        AuthenticationChanges,
        Suspension,
        Effects,
    ),
    subject=event_user,
    sensitive=(
        "request.body.password",
        "request.body.code",
        "request.body.client_secret",
        "request.body.refresh_token",
        "request.query.code",
    ),
    differs=(
        "Claims, scopes and keys that do not take effect are listed in the verdict's "
        "`dropped`. Whether a factor is enabled and enrolled is for the provider to say: it "
        "gets all factors that were asked for. The clamp to the tenant's longest session is "
        "the provider's: only what the event says limits a session here. The key given to "
        "`samlResponse.setKey` is in the verdict: protect the topic."
    ),
)
