"""What an action may use, for editors and type checkers. Rendered by make contracts.

    from __future__ import annotations
    from typing import TYPE_CHECKING
    if TYPE_CHECKING:
        from actions import PostLoginApi, PostLoginEvent

    async def on_execute_post_login(event: PostLoginEvent, api: PostLoginApi) -> None: ...
"""

from collections.abc import Generator, Mapping, Sequence
from typing import Any, Literal, Protocol

class Record(dict[str, Any]):
    """A JSON object: members as attributes and as items."""

    def __getattr__(self, name: str) -> Any: ...

class Answer(Record):
    """To be awaited in an `async def` handler; in a plain one it is the answer itself."""

    def __await__(self) -> Generator[Any, Any, Record]: ...

class Event(Record):
    """The login as its provider published it, with what earlier actions changed."""

    secrets: Record
    configuration: Record

class _CredentialsExchangeEventClient(Record):
    """The application."""

    client_id: str
    name: str
    metadata: Record

class _CredentialsExchangeEventRequestGeoip(Record):
    """Where a request comes from."""

    cityName: str
    continentCode: str
    countryCode: str
    countryCode3: str
    countryName: str
    latitude: float
    longitude: float
    subdivisionCode: str
    subdivisionName: str
    timeZone: str

class _CredentialsExchangeEventRequest(Record):
    """A request whose body actions may read."""

    ip: str
    geoip: _CredentialsExchangeEventRequestGeoip
    hostname: str
    language: str
    method: str
    user_agent: str
    body: Record

class _CredentialsExchangeEventTenant(Record):
    """Whose users these are."""

    id: str

class _CredentialsExchangeEventResourceServer(Record):
    """The API an access token is for."""

    identifier: str

class _CredentialsExchangeEventAccessToken(Record):
    """The token as it would be issued."""

    customClaims: Record
    scope: list[str]

class _CredentialsExchangeEventTransaction(Record):
    """What the machine asked for."""

    correlation_id: str
    requested_scopes: list[str]
    target_scopes: list[str]

class _CredentialsExchangeEventAgent(Record):
    """The software agent that acts."""

    agent_id: str
    name: str
    agent_metadata: Record

class _CredentialsExchangeEventCustomDomain(Record):
    """The provider's address that the user came through."""

    domain: str
    domain_metadata: Record

class _CredentialsExchangeEventOrganization(Record):
    """The organization the user acts for."""

    id: str
    name: str
    display_name: str
    metadata: Record

class CredentialsExchangeEvent(Event):
    """The event of a client-credentials grant."""

    client: _CredentialsExchangeEventClient
    request: _CredentialsExchangeEventRequest
    tenant: _CredentialsExchangeEventTenant
    resource_server: _CredentialsExchangeEventResourceServer
    accessToken: _CredentialsExchangeEventAccessToken
    transaction: _CredentialsExchangeEventTransaction
    agent: _CredentialsExchangeEventAgent
    custom_domain: _CredentialsExchangeEventCustomDomain
    organization: _CredentialsExchangeEventOrganization

class _CustomEmailProviderEventClient(Record):
    """The application."""

    client_id: str
    name: str
    metadata: Record

class _CustomEmailProviderEventNotification(Record):
    """The e-mail."""

    to: str
    html: str
    locale: str
    message_type: str
    subject: str
    text: str

class _CustomEmailProviderEventTenant(Record):
    """A tenant as messages to users show it."""

    id: str
    friendly_name: str
    home_url: str
    logo_url: str
    support_email: str
    support_url: str

class _CustomEmailProviderEventUser(Record):
    """The user it goes to."""

    email: str
    family_name: str
    given_name: str
    name: str
    nickname: str
    picture: str
    username: str
    app_metadata: Record
    user_metadata: Record
    user_id: str
    email_verified: bool

class _CustomEmailProviderEventRequestGeoip(Record):
    """Where a request comes from."""

    cityName: str
    continentCode: str
    countryCode: str
    countryCode3: str
    countryName: str
    latitude: float
    longitude: float
    subdivisionCode: str
    subdivisionName: str
    timeZone: str

class _CustomEmailProviderEventRequest(Record):
    """The request that led to it, if there was one."""

    geoip: _CustomEmailProviderEventRequestGeoip
    hostname: str
    ip: str
    query: Record
    user_agent: str

class _CustomEmailProviderEventConnection(Record):
    """Where the user's identity comes from."""

    id: str
    name: str
    strategy: str
    metadata: Record

class _CustomEmailProviderEventCustomDomain(Record):
    """The provider's address that the user came through."""

    domain: str
    domain_metadata: Record

class _CustomEmailProviderEventOrganization(Record):
    """The organization the user acts for."""

    id: str
    name: str
    display_name: str
    metadata: Record

class _CustomEmailProviderEventTransaction(Record):
    """What ties the records of one transaction together."""

    correlation_id: str

class CustomEmailProviderEvent(Event):
    """The event of an e-mail to send."""

    client: _CustomEmailProviderEventClient
    notification: _CustomEmailProviderEventNotification
    tenant: _CustomEmailProviderEventTenant
    user: _CustomEmailProviderEventUser
    request: _CustomEmailProviderEventRequest
    connection: _CustomEmailProviderEventConnection
    custom_domain: _CustomEmailProviderEventCustomDomain
    organization: _CustomEmailProviderEventOrganization
    transaction: _CustomEmailProviderEventTransaction

class _CustomPhoneProviderEventClient(Record):
    """The application."""

    client_id: str
    name: str
    metadata: Record

class _CustomPhoneProviderEventNotification(Record):
    """The message."""

    recipient: str
    as_text: str
    as_voice: str
    code: str
    delivery_method: str
    locale: str
    message_type: str

class _CustomPhoneProviderEventRequestGeoip(Record):
    """Where a request comes from."""

    cityName: str
    continentCode: str
    countryCode: str
    countryCode3: str
    countryName: str
    latitude: float
    longitude: float
    subdivisionCode: str
    subdivisionName: str
    timeZone: str

class _CustomPhoneProviderEventRequest(Record):
    """The HTTP request behind the event."""

    ip: str
    geoip: _CustomPhoneProviderEventRequestGeoip
    hostname: str
    language: str
    method: str
    user_agent: str

class _CustomPhoneProviderEventTenant(Record):
    """A tenant as messages to users show it."""

    id: str
    friendly_name: str
    home_url: str
    logo_url: str
    support_email: str
    support_url: str

class _CustomPhoneProviderEventUserIdentities(Record):
    """One account that is linked to a user."""

    connection: str
    isSocial: bool
    profileData: Record
    provider: str
    user_id: Any

class _CustomPhoneProviderEventUser(Record):
    """A user with their linked accounts."""

    email: str
    family_name: str
    given_name: str
    name: str
    nickname: str
    picture: str
    username: str
    app_metadata: Record
    user_metadata: Record
    phone_number: str
    user_id: str
    created_at: str
    updated_at: str
    email_verified: bool
    phone_verified: bool
    last_password_reset: str
    identities: list[_CustomPhoneProviderEventUserIdentities]

class _CustomPhoneProviderEventConnection(Record):
    """Where the user's identity comes from."""

    id: str
    name: str
    strategy: str
    metadata: Record

class _CustomPhoneProviderEventCustomDomain(Record):
    """The provider's address that the user came through."""

    domain: str
    domain_metadata: Record

class _CustomPhoneProviderEventOrganization(Record):
    """The organization the user acts for."""

    id: str
    name: str
    display_name: str
    metadata: Record

class _CustomPhoneProviderEventTransaction(Record):
    """What ties the records of one transaction together."""

    correlation_id: str

class CustomPhoneProviderEvent(Event):
    """The event of a message to send."""

    client: _CustomPhoneProviderEventClient
    notification: _CustomPhoneProviderEventNotification
    request: _CustomPhoneProviderEventRequest
    tenant: _CustomPhoneProviderEventTenant
    user: _CustomPhoneProviderEventUser
    connection: _CustomPhoneProviderEventConnection
    custom_domain: _CustomPhoneProviderEventCustomDomain
    organization: _CustomPhoneProviderEventOrganization
    transaction: _CustomPhoneProviderEventTransaction

class _CustomTokenExchangeEventClient(Record):
    """The application."""

    client_id: str
    name: str
    metadata: Record

class _CustomTokenExchangeEventRequestGeoip(Record):
    """Where a request comes from."""

    cityName: str
    continentCode: str
    countryCode: str
    countryCode3: str
    countryName: str
    latitude: float
    longitude: float
    subdivisionCode: str
    subdivisionName: str
    timeZone: str

class _CustomTokenExchangeEventRequest(Record):
    """A request whose body actions may read."""

    ip: str
    geoip: _CustomTokenExchangeEventRequestGeoip
    hostname: str
    language: str
    method: str
    user_agent: str
    body: Record

class _CustomTokenExchangeEventTenant(Record):
    """Whose users these are."""

    id: str

class _CustomTokenExchangeEventTransactionActorTokenUserIdentities(Record):
    """One account that is linked to a user."""

    connection: str
    isSocial: bool
    profileData: Record
    provider: str
    user_id: Any

class _CustomTokenExchangeEventTransactionActorTokenUserEnrolledFactors(Record):
    """One factor a user has enrolled."""

    type: str
    options: Record

class _CustomTokenExchangeEventTransactionActorTokenUser(Record):
    """A user with the names of their multifactor providers too."""

    email: str
    family_name: str
    given_name: str
    name: str
    nickname: str
    picture: str
    username: str
    app_metadata: Record
    user_metadata: Record
    phone_number: str
    user_id: str
    created_at: str
    updated_at: str
    email_verified: bool
    phone_verified: bool
    last_password_reset: str
    identities: list[_CustomTokenExchangeEventTransactionActorTokenUserIdentities]
    enrolledFactors: list[_CustomTokenExchangeEventTransactionActorTokenUserEnrolledFactors]
    multifactor: list[str]

class _CustomTokenExchangeEventTransaction(Record):
    """The exchange (RFC 8693)."""

    subject_token: str
    subject_token_type: str
    actor_token: str
    actor_token_type: str
    actor_token_user: _CustomTokenExchangeEventTransactionActorTokenUser
    requested_scopes: list[str]
    requested_token_type: str

class _CustomTokenExchangeEventOrganization(Record):
    """The organization the user acts for."""

    id: str
    name: str
    display_name: str
    metadata: Record

class _CustomTokenExchangeEventResourceServer(Record):
    """The API an access token is for."""

    identifier: str

class CustomTokenExchangeEvent(Event):
    """The event of a token exchange."""

    client: _CustomTokenExchangeEventClient
    request: _CustomTokenExchangeEventRequest
    tenant: _CustomTokenExchangeEventTenant
    transaction: _CustomTokenExchangeEventTransaction
    organization: _CustomTokenExchangeEventOrganization
    resource_server: _CustomTokenExchangeEventResourceServer

class _EventStreamEventMessage(Record):
    """A CloudEvent."""

    id: str
    source: str
    specversion: str
    type: str
    data: Record
    time: str

class EventStreamEvent(Event):
    """The event of an event stream."""

    message: _EventStreamEventMessage

class _LoginPostIdentifierEventClient(Record):
    """The application."""

    client_id: str
    name: str
    metadata: Record

class _LoginPostIdentifierEventRequestGeoip(Record):
    """Where a request comes from."""

    cityName: str
    continentCode: str
    countryCode: str
    countryCode3: str
    countryName: str
    latitude: float
    longitude: float
    subdivisionCode: str
    subdivisionName: str
    timeZone: str

class _LoginPostIdentifierEventRequest(Record):
    """The request that entered it."""

    ip: str
    geoip: _LoginPostIdentifierEventRequestGeoip
    hostname: str
    language: str
    method: str
    user_agent: str
    asn: str
    query: Record

class _LoginPostIdentifierEventTenant(Record):
    """Whose users these are."""

    id: str

class _LoginPostIdentifierEventInitialConnection(Record):
    """Where the user's identity comes from."""

    id: str
    name: str
    strategy: str
    metadata: Record

class _LoginPostIdentifierEventInitialOrganization(Record):
    """The organization the user acts for."""

    id: str
    name: str
    display_name: str
    metadata: Record

class _LoginPostIdentifierEventResourceServer(Record):
    """The API an access token is for."""

    identifier: str

class _LoginPostIdentifierEventSecurityContext(Record):
    """Fingerprints of the TLS connection."""

    ja3: str
    ja4: str

class _LoginPostIdentifierEventTransaction(Record):
    """The transaction in which an identifier was entered."""

    correlation_id: str
    acr_values: list[str]
    locale: str
    login_hint: str
    prompt: list[str]
    protocol: str
    redirect_uri: str
    requested_scopes: list[str]
    response_mode: str
    response_type: list[str]
    state: str
    ui_locales: list[str]

class LoginPostIdentifierEvent(Event):
    """The event of an identifier that was entered; nobody is authenticated yet."""

    client: _LoginPostIdentifierEventClient
    request: _LoginPostIdentifierEventRequest
    tenant: _LoginPostIdentifierEventTenant
    initial_connection: _LoginPostIdentifierEventInitialConnection
    initial_organization: _LoginPostIdentifierEventInitialOrganization
    resource_server: _LoginPostIdentifierEventResourceServer
    security_context: _LoginPostIdentifierEventSecurityContext
    transaction: _LoginPostIdentifierEventTransaction

class _PasswordHashMigrationEventTenant(Record):
    """Whose users these are."""

    id: str

class PasswordHashMigrationEvent(Event):
    """Whatever the provider publishes, for a tenant."""

    tenant: _PasswordHashMigrationEventTenant

class _PasswordResetPostChallengeEventClient(Record):
    """The application."""

    client_id: str
    name: str
    metadata: Record

class _PasswordResetPostChallengeEventConnection(Record):
    """Where the user's identity comes from."""

    id: str
    name: str
    strategy: str
    metadata: Record

class _PasswordResetPostChallengeEventRequestGeoip(Record):
    """Where a request comes from."""

    cityName: str
    continentCode: str
    countryCode: str
    countryCode3: str
    countryName: str
    latitude: float
    longitude: float
    subdivisionCode: str
    subdivisionName: str
    timeZone: str

class _PasswordResetPostChallengeEventRequest(Record):
    """A request of a browser, with its query."""

    ip: str
    geoip: _PasswordResetPostChallengeEventRequestGeoip
    hostname: str
    language: str
    method: str
    user_agent: str
    body: Record
    query: Record

class _PasswordResetPostChallengeEventTenant(Record):
    """Whose users these are."""

    id: str

class _PasswordResetPostChallengeEventUserIdentities(Record):
    """One account that is linked to a user."""

    connection: str
    isSocial: bool
    profileData: Record
    provider: str
    user_id: Any

class _PasswordResetPostChallengeEventUserEnrolledFactors(Record):
    """One factor a user has enrolled."""

    type: str
    options: Record

class _PasswordResetPostChallengeEventUser(Record):
    """A user with their factors."""

    email: str
    family_name: str
    given_name: str
    name: str
    nickname: str
    picture: str
    username: str
    app_metadata: Record
    user_metadata: Record
    phone_number: str
    user_id: str
    created_at: str
    updated_at: str
    email_verified: bool
    phone_verified: bool
    last_password_reset: str
    identities: list[_PasswordResetPostChallengeEventUserIdentities]
    enrolledFactors: list[_PasswordResetPostChallengeEventUserEnrolledFactors]

class _PasswordResetPostChallengeEventAuthenticationRiskAssessmentSupplementalAkamaiAkamaiBot(Record):
    """What Akamai Bot Manager says."""

    action: str
    botCategory: list[str]
    botScore: float
    botScoreResponseSegment: str
    botnetId: str
    type: str

class _PasswordResetPostChallengeEventAuthenticationRiskAssessmentSupplementalAkamaiAkamaiUserRisk(Record):
    """What Akamai Account Protector says."""

    action: str
    allow: float
    emailDomain: str
    general: Record
    ouid: str
    requestid: str
    risk: Record
    score: float
    status: float
    trust: Record
    username: str
    uuid: str

class _PasswordResetPostChallengeEventAuthenticationRiskAssessmentSupplementalAkamai(Record):
    """Signals that a provider behind Akamai passes on."""

    akamaiBot: _PasswordResetPostChallengeEventAuthenticationRiskAssessmentSupplementalAkamaiAkamaiBot
    akamaiUserRisk: _PasswordResetPostChallengeEventAuthenticationRiskAssessmentSupplementalAkamaiAkamaiUserRisk

class _PasswordResetPostChallengeEventAuthenticationRiskAssessmentSupplemental(Record):
    """Signals of others about the request."""

    akamai: _PasswordResetPostChallengeEventAuthenticationRiskAssessmentSupplementalAkamai

class _PasswordResetPostChallengeEventAuthenticationRiskAssessment(Record):
    """How risky others find the request."""

    supplemental: _PasswordResetPostChallengeEventAuthenticationRiskAssessmentSupplemental

class _PasswordResetPostChallengeEventAuthenticationMethods(Record):
    """One way in which the user proved who they are."""

    name: str
    timestamp: str

class _PasswordResetPostChallengeEventAuthentication(Record):
    """How the user proved that the account is theirs."""

    riskAssessment: _PasswordResetPostChallengeEventAuthenticationRiskAssessment
    methods: list[_PasswordResetPostChallengeEventAuthenticationMethods]

class _PasswordResetPostChallengeEventAuthorization(Record):
    """What the user may do."""

    roles: list[str]

class _PasswordResetPostChallengeEventCustomDomain(Record):
    """The provider's address that the user came through."""

    domain: str
    domain_metadata: Record

class _PasswordResetPostChallengeEventOrganization(Record):
    """The organization the user acts for."""

    id: str
    name: str
    display_name: str
    metadata: Record

class _PasswordResetPostChallengeEventPrompt(Record):
    """A form that the user filled in."""

    id: str
    fields: Record
    vars: Record

class _PasswordResetPostChallengeEventStats(Record):
    """How often the user logged in."""

    logins_count: float

class _PasswordResetPostChallengeEventTransaction(Record):
    """The transaction of the reset."""

    correlation_id: str
    locale: str
    login_hint: str
    state: str
    ui_locales: list[str]

class PasswordResetPostChallengeEvent(Event):
    """The event of a password that is about to be reset."""

    client: _PasswordResetPostChallengeEventClient
    connection: _PasswordResetPostChallengeEventConnection
    request: _PasswordResetPostChallengeEventRequest
    tenant: _PasswordResetPostChallengeEventTenant
    user: _PasswordResetPostChallengeEventUser
    authentication: _PasswordResetPostChallengeEventAuthentication
    authorization: _PasswordResetPostChallengeEventAuthorization
    custom_domain: _PasswordResetPostChallengeEventCustomDomain
    organization: _PasswordResetPostChallengeEventOrganization
    prompt: _PasswordResetPostChallengeEventPrompt
    stats: _PasswordResetPostChallengeEventStats
    transaction: _PasswordResetPostChallengeEventTransaction

class _PostChangePasswordEventConnection(Record):
    """Where the user's identity comes from."""

    id: str
    name: str
    strategy: str
    metadata: Record

class _PostChangePasswordEventRequestGeoip(Record):
    """Where a request comes from."""

    cityName: str
    continentCode: str
    countryCode: str
    countryCode3: str
    countryName: str
    latitude: float
    longitude: float
    subdivisionCode: str
    subdivisionName: str
    timeZone: str

class _PostChangePasswordEventRequest(Record):
    """The HTTP request behind the event."""

    ip: str
    geoip: _PostChangePasswordEventRequestGeoip
    hostname: str
    language: str
    method: str
    user_agent: str

class _PostChangePasswordEventTenant(Record):
    """Whose users these are."""

    id: str

class _PostChangePasswordEventUser(Record):
    """The user who has a new password."""

    user_id: str
    email: str
    email_verified: bool
    last_password_reset: str
    phone_number: str
    phone_verified: bool
    username: str

class _PostChangePasswordEventAuthenticationRiskAssessmentSupplementalAkamaiAkamaiBot(Record):
    """What Akamai Bot Manager says."""

    action: str
    botCategory: list[str]
    botScore: float
    botScoreResponseSegment: str
    botnetId: str
    type: str

class _PostChangePasswordEventAuthenticationRiskAssessmentSupplementalAkamaiAkamaiUserRisk(Record):
    """What Akamai Account Protector says."""

    action: str
    allow: float
    emailDomain: str
    general: Record
    ouid: str
    requestid: str
    risk: Record
    score: float
    status: float
    trust: Record
    username: str
    uuid: str

class _PostChangePasswordEventAuthenticationRiskAssessmentSupplementalAkamai(Record):
    """Signals that a provider behind Akamai passes on."""

    akamaiBot: _PostChangePasswordEventAuthenticationRiskAssessmentSupplementalAkamaiAkamaiBot
    akamaiUserRisk: _PostChangePasswordEventAuthenticationRiskAssessmentSupplementalAkamaiAkamaiUserRisk

class _PostChangePasswordEventAuthenticationRiskAssessmentSupplemental(Record):
    """Signals of others about the request."""

    akamai: _PostChangePasswordEventAuthenticationRiskAssessmentSupplementalAkamai

class _PostChangePasswordEventAuthenticationRiskAssessment(Record):
    """How risky others find the request."""

    supplemental: _PostChangePasswordEventAuthenticationRiskAssessmentSupplemental

class _PostChangePasswordEventAuthentication(Record):
    """What is known of the request before anybody is authenticated."""

    riskAssessment: _PostChangePasswordEventAuthenticationRiskAssessment

class _PostChangePasswordEventCustomDomain(Record):
    """The provider's address that the user came through."""

    domain: str
    domain_metadata: Record

class _PostChangePasswordEventTransaction(Record):
    """What ties the records of one transaction together."""

    correlation_id: str

class PostChangePasswordEvent(Event):
    """The event of a password that was changed."""

    connection: _PostChangePasswordEventConnection
    request: _PostChangePasswordEventRequest
    tenant: _PostChangePasswordEventTenant
    user: _PostChangePasswordEventUser
    authentication: _PostChangePasswordEventAuthentication
    custom_domain: _PostChangePasswordEventCustomDomain
    transaction: _PostChangePasswordEventTransaction

class _PostLoginEventClientRefreshTokenPolicies(Record):
    """What a refresh token of the application may be exchanged for."""

    audience: str
    scope: list[str]

class _PostLoginEventClientRefreshToken(Record):
    """How the application uses refresh tokens."""

    policies: list[_PostLoginEventClientRefreshTokenPolicies]

class _PostLoginEventClient(Record):
    """The application the user logs in to."""

    client_id: str
    name: str
    metadata: Record
    refresh_token: _PostLoginEventClientRefreshToken

class _PostLoginEventConnection(Record):
    """Where the user's identity comes from."""

    id: str
    name: str
    strategy: str
    metadata: Record

class _PostLoginEventRequestGeoip(Record):
    """Where a request comes from."""

    cityName: str
    continentCode: str
    countryCode: str
    countryCode3: str
    countryName: str
    latitude: float
    longitude: float
    subdivisionCode: str
    subdivisionName: str
    timeZone: str

class _PostLoginEventRequest(Record):
    """The HTTP request that logs in."""

    ip: str
    geoip: _PostLoginEventRequestGeoip
    hostname: str
    language: str
    method: str
    user_agent: str
    body: Record
    query: Record
    asn: str

class _PostLoginEventTenant(Record):
    """Whose users these are."""

    id: str

class _PostLoginEventUserIdentities(Record):
    """One account that is linked to a user."""

    connection: str
    isSocial: bool
    profileData: Record
    provider: str
    user_id: Any

class _PostLoginEventUserEnrolledFactors(Record):
    """One factor a user has enrolled."""

    type: str
    options: Record

class _PostLoginEventUser(Record):
    """A user with the names of their multifactor providers too."""

    email: str
    family_name: str
    given_name: str
    name: str
    nickname: str
    picture: str
    username: str
    app_metadata: Record
    user_metadata: Record
    phone_number: str
    user_id: str
    created_at: str
    updated_at: str
    email_verified: bool
    phone_verified: bool
    last_password_reset: str
    identities: list[_PostLoginEventUserIdentities]
    enrolledFactors: list[_PostLoginEventUserEnrolledFactors]
    multifactor: list[str]

class _PostLoginEventAgent(Record):
    """The software agent that acts."""

    agent_id: str
    name: str
    agent_metadata: Record

class _PostLoginEventAuthenticationMethods(Record):
    """One way in which the user proved who they are."""

    name: str
    timestamp: str

class _PostLoginEventAuthenticationRiskAssessmentSupplementalAkamaiAkamaiBot(Record):
    """What Akamai Bot Manager says."""

    action: str
    botCategory: list[str]
    botScore: float
    botScoreResponseSegment: str
    botnetId: str
    type: str

class _PostLoginEventAuthenticationRiskAssessmentSupplementalAkamaiAkamaiUserRisk(Record):
    """What Akamai Account Protector says."""

    action: str
    allow: float
    emailDomain: str
    general: Record
    ouid: str
    requestid: str
    risk: Record
    score: float
    status: float
    trust: Record
    username: str
    uuid: str

class _PostLoginEventAuthenticationRiskAssessmentSupplementalAkamai(Record):
    """Signals that a provider behind Akamai passes on."""

    akamaiBot: _PostLoginEventAuthenticationRiskAssessmentSupplementalAkamaiAkamaiBot
    akamaiUserRisk: _PostLoginEventAuthenticationRiskAssessmentSupplementalAkamaiAkamaiUserRisk

class _PostLoginEventAuthenticationRiskAssessmentSupplemental(Record):
    """Signals of others about the request."""

    akamai: _PostLoginEventAuthenticationRiskAssessmentSupplementalAkamai

class _PostLoginEventAuthenticationRiskAssessmentAssessmentsAgentDetectionDetails(Record):
    """Which agent."""

    provider: str

class _PostLoginEventAuthenticationRiskAssessmentAssessmentsAgentDetection(Record):
    """Whether a software agent logs in."""

    code: str
    confidence: str
    details: _PostLoginEventAuthenticationRiskAssessmentAssessmentsAgentDetectionDetails

class _PostLoginEventAuthenticationRiskAssessmentAssessmentsImpossibleTravel(Record):
    """What one check found."""

    code: str
    confidence: str

class _PostLoginEventAuthenticationRiskAssessmentAssessmentsNewDeviceDetails(Record):
    """What of the device was seen before."""

    device: str
    useragent: str

class _PostLoginEventAuthenticationRiskAssessmentAssessmentsNewDevice(Record):
    """Whether the device was seen before."""

    code: str
    confidence: str
    details: _PostLoginEventAuthenticationRiskAssessmentAssessmentsNewDeviceDetails

class _PostLoginEventAuthenticationRiskAssessmentAssessmentsUntrustedIPDetails(Record):
    """Where the address is listed."""

    category: str
    ip: str
    matches: str
    source: str

class _PostLoginEventAuthenticationRiskAssessmentAssessmentsUntrustedIP(Record):
    """Whether the address is known for attacks."""

    code: str
    confidence: str
    details: _PostLoginEventAuthenticationRiskAssessmentAssessmentsUntrustedIPDetails

class _PostLoginEventAuthenticationRiskAssessmentAssessments(Record):
    """All checks."""

    AgentDetection: _PostLoginEventAuthenticationRiskAssessmentAssessmentsAgentDetection
    ImpossibleTravel: _PostLoginEventAuthenticationRiskAssessmentAssessmentsImpossibleTravel
    NewDevice: _PostLoginEventAuthenticationRiskAssessmentAssessmentsNewDevice
    UntrustedIP: _PostLoginEventAuthenticationRiskAssessmentAssessmentsUntrustedIP

class _PostLoginEventAuthenticationRiskAssessment(Record):
    """How risky the login looks."""

    supplemental: _PostLoginEventAuthenticationRiskAssessmentSupplemental
    assessments: _PostLoginEventAuthenticationRiskAssessmentAssessments
    confidence: str
    version: str

class _PostLoginEventAuthentication(Record):
    """How the user was authenticated, and how risky that looks."""

    methods: list[_PostLoginEventAuthenticationMethods]
    riskAssessment: _PostLoginEventAuthenticationRiskAssessment

class _PostLoginEventAuthorization(Record):
    """What the user may do."""

    roles: list[str]

class _PostLoginEventCustomDomain(Record):
    """The provider's address that the user came through."""

    domain: str
    domain_metadata: Record

class _PostLoginEventOrganization(Record):
    """The organization the user acts for."""

    id: str
    name: str
    display_name: str
    metadata: Record

class _PostLoginEventPrompt(Record):
    """A form that the user filled in."""

    id: str
    fields: Record
    vars: Record

class _PostLoginEventRefreshTokenDevice(Record):
    """Where a session or a token is used from."""

    initial_asn: str
    initial_ip: str
    initial_user_agent: str
    last_asn: str
    last_ip: str
    last_user_agent: str

class _PostLoginEventRefreshTokenResourceServers(Record):
    """An API that a refresh token is for."""

    audience: str
    scopes: str

class _PostLoginEventRefreshTokenSessionTransferParentRefreshToken(Record):
    """The refresh token that a token was made from."""

    id: str

class _PostLoginEventRefreshTokenSessionTransfer(Record):
    """Where a refresh token comes from."""

    parent_refresh_token: _PostLoginEventRefreshTokenSessionTransferParentRefreshToken

class _PostLoginEventRefreshToken(Record):
    """The refresh token that is exchanged or will be issued."""

    id: str
    client_id: str
    created_at: str
    device: _PostLoginEventRefreshTokenDevice
    expires_at: str
    idle_expires_at: str
    last_exchanged_at: str
    metadata: Record
    resource_servers: list[_PostLoginEventRefreshTokenResourceServers]
    rotating: bool
    session_id: str
    session_transfer: _PostLoginEventRefreshTokenSessionTransfer
    user_id: str

class _PostLoginEventResourceServer(Record):
    """The API an access token is for."""

    identifier: str

class _PostLoginEventSecurityContext(Record):
    """Fingerprints of the TLS connection."""

    ja3: str
    ja4: str

class _PostLoginEventSessionActor(Record):
    """Who acts."""

    sub: str

class _PostLoginEventSessionClients(Record):
    """An application that the user logged in to in this session."""

    client_id: str

class _PostLoginEventSessionCookie(Record):
    """How long the session's cookie stays in the browser."""

    mode: str

class _PostLoginEventSessionDevice(Record):
    """Where a session or a token is used from."""

    initial_asn: str
    initial_ip: str
    initial_user_agent: str
    last_asn: str
    last_ip: str
    last_user_agent: str

class _PostLoginEventSessionSessionTransferParentRefreshToken(Record):
    """The refresh token that a session was made from."""

    id: str
    metadata: Record

class _PostLoginEventSessionSessionTransfer(Record):
    """Where a session comes from."""

    parent_refresh_token: _PostLoginEventSessionSessionTransferParentRefreshToken

class _PostLoginEventSession(Record):
    """The user's session at the provider."""

    id: str
    actor: _PostLoginEventSessionActor
    authenticated_at: str
    clients: list[_PostLoginEventSessionClients]
    cookie: _PostLoginEventSessionCookie
    created_at: str
    device: _PostLoginEventSessionDevice
    expires_at: str
    idle_expires_at: str
    last_interacted_at: str
    metadata: Record
    session_transfer: _PostLoginEventSessionSessionTransfer
    updated_at: str
    user_id: str

class _PostLoginEventSessionTransferTokenRequestGeoip(Record):
    """Where a request comes from."""

    cityName: str
    continentCode: str
    countryCode: str
    countryCode3: str
    countryName: str
    latitude: float
    longitude: float
    subdivisionCode: str
    subdivisionName: str
    timeZone: str

class _PostLoginEventSessionTransferTokenRequest(Record):
    """The request that made a session transfer token."""

    ip: str
    asn: str
    geoip: _PostLoginEventSessionTransferTokenRequestGeoip
    user_agent: str

class _PostLoginEventSessionTransferToken(Record):
    """The token that brought a session from a native application to the browser."""

    client_id: str
    request: _PostLoginEventSessionTransferTokenRequest
    scope: list[str]

class _PostLoginEventStats(Record):
    """How often the user logged in."""

    logins_count: float

class _PostLoginEventTransactionActorActActActAct(Record):
    """Who acts."""

    sub: str

class _PostLoginEventTransactionActorActActAct(Record):
    """The innermost actor but one."""

    sub: str
    act: _PostLoginEventTransactionActorActActActAct

class _PostLoginEventTransactionActorActAct(Record):
    """An actor for whom another one acts."""

    sub: str
    act: _PostLoginEventTransactionActorActActAct

class _PostLoginEventTransactionActorAct(Record):
    """An actor for whom another one acts."""

    sub: str
    act: _PostLoginEventTransactionActorActAct

class _PostLoginEventTransactionActor(Record):
    """Who acts for the user; five levels in all."""

    sub: str
    act: _PostLoginEventTransactionActorAct

class _PostLoginEventTransactionRequestedAuthorizationDetails(Record):
    """What the application wants to be allowed (RFC 9396)."""

    type: str

class _PostLoginEventTransaction(Record):
    """The login transaction, which may have several legs."""

    correlation_id: str
    acr_values: list[str]
    locale: str
    login_hint: str
    prompt: list[str]
    protocol: str
    redirect_uri: str
    requested_scopes: list[str]
    response_mode: str
    response_type: list[str]
    state: str
    ui_locales: list[str]
    id: str
    metadata: Record
    actor: _PostLoginEventTransactionActor
    actor_token_type: str
    linking_id: str
    requested_authorization_details: list[_PostLoginEventTransactionRequestedAuthorizationDetails]
    subject_token_type: str

class PostLoginEvent(Event):
    """The event of a login. Members that every provider has are required, others are not."""

    client: _PostLoginEventClient
    connection: _PostLoginEventConnection
    request: _PostLoginEventRequest
    tenant: _PostLoginEventTenant
    user: _PostLoginEventUser
    agent: _PostLoginEventAgent
    authentication: _PostLoginEventAuthentication
    authorization: _PostLoginEventAuthorization
    custom_domain: _PostLoginEventCustomDomain
    organization: _PostLoginEventOrganization
    prompt: _PostLoginEventPrompt
    refresh_token: _PostLoginEventRefreshToken
    resource_server: _PostLoginEventResourceServer
    security_context: _PostLoginEventSecurityContext
    session: _PostLoginEventSession
    session_transfer_token: _PostLoginEventSessionTransferToken
    stats: _PostLoginEventStats
    transaction: _PostLoginEventTransaction

class _PostUserRegistrationEventConnection(Record):
    """Where the user's identity comes from."""

    id: str
    name: str
    strategy: str
    metadata: Record

class _PostUserRegistrationEventTenant(Record):
    """Whose users these are."""

    id: str

class _PostUserRegistrationEventUser(Record):
    """A user who exists."""

    email: str
    family_name: str
    given_name: str
    name: str
    nickname: str
    picture: str
    username: str
    app_metadata: Record
    user_metadata: Record
    phone_number: str
    user_id: str
    created_at: str
    updated_at: str
    email_verified: bool
    phone_verified: bool
    last_password_reset: str

class _PostUserRegistrationEventAuthenticationRiskAssessmentSupplementalAkamaiAkamaiBot(Record):
    """What Akamai Bot Manager says."""

    action: str
    botCategory: list[str]
    botScore: float
    botScoreResponseSegment: str
    botnetId: str
    type: str

class _PostUserRegistrationEventAuthenticationRiskAssessmentSupplementalAkamaiAkamaiUserRisk(Record):
    """What Akamai Account Protector says."""

    action: str
    allow: float
    emailDomain: str
    general: Record
    ouid: str
    requestid: str
    risk: Record
    score: float
    status: float
    trust: Record
    username: str
    uuid: str

class _PostUserRegistrationEventAuthenticationRiskAssessmentSupplementalAkamai(Record):
    """Signals that a provider behind Akamai passes on."""

    akamaiBot: _PostUserRegistrationEventAuthenticationRiskAssessmentSupplementalAkamaiAkamaiBot
    akamaiUserRisk: _PostUserRegistrationEventAuthenticationRiskAssessmentSupplementalAkamaiAkamaiUserRisk

class _PostUserRegistrationEventAuthenticationRiskAssessmentSupplemental(Record):
    """Signals of others about the request."""

    akamai: _PostUserRegistrationEventAuthenticationRiskAssessmentSupplementalAkamai

class _PostUserRegistrationEventAuthenticationRiskAssessment(Record):
    """How risky others find the request."""

    supplemental: _PostUserRegistrationEventAuthenticationRiskAssessmentSupplemental

class _PostUserRegistrationEventAuthentication(Record):
    """What is known of the request before anybody is authenticated."""

    riskAssessment: _PostUserRegistrationEventAuthenticationRiskAssessment

class _PostUserRegistrationEventCustomDomain(Record):
    """The provider's address that the user came through."""

    domain: str
    domain_metadata: Record

class _PostUserRegistrationEventRequestGeoip(Record):
    """Where a request comes from."""

    cityName: str
    continentCode: str
    countryCode: str
    countryCode3: str
    countryName: str
    latitude: float
    longitude: float
    subdivisionCode: str
    subdivisionName: str
    timeZone: str

class _PostUserRegistrationEventRequest(Record):
    """The HTTP request behind the event."""

    ip: str
    geoip: _PostUserRegistrationEventRequestGeoip
    hostname: str
    language: str
    method: str
    user_agent: str

class _PostUserRegistrationEventSecurityContext(Record):
    """Fingerprints of the TLS connection."""

    ja3: str
    ja4: str

class _PostUserRegistrationEventTransaction(Record):
    """What the application asked for."""

    acr_values: list[str]
    locale: str
    login_hint: str
    prompt: list[str]
    protocol: str
    redirect_uri: str
    requested_scopes: list[str]
    response_mode: str
    response_type: list[str]
    state: str
    ui_locales: list[str]

class PostUserRegistrationEvent(Event):
    """The event of a user who was created."""

    connection: _PostUserRegistrationEventConnection
    tenant: _PostUserRegistrationEventTenant
    user: _PostUserRegistrationEventUser
    authentication: _PostUserRegistrationEventAuthentication
    custom_domain: _PostUserRegistrationEventCustomDomain
    request: _PostUserRegistrationEventRequest
    security_context: _PostUserRegistrationEventSecurityContext
    transaction: _PostUserRegistrationEventTransaction

class _PreUserRegistrationEventConnection(Record):
    """Where the user's identity comes from."""

    id: str
    name: str
    strategy: str
    metadata: Record

class _PreUserRegistrationEventRequestGeoip(Record):
    """Where a request comes from."""

    cityName: str
    continentCode: str
    countryCode: str
    countryCode3: str
    countryName: str
    latitude: float
    longitude: float
    subdivisionCode: str
    subdivisionName: str
    timeZone: str

class _PreUserRegistrationEventRequest(Record):
    """A request whose body actions may read."""

    ip: str
    geoip: _PreUserRegistrationEventRequestGeoip
    hostname: str
    language: str
    method: str
    user_agent: str
    body: Record

class _PreUserRegistrationEventTenant(Record):
    """Whose users these are."""

    id: str

class _PreUserRegistrationEventUser(Record):
    """A user who does not exist yet."""

    email: str
    family_name: str
    given_name: str
    name: str
    nickname: str
    picture: str
    username: str
    app_metadata: Record
    user_metadata: Record
    phone_number: str

class _PreUserRegistrationEventAuthenticationRiskAssessmentSupplementalAkamaiAkamaiBot(Record):
    """What Akamai Bot Manager says."""

    action: str
    botCategory: list[str]
    botScore: float
    botScoreResponseSegment: str
    botnetId: str
    type: str

class _PreUserRegistrationEventAuthenticationRiskAssessmentSupplementalAkamaiAkamaiUserRisk(Record):
    """What Akamai Account Protector says."""

    action: str
    allow: float
    emailDomain: str
    general: Record
    ouid: str
    requestid: str
    risk: Record
    score: float
    status: float
    trust: Record
    username: str
    uuid: str

class _PreUserRegistrationEventAuthenticationRiskAssessmentSupplementalAkamai(Record):
    """Signals that a provider behind Akamai passes on."""

    akamaiBot: _PreUserRegistrationEventAuthenticationRiskAssessmentSupplementalAkamaiAkamaiBot
    akamaiUserRisk: _PreUserRegistrationEventAuthenticationRiskAssessmentSupplementalAkamaiAkamaiUserRisk

class _PreUserRegistrationEventAuthenticationRiskAssessmentSupplemental(Record):
    """Signals of others about the request."""

    akamai: _PreUserRegistrationEventAuthenticationRiskAssessmentSupplementalAkamai

class _PreUserRegistrationEventAuthenticationRiskAssessment(Record):
    """How risky others find the request."""

    supplemental: _PreUserRegistrationEventAuthenticationRiskAssessmentSupplemental

class _PreUserRegistrationEventAuthentication(Record):
    """What is known of the request before anybody is authenticated."""

    riskAssessment: _PreUserRegistrationEventAuthenticationRiskAssessment

class _PreUserRegistrationEventClient(Record):
    """The application."""

    client_id: str
    name: str
    metadata: Record

class _PreUserRegistrationEventCustomDomain(Record):
    """The provider's address that the user came through."""

    domain: str
    domain_metadata: Record

class _PreUserRegistrationEventSecurityContext(Record):
    """Fingerprints of the TLS connection."""

    ja3: str
    ja4: str

class _PreUserRegistrationEventTransaction(Record):
    """The transaction in which the user signs up."""

    correlation_id: str
    acr_values: list[str]
    locale: str
    login_hint: str
    prompt: list[str]
    protocol: str
    redirect_uri: str
    requested_scopes: list[str]
    response_mode: str
    response_type: list[str]
    state: str
    ui_locales: list[str]

class PreUserRegistrationEvent(Event):
    """The event of a sign-up."""

    connection: _PreUserRegistrationEventConnection
    request: _PreUserRegistrationEventRequest
    tenant: _PreUserRegistrationEventTenant
    user: _PreUserRegistrationEventUser
    authentication: _PreUserRegistrationEventAuthentication
    client: _PreUserRegistrationEventClient
    custom_domain: _PreUserRegistrationEventCustomDomain
    security_context: _PreUserRegistrationEventSecurityContext
    transaction: _PreUserRegistrationEventTransaction

class _SendPhoneMessageEventMessageOptions(Record):
    """The message."""

    action: str
    recipient: str
    code: str
    message_type: str
    text: str

class _SendPhoneMessageEventRequestGeoip(Record):
    """Where a request comes from."""

    cityName: str
    continentCode: str
    countryCode: str
    countryCode3: str
    countryName: str
    latitude: float
    longitude: float
    subdivisionCode: str
    subdivisionName: str
    timeZone: str

class _SendPhoneMessageEventRequest(Record):
    """The HTTP request behind the event."""

    ip: str
    geoip: _SendPhoneMessageEventRequestGeoip
    hostname: str
    language: str
    method: str
    user_agent: str

class _SendPhoneMessageEventTenant(Record):
    """Whose users these are."""

    id: str

class _SendPhoneMessageEventUserIdentities(Record):
    """One account that is linked to a user."""

    connection: str
    isSocial: bool
    profileData: Record
    provider: str
    user_id: Any

class _SendPhoneMessageEventUser(Record):
    """A user with their linked accounts."""

    email: str
    family_name: str
    given_name: str
    name: str
    nickname: str
    picture: str
    username: str
    app_metadata: Record
    user_metadata: Record
    phone_number: str
    user_id: str
    created_at: str
    updated_at: str
    email_verified: bool
    phone_verified: bool
    last_password_reset: str
    identities: list[_SendPhoneMessageEventUserIdentities]

class _SendPhoneMessageEventClient(Record):
    """The application."""

    client_id: str
    name: str
    metadata: Record

class _SendPhoneMessageEventCustomDomain(Record):
    """The provider's address that the user came through."""

    domain: str
    domain_metadata: Record

class _SendPhoneMessageEventSecurityContext(Record):
    """Fingerprints of the TLS connection."""

    ja3: str
    ja4: str

class _SendPhoneMessageEventTransaction(Record):
    """What ties the records of one transaction together."""

    correlation_id: str

class SendPhoneMessageEvent(Event):
    """The event of a code to send."""

    message_options: _SendPhoneMessageEventMessageOptions
    request: _SendPhoneMessageEventRequest
    tenant: _SendPhoneMessageEventTenant
    user: _SendPhoneMessageEventUser
    client: _SendPhoneMessageEventClient
    custom_domain: _SendPhoneMessageEventCustomDomain
    security_context: _SendPhoneMessageEventSecurityContext
    transaction: _SendPhoneMessageEventTransaction

class _SignupPostIdentifierEventClient(Record):
    """The application."""

    client_id: str
    name: str
    metadata: Record

class _SignupPostIdentifierEventRequestGeoip(Record):
    """Where a request comes from."""

    cityName: str
    continentCode: str
    countryCode: str
    countryCode3: str
    countryName: str
    latitude: float
    longitude: float
    subdivisionCode: str
    subdivisionName: str
    timeZone: str

class _SignupPostIdentifierEventRequest(Record):
    """The request that entered it."""

    ip: str
    geoip: _SignupPostIdentifierEventRequestGeoip
    hostname: str
    language: str
    method: str
    user_agent: str
    asn: str
    query: Record

class _SignupPostIdentifierEventTenant(Record):
    """Whose users these are."""

    id: str

class _SignupPostIdentifierEventInitialConnection(Record):
    """Where the user's identity comes from."""

    id: str
    name: str
    strategy: str
    metadata: Record

class _SignupPostIdentifierEventInitialOrganization(Record):
    """The organization the user acts for."""

    id: str
    name: str
    display_name: str
    metadata: Record

class _SignupPostIdentifierEventResourceServer(Record):
    """The API an access token is for."""

    identifier: str

class _SignupPostIdentifierEventSecurityContext(Record):
    """Fingerprints of the TLS connection."""

    ja3: str
    ja4: str

class _SignupPostIdentifierEventTransaction(Record):
    """The transaction in which an identifier was entered."""

    correlation_id: str
    acr_values: list[str]
    locale: str
    login_hint: str
    prompt: list[str]
    protocol: str
    redirect_uri: str
    requested_scopes: list[str]
    response_mode: str
    response_type: list[str]
    state: str
    ui_locales: list[str]

class SignupPostIdentifierEvent(Event):
    """The event of an identifier that was entered; nobody is authenticated yet."""

    client: _SignupPostIdentifierEventClient
    request: _SignupPostIdentifierEventRequest
    tenant: _SignupPostIdentifierEventTenant
    initial_connection: _SignupPostIdentifierEventInitialConnection
    initial_organization: _SignupPostIdentifierEventInitialOrganization
    resource_server: _SignupPostIdentifierEventResourceServer
    security_context: _SignupPostIdentifierEventSecurityContext
    transaction: _SignupPostIdentifierEventTransaction

class _CredentialsExchangeApiAccess(Protocol):
    def deny(self, code: Literal["invalid_scope", "invalid_request", "server_error"] | str, reason: str | None = ...) -> CredentialsExchangeApi:
        """Refuses the token; later actions do not run. The code is `invalid_scope`, `invalid_request`, `server_error`."""

class _CredentialsExchangeApiAccessToken(Protocol):
    def set_custom_claim(self, key: str, value: Any) -> CredentialsExchangeApi:
        """Adds a claim to the access token; of several of one name the last counts."""

class _CredentialsExchangeApiTransaction(Protocol):
    def add_target_scope(self, scope: str) -> CredentialsExchangeApi:
        """Adds a scope to those the token will have, as far as the client's grant has it."""
    def remove_target_scope(self, scope: str) -> CredentialsExchangeApi:
        """Removes a scope from those the token will have."""
    def set_target_scopes(self, scopes: Sequence[Any]) -> CredentialsExchangeApi:
        """Sets the scopes the token will have, as far as the client's grant has them."""
    def clear_target_scopes(self) -> CredentialsExchangeApi:
        """The token will have no scope."""

class _CredentialsExchangeApiCache(Protocol):
    def get(self, key: Any) -> Record | None:
        """The record `{value, expires_at}`, or nothing."""
    def set(self, key: Any, value: Any, options: Mapping[str, Any] | None = ..., *, ttl: Any = ..., expires_at: Any = ...) -> Record:
        """Keeps a text for 15 minutes, or as the options say; never throws."""
    def delete(self, key: Any) -> Record:
        """Removes a record; never throws."""

class _CredentialsExchangeApiEffects(Protocol):
    def send(self, kind: str, payload: Mapping[str, Any], options: Mapping[str, Any] | None = ..., *, on: Literal["allowed", "denied", "always", "suspended"] = ..., key: str = ..., delay: float = ...) -> CredentialsExchangeApi:
        """Orders a side effect, delivered after the verdict under a stable id."""

class CredentialsExchangeApi(Protocol):
    """`api` of the trigger credentials-exchange."""

    @property
    def access(self) -> _CredentialsExchangeApiAccess: ...
    @property
    def access_token(self) -> _CredentialsExchangeApiAccessToken: ...
    @property
    def transaction(self) -> _CredentialsExchangeApiTransaction: ...
    @property
    def cache(self) -> _CredentialsExchangeApiCache: ...
    @property
    def effects(self) -> _CredentialsExchangeApiEffects: ...

class _CustomEmailProviderApiNotification(Protocol):
    def drop(self, reason: str) -> CustomEmailProviderApi:
        """The message could not be sent and is not tried again."""
    def retry(self, reason: str) -> CustomEmailProviderApi:
        """The message could not be sent; it is tried again, five times at most."""

class _CustomEmailProviderApiCache(Protocol):
    def get(self, key: Any) -> Record | None:
        """The record `{value, expires_at}`, or nothing."""
    def set(self, key: Any, value: Any, options: Mapping[str, Any] | None = ..., *, ttl: Any = ..., expires_at: Any = ...) -> Record:
        """Keeps a text for 15 minutes, or as the options say; never throws."""
    def delete(self, key: Any) -> Record:
        """Removes a record; never throws."""

class _CustomEmailProviderApiEffects(Protocol):
    def send(self, kind: str, payload: Mapping[str, Any], options: Mapping[str, Any] | None = ..., *, on: Literal["allowed", "denied", "always", "suspended"] = ..., key: str = ..., delay: float = ...) -> CustomEmailProviderApi:
        """Orders a side effect, delivered after the verdict under a stable id."""

class CustomEmailProviderApi(Protocol):
    """`api` of the trigger custom-email-provider."""

    @property
    def notification(self) -> _CustomEmailProviderApiNotification: ...
    @property
    def cache(self) -> _CustomEmailProviderApiCache: ...
    @property
    def effects(self) -> _CustomEmailProviderApiEffects: ...

class _CustomPhoneProviderApiNotification(Protocol):
    def drop(self, reason: str) -> CustomPhoneProviderApi:
        """The message could not be sent and is not tried again."""
    def retry(self, reason: str) -> CustomPhoneProviderApi:
        """The message could not be sent; it is tried again, five times at most."""

class _CustomPhoneProviderApiCache(Protocol):
    def get(self, key: Any) -> Record | None:
        """The record `{value, expires_at}`, or nothing."""
    def set(self, key: Any, value: Any, options: Mapping[str, Any] | None = ..., *, ttl: Any = ..., expires_at: Any = ...) -> Record:
        """Keeps a text for 15 minutes, or as the options say; never throws."""
    def delete(self, key: Any) -> Record:
        """Removes a record; never throws."""

class _CustomPhoneProviderApiEffects(Protocol):
    def send(self, kind: str, payload: Mapping[str, Any], options: Mapping[str, Any] | None = ..., *, on: Literal["allowed", "denied", "always", "suspended"] = ..., key: str = ..., delay: float = ...) -> CustomPhoneProviderApi:
        """Orders a side effect, delivered after the verdict under a stable id."""

class CustomPhoneProviderApi(Protocol):
    """`api` of the trigger custom-phone-provider."""

    @property
    def notification(self) -> _CustomPhoneProviderApiNotification: ...
    @property
    def cache(self) -> _CustomPhoneProviderApiCache: ...
    @property
    def effects(self) -> _CustomPhoneProviderApiEffects: ...

class _CustomTokenExchangeApiAccess(Protocol):
    def deny(self, code: str, reason: str) -> CustomTokenExchangeApi:
        """Refuses the exchange under a code of the action's choice."""
    def reject_invalid_subject_token(self, reason: str) -> CustomTokenExchangeApi:
        """Refuses the exchange as `invalid_request`, as someone may be guessing tokens."""

class _CustomTokenExchangeApiAuthentication(Protocol):
    def set_user_by_id(self, user_id: str) -> CustomTokenExchangeApi:
        """Issues the tokens for this user."""
    def set_user_by_connection(self, connection_name: str, user_attributes: Mapping[str, Any] | None = ..., options: Mapping[str, Any] | None = ..., *, creation_behavior: Literal["create_if_not_exists", "none"] = ..., update_behavior: Literal["replace", "none"] = ...) -> CustomTokenExchangeApi:
        """Issues the tokens for a user of a connection, who may be created or updated."""
    def set_organization(self, organization_id_or_name: str) -> CustomTokenExchangeApi:
        """Issues the tokens for an organization."""
    def set_actor(self, actor: Mapping[str, Any] | None = ..., *, sub: str = ..., type: Any = ..., act: Mapping[str, Any] = ...) -> CustomTokenExchangeApi:
        """Sets the `act` claim: who acts for the user."""

class _CustomTokenExchangeApiUser(Protocol):
    def set_app_metadata(self, key: str | Mapping[str, Any], value: Any = ...) -> CustomTokenExchangeApi:
        """Keeps something about the user that they may not change; null removes it."""
    def set_user_metadata(self, key: str | Mapping[str, Any], value: Any = ...) -> CustomTokenExchangeApi:
        """Keeps something about the user that they may change; null removes it."""

class _CustomTokenExchangeApiCache(Protocol):
    def get(self, key: Any) -> Record | None:
        """The record `{value, expires_at}`, or nothing."""
    def set(self, key: Any, value: Any, options: Mapping[str, Any] | None = ..., *, ttl: Any = ..., expires_at: Any = ...) -> Record:
        """Keeps a text for 15 minutes, or as the options say; never throws."""
    def delete(self, key: Any) -> Record:
        """Removes a record; never throws."""

class _CustomTokenExchangeApiEffects(Protocol):
    def send(self, kind: str, payload: Mapping[str, Any], options: Mapping[str, Any] | None = ..., *, on: Literal["allowed", "denied", "always", "suspended"] = ..., key: str = ..., delay: float = ...) -> CustomTokenExchangeApi:
        """Orders a side effect, delivered after the verdict under a stable id."""

class CustomTokenExchangeApi(Protocol):
    """`api` of the trigger custom-token-exchange."""

    @property
    def access(self) -> _CustomTokenExchangeApiAccess: ...
    @property
    def authentication(self) -> _CustomTokenExchangeApiAuthentication: ...
    @property
    def user(self) -> _CustomTokenExchangeApiUser: ...
    @property
    def cache(self) -> _CustomTokenExchangeApiCache: ...
    @property
    def effects(self) -> _CustomTokenExchangeApiEffects: ...

class _EventStreamApiCache(Protocol):
    def get(self, key: Any) -> Record | None:
        """The record `{value, expires_at}`, or nothing."""
    def set(self, key: Any, value: Any, options: Mapping[str, Any] | None = ..., *, ttl: Any = ..., expires_at: Any = ...) -> Record:
        """Keeps a text for 15 minutes, or as the options say; never throws."""
    def delete(self, key: Any) -> Record:
        """Removes a record; never throws."""

class _EventStreamApiEffects(Protocol):
    def send(self, kind: str, payload: Mapping[str, Any], options: Mapping[str, Any] | None = ..., *, on: Literal["allowed", "denied", "always", "suspended"] = ..., key: str = ..., delay: float = ...) -> EventStreamApi:
        """Orders a side effect, delivered after the verdict under a stable id."""

class EventStreamApi(Protocol):
    """`api` of the trigger event-stream."""

    @property
    def cache(self) -> _EventStreamApiCache: ...
    @property
    def effects(self) -> _EventStreamApiEffects: ...

class _LoginPostIdentifierApiCache(Protocol):
    def get(self, key: Any) -> Record | None:
        """The record `{value, expires_at}`, or nothing."""
    def set(self, key: Any, value: Any, options: Mapping[str, Any] | None = ..., *, ttl: Any = ..., expires_at: Any = ...) -> Record:
        """Keeps a text for 15 minutes, or as the options say; never throws."""
    def delete(self, key: Any) -> Record:
        """Removes a record; never throws."""

class _LoginPostIdentifierApiEffects(Protocol):
    def send(self, kind: str, payload: Mapping[str, Any], options: Mapping[str, Any] | None = ..., *, on: Literal["allowed", "denied", "always", "suspended"] = ..., key: str = ..., delay: float = ...) -> LoginPostIdentifierApi:
        """Orders a side effect, delivered after the verdict under a stable id."""

class LoginPostIdentifierApi(Protocol):
    """`api` of the trigger login-post-identifier."""

    @property
    def cache(self) -> _LoginPostIdentifierApiCache: ...
    @property
    def effects(self) -> _LoginPostIdentifierApiEffects: ...

class _PasswordHashMigrationApiCache(Protocol):
    def get(self, key: Any) -> Record | None:
        """The record `{value, expires_at}`, or nothing."""
    def set(self, key: Any, value: Any, options: Mapping[str, Any] | None = ..., *, ttl: Any = ..., expires_at: Any = ...) -> Record:
        """Keeps a text for 15 minutes, or as the options say; never throws."""
    def delete(self, key: Any) -> Record:
        """Removes a record; never throws."""

class _PasswordHashMigrationApiEffects(Protocol):
    def send(self, kind: str, payload: Mapping[str, Any], options: Mapping[str, Any] | None = ..., *, on: Literal["allowed", "denied", "always", "suspended"] = ..., key: str = ..., delay: float = ...) -> PasswordHashMigrationApi:
        """Orders a side effect, delivered after the verdict under a stable id."""

class PasswordHashMigrationApi(Protocol):
    """`api` of the trigger password-hash-migration."""

    @property
    def cache(self) -> _PasswordHashMigrationApiCache: ...
    @property
    def effects(self) -> _PasswordHashMigrationApiEffects: ...

class _PasswordResetPostChallengeApiAccess(Protocol):
    def deny(self, reason: str) -> PasswordResetPostChallengeApi:
        """Denies; the action runs on to its end, later ones do not run."""

class _PasswordResetPostChallengeApiAuthentication(Protocol):
    def challenge_with(self, factor: Mapping[str, Any] | None = ..., options: Mapping[str, Any] | None = ..., *, additional_factors: Sequence[Any] = ...) -> PasswordResetPostChallengeApi:
        """Suspends until the user has proved the factor, or one of the additional ones."""
    def challenge_with_any(self, factors: Sequence[Any]) -> PasswordResetPostChallengeApi:
        """As `challengeWith`; the user chooses the factor."""

class _PasswordResetPostChallengeApiRedirect(Protocol):
    def send_user_to(self, url: str, options: Mapping[str, Any] | None = ..., *, query: Mapping[str, Any] = ...) -> PasswordResetPostChallengeApi:
        """Suspends after this action and sends the browser to a page of yours."""
    def encode_token(self, options: Mapping[str, Any] | None = ..., *, expires_in_seconds: float = ..., payload: Mapping[str, Any] = ..., secret: str = ...) -> str:
        """A signed token (HS256) for the page that the browser is sent to."""
    def validate_token(self, options: Mapping[str, Any] | None = ..., *, secret: str = ..., token_parameter_name: str = ...) -> Record:
        """The payload of the signed token that the page sent back; throws if it is not valid."""

class _PasswordResetPostChallengeApiPrompt(Protocol):
    def render(self, prompt_id: str, prompt_options: Mapping[str, Any] | None = ..., *, fields: Mapping[str, Any] = ..., vars: Mapping[str, Any] = ...) -> PasswordResetPostChallengeApi:
        """Suspends after this action and has the provider show a form."""

class _PasswordResetPostChallengeApiTransaction(Protocol):
    def set_result_url(self, url: str, options: Mapping[str, Any] | None = ..., *, query: Mapping[str, Any] = ...) -> PasswordResetPostChallengeApi:
        """Where the browser goes after the reset."""

class _PasswordResetPostChallengeApiCache(Protocol):
    def get(self, key: Any) -> Record | None:
        """The record `{value, expires_at}`, or nothing."""
    def set(self, key: Any, value: Any, options: Mapping[str, Any] | None = ..., *, ttl: Any = ..., expires_at: Any = ...) -> Record:
        """Keeps a text for 15 minutes, or as the options say; never throws."""
    def delete(self, key: Any) -> Record:
        """Removes a record; never throws."""

class _PasswordResetPostChallengeApiEffects(Protocol):
    def send(self, kind: str, payload: Mapping[str, Any], options: Mapping[str, Any] | None = ..., *, on: Literal["allowed", "denied", "always", "suspended"] = ..., key: str = ..., delay: float = ...) -> PasswordResetPostChallengeApi:
        """Orders a side effect, delivered after the verdict under a stable id."""

class PasswordResetPostChallengeApi(Protocol):
    """`api` of the trigger password-reset-post-challenge."""

    @property
    def access(self) -> _PasswordResetPostChallengeApiAccess: ...
    @property
    def authentication(self) -> _PasswordResetPostChallengeApiAuthentication: ...
    @property
    def redirect(self) -> _PasswordResetPostChallengeApiRedirect: ...
    @property
    def prompt(self) -> _PasswordResetPostChallengeApiPrompt: ...
    @property
    def transaction(self) -> _PasswordResetPostChallengeApiTransaction: ...
    @property
    def cache(self) -> _PasswordResetPostChallengeApiCache: ...
    @property
    def effects(self) -> _PasswordResetPostChallengeApiEffects: ...

class _PostChangePasswordApiCache(Protocol):
    def get(self, key: Any) -> Record | None:
        """The record `{value, expires_at}`, or nothing."""
    def set(self, key: Any, value: Any, options: Mapping[str, Any] | None = ..., *, ttl: Any = ..., expires_at: Any = ...) -> Record:
        """Keeps a text for 15 minutes, or as the options say; never throws."""
    def delete(self, key: Any) -> Record:
        """Removes a record; never throws."""

class _PostChangePasswordApiEffects(Protocol):
    def send(self, kind: str, payload: Mapping[str, Any], options: Mapping[str, Any] | None = ..., *, on: Literal["allowed", "denied", "always", "suspended"] = ..., key: str = ..., delay: float = ...) -> PostChangePasswordApi:
        """Orders a side effect, delivered after the verdict under a stable id."""

class PostChangePasswordApi(Protocol):
    """`api` of the trigger post-change-password."""

    @property
    def cache(self) -> _PostChangePasswordApiCache: ...
    @property
    def effects(self) -> _PostChangePasswordApiEffects: ...

class _PostLoginApiAccess(Protocol):
    def deny(self, reason: str) -> PostLoginApi:
        """Denies; the action runs on to its end, later ones do not run."""

class _PostLoginApiValidation(Protocol):
    def error(self, error_code: str, error_message: str) -> PostLoginApi:
        """Stops with an error that the provider's page shows."""

class _PostLoginApiIdToken(Protocol):
    def set_custom_claim(self, key: str, value: Any) -> PostLoginApi:
        """Adds a claim to the ID token; of several of one name the last counts."""

class _PostLoginApiAccessToken(Protocol):
    def set_custom_claim(self, key: str, value: Any) -> PostLoginApi:
        """Adds a claim to the access token; of several of one name the last counts."""
    def add_scope(self, scope: str) -> PostLoginApi:
        """Grants a scope."""
    def remove_scope(self, scope: str) -> PostLoginApi:
        """Takes a granted scope away."""

class _PostLoginApiAuthentication(Protocol):
    def challenge_with(self, factor: Mapping[str, Any] | None = ..., options: Mapping[str, Any] | None = ..., *, additional_factors: Sequence[Any] = ...) -> PostLoginApi:
        """Suspends until the user has proved the factor, or one of the additional ones."""
    def challenge_with_any(self, factors: Sequence[Any]) -> PostLoginApi:
        """As `challengeWith`; the user chooses the factor."""
    def enroll_with(self, factor: Mapping[str, Any] | None = ..., options: Mapping[str, Any] | None = ..., *, additional_factors: Sequence[Any] = ...) -> PostLoginApi:
        """Suspends until the user has enrolled the factor, or one of the additional ones."""
    def enroll_with_any(self, factors: Sequence[Any]) -> PostLoginApi:
        """As `enrollWith`; the user chooses the factor."""
    def record_method(self, provider_url: str) -> PostLoginApi:
        """Records a way of authentication of your own, for `event.authentication.methods`."""
    def set_primary_user(self, primary_user_id: str) -> PostLoginApi:
        """Issues the tokens for the user that the identity was linked to."""

class _PostLoginApiMultifactor(Protocol):
    def enable(self, provider: Literal["any", "none", "guardian", "google-authenticator", "duo"], options: Mapping[str, Any] | None = ..., *, allow_remember_browser: bool = ..., provider_options: Mapping[str, Any] = ...) -> PostLoginApi:
        """Requires a second factor at the end of the flow; `none` skips it."""

class _PostLoginApiUser(Protocol):
    def set_app_metadata(self, key: str | Mapping[str, Any], value: Any = ...) -> PostLoginApi:
        """Keeps something about the user that they may not change; null removes it."""
    def set_user_metadata(self, key: str | Mapping[str, Any], value: Any = ...) -> PostLoginApi:
        """Keeps something about the user that they may change; null removes it."""

class _PostLoginApiTransaction(Protocol):
    def set_metadata(self, key: str, value: str | float | bool | None) -> PostLoginApi:
        """Shares something with later actions of this transaction; null removes it."""

class _PostLoginApiSession(Protocol):
    def revoke(self, reason: str, options: Mapping[str, Any] | None = ..., *, preserve_refresh_tokens: bool = ...) -> PostLoginApi:
        """Denies and ends the session, with its refresh tokens unless they are preserved."""
    def set_expires_at(self, absolute: float) -> PostLoginApi:
        """Ends it at this time (ms since 1970), never later than before; the earliest call counts."""
    def set_idle_expires_at(self, inactivity: float) -> PostLoginApi:
        """Ends it at this time (ms since 1970) if it is not used; the earliest call counts."""
    def set_cookie_mode(self, mode: Literal["persistent", "non-persistent"]) -> PostLoginApi:
        """Whether the session's cookie outlives the browser; the last call counts."""
    def set_metadata(self, key: str, value: str | None) -> PostLoginApi:
        """Keeps a text with the session; null removes it."""
    def delete_metadata(self, key: str) -> PostLoginApi:
        """Removes one text from the session."""
    def evict_metadata(self) -> PostLoginApi:
        """Removes all texts from the session."""

class _PostLoginApiRefreshToken(Protocol):
    def revoke(self, reason: str) -> PostLoginApi:
        """Denies the exchange and ends the refresh token; only in a refresh-token exchange."""
    def set_expires_at(self, absolute: float) -> PostLoginApi:
        """Ends it at this time (ms since 1970), never later than before; the earliest call counts."""
    def set_idle_expires_at(self, inactivity: float) -> PostLoginApi:
        """Ends it at this time (ms since 1970) if it is not used; the earliest call counts."""
    def set_metadata(self, key: str, value: str | None) -> PostLoginApi:
        """Keeps a text with the refresh token, also before there is one; null removes it."""
    def delete_metadata(self, key: str) -> PostLoginApi:
        """Removes one text from the refresh token."""
    def evict_metadata(self) -> PostLoginApi:
        """Removes all texts from the refresh token."""

class _PostLoginApiRedirect(Protocol):
    def send_user_to(self, url: str, options: Mapping[str, Any] | None = ..., *, query: Mapping[str, Any] = ...) -> PostLoginApi:
        """Suspends after this action and sends the browser to a page of yours."""
    def encode_token(self, options: Mapping[str, Any] | None = ..., *, expires_in_seconds: float = ..., payload: Mapping[str, Any] = ..., secret: str = ...) -> str:
        """A signed token (HS256) for the page that the browser is sent to."""
    def validate_token(self, options: Mapping[str, Any] | None = ..., *, secret: str = ..., token_parameter_name: str = ...) -> Record:
        """The payload of the signed token that the page sent back; throws if it is not valid."""
    def can_redirect(self) -> bool:
        """Whether this transaction can be redirected (deprecated by Auth0)."""

class _PostLoginApiPrompt(Protocol):
    def render(self, prompt_id: str, prompt_options: Mapping[str, Any] | None = ..., *, fields: Mapping[str, Any] = ..., vars: Mapping[str, Any] = ...) -> PostLoginApi:
        """Suspends after this action and has the provider show a form."""

class _PostLoginApiSamlResponse(Protocol):
    def set_attribute(self, attribute: str, value: str | float | bool | Sequence[Any] | None | None = ...) -> PostLoginApi:
        """Sets an attribute of the assertion; null removes it."""
    def set_audience(self, audience: str) -> PostLoginApi:
        """The audience of the assertion."""
    def set_recipient(self, recipient: str) -> PostLoginApi:
        """The recipient of the assertion."""
    def set_create_upn_claim(self, create_upn_claim: bool) -> PostLoginApi:
        """Whether a UPN claim is made."""
    def set_passthrough_claims_with_no_mapping(self, passthrough_claims_with_no_mapping: bool) -> PostLoginApi:
        """Whether claims without a mapping are passed on."""
    def set_map_unknown_claims_as_is(self, map_unknown_claims_as_is: bool) -> PostLoginApi:
        """Whether those keep their names."""
    def set_map_identities(self, map_identities: bool) -> PostLoginApi:
        """Whether the identities are passed on."""
    def set_signature_algorithm(self, signature_algorithm: Literal["rsa-sha256", "rsa-sha1"]) -> PostLoginApi:
        """How it is signed."""
    def set_digest_algorithm(self, digest_algorithm: Literal["sha256", "sha1"]) -> PostLoginApi:
        """How its digest is made."""
    def set_destination(self, destination: str) -> PostLoginApi:
        """Where the response goes."""
    def set_lifetime_in_seconds(self, lifetime_in_seconds: float) -> PostLoginApi:
        """How long the assertion is valid."""
    def set_sign_response(self, sign_response: bool) -> PostLoginApi:
        """Whether the response is signed instead of the assertion."""
    def set_name_identifier_format(self, name_identifier_format: str | None = ...) -> PostLoginApi:
        """The format of the name identifier."""
    def set_name_identifier_probes(self, name_identifier_probes: Sequence[Any]) -> PostLoginApi:
        """The attributes that may be the name identifier, in order."""
    def set_authn_context_class_ref(self, authn_context_class_ref: str) -> PostLoginApi:
        """The class of authentication."""
    def set_signing_cert(self, signing_cert: str) -> PostLoginApi:
        """The certificate that requests are checked with."""
    def set_include_attribute_name_format(self, include_attribute_name_format: bool) -> PostLoginApi:
        """Whether attributes have a name format."""
    def set_typed_attributes(self, typed_attributes: bool) -> PostLoginApi:
        """Whether attributes have types."""
    def set_encryption_cert(self, encryption_cert: str) -> PostLoginApi:
        """The certificate the assertion is encrypted with."""
    def set_encryption_public_key(self, encryption_public_key: str) -> PostLoginApi:
        """The public key the assertion is encrypted with."""
    def set_cert(self, cert: str) -> PostLoginApi:
        """The certificate of the key it is signed with."""
    def set_key(self, key: str) -> PostLoginApi:
        """The private key it is signed with."""
    def set_relay_state(self, relay_state: str) -> PostLoginApi:
        """The state returned to the service provider."""
    def set_issuer(self, issuer: str) -> PostLoginApi:
        """The issuer of the assertion."""
    def set_encryption_algorithm(self, encryption_algorithm: Literal["aes256-gcm", "aes256-cbc"]) -> PostLoginApi:
        """How it is encrypted."""

class _PostLoginApiGroups(Protocol):
    def get_user_groups(self, params: Mapping[str, Any] | None = ..., *, take: float = ..., from_: str = ...) -> Answer:
        """A page of the groups the user belongs to: `{groups, next?}`."""
    def has_group_membership(self, groups: Sequence[Any]) -> Answer:
        """For each group, by id or name: `{memberships: {<asked>: {is_member, matches}}}`."""

class _PostLoginApiRoles(Protocol):
    def get_user_effective_roles(self, params: Mapping[str, Any] | None = ..., *, take: float = ..., from_: str = ...) -> Answer:
        """A page of the user's roles in this organization: `{roles, next?}`."""
    def get_user_effective_roles_by_ids(self, ids: Sequence[Any]) -> Answer:
        """Those of the user's roles that have one of these ids: `{roles}`."""
    def get_user_effective_roles_by_names(self, names: Sequence[Any]) -> Answer:
        """Those of the user's roles that have one of these names: `{roles}`."""

class _PostLoginApiRules(Protocol):
    def was_executed(self, rule_id: str) -> bool:
        """Whether a Rule ran."""

class _PostLoginApiCache(Protocol):
    def get(self, key: Any) -> Record | None:
        """The record `{value, expires_at}`, or nothing."""
    def set(self, key: Any, value: Any, options: Mapping[str, Any] | None = ..., *, ttl: Any = ..., expires_at: Any = ...) -> Record:
        """Keeps a text for 15 minutes, or as the options say; never throws."""
    def delete(self, key: Any) -> Record:
        """Removes a record; never throws."""

class _PostLoginApiEffects(Protocol):
    def send(self, kind: str, payload: Mapping[str, Any], options: Mapping[str, Any] | None = ..., *, on: Literal["allowed", "denied", "always", "suspended"] = ..., key: str = ..., delay: float = ...) -> PostLoginApi:
        """Orders a side effect, delivered after the verdict under a stable id."""

class PostLoginApi(Protocol):
    """`api` of the trigger post-login."""

    @property
    def access(self) -> _PostLoginApiAccess: ...
    @property
    def validation(self) -> _PostLoginApiValidation: ...
    @property
    def id_token(self) -> _PostLoginApiIdToken: ...
    @property
    def access_token(self) -> _PostLoginApiAccessToken: ...
    @property
    def authentication(self) -> _PostLoginApiAuthentication: ...
    @property
    def multifactor(self) -> _PostLoginApiMultifactor: ...
    @property
    def user(self) -> _PostLoginApiUser: ...
    @property
    def transaction(self) -> _PostLoginApiTransaction: ...
    @property
    def session(self) -> _PostLoginApiSession: ...
    @property
    def refresh_token(self) -> _PostLoginApiRefreshToken: ...
    @property
    def redirect(self) -> _PostLoginApiRedirect: ...
    @property
    def prompt(self) -> _PostLoginApiPrompt: ...
    @property
    def saml_response(self) -> _PostLoginApiSamlResponse: ...
    @property
    def groups(self) -> _PostLoginApiGroups: ...
    @property
    def roles(self) -> _PostLoginApiRoles: ...
    @property
    def rules(self) -> _PostLoginApiRules: ...
    @property
    def cache(self) -> _PostLoginApiCache: ...
    @property
    def effects(self) -> _PostLoginApiEffects: ...

class _PostUserRegistrationApiCache(Protocol):
    def get(self, key: Any) -> Record | None:
        """The record `{value, expires_at}`, or nothing."""
    def set(self, key: Any, value: Any, options: Mapping[str, Any] | None = ..., *, ttl: Any = ..., expires_at: Any = ...) -> Record:
        """Keeps a text for 15 minutes, or as the options say; never throws."""
    def delete(self, key: Any) -> Record:
        """Removes a record; never throws."""

class _PostUserRegistrationApiEffects(Protocol):
    def send(self, kind: str, payload: Mapping[str, Any], options: Mapping[str, Any] | None = ..., *, on: Literal["allowed", "denied", "always", "suspended"] = ..., key: str = ..., delay: float = ...) -> PostUserRegistrationApi:
        """Orders a side effect, delivered after the verdict under a stable id."""

class PostUserRegistrationApi(Protocol):
    """`api` of the trigger post-user-registration."""

    @property
    def cache(self) -> _PostUserRegistrationApiCache: ...
    @property
    def effects(self) -> _PostUserRegistrationApiEffects: ...

class _PreUserRegistrationApiAccess(Protocol):
    def deny(self, reason: str, user_message: str | None = ...) -> PreUserRegistrationApi:
        """Refuses the signup; only `userMessage` may be shown to the user."""

class _PreUserRegistrationApiValidation(Protocol):
    def error(self, error_code: str, error_message: str) -> PreUserRegistrationApi:
        """Stops with an error that the provider's page shows."""

class _PreUserRegistrationApiUser(Protocol):
    def set_app_metadata(self, key: str | Mapping[str, Any], value: Any = ...) -> PreUserRegistrationApi:
        """Keeps something about the user that they may not change; null removes it."""
    def set_user_metadata(self, key: str | Mapping[str, Any], value: Any = ...) -> PreUserRegistrationApi:
        """Keeps something about the user that they may change; null removes it."""

class _PreUserRegistrationApiCache(Protocol):
    def get(self, key: Any) -> Record | None:
        """The record `{value, expires_at}`, or nothing."""
    def set(self, key: Any, value: Any, options: Mapping[str, Any] | None = ..., *, ttl: Any = ..., expires_at: Any = ...) -> Record:
        """Keeps a text for 15 minutes, or as the options say; never throws."""
    def delete(self, key: Any) -> Record:
        """Removes a record; never throws."""

class _PreUserRegistrationApiEffects(Protocol):
    def send(self, kind: str, payload: Mapping[str, Any], options: Mapping[str, Any] | None = ..., *, on: Literal["allowed", "denied", "always", "suspended"] = ..., key: str = ..., delay: float = ...) -> PreUserRegistrationApi:
        """Orders a side effect, delivered after the verdict under a stable id."""

class PreUserRegistrationApi(Protocol):
    """`api` of the trigger pre-user-registration."""

    @property
    def access(self) -> _PreUserRegistrationApiAccess: ...
    @property
    def validation(self) -> _PreUserRegistrationApiValidation: ...
    @property
    def user(self) -> _PreUserRegistrationApiUser: ...
    @property
    def cache(self) -> _PreUserRegistrationApiCache: ...
    @property
    def effects(self) -> _PreUserRegistrationApiEffects: ...

class _SendPhoneMessageApiCache(Protocol):
    def get(self, key: Any) -> Record | None:
        """The record `{value, expires_at}`, or nothing."""
    def set(self, key: Any, value: Any, options: Mapping[str, Any] | None = ..., *, ttl: Any = ..., expires_at: Any = ...) -> Record:
        """Keeps a text for 15 minutes, or as the options say; never throws."""
    def delete(self, key: Any) -> Record:
        """Removes a record; never throws."""

class _SendPhoneMessageApiEffects(Protocol):
    def send(self, kind: str, payload: Mapping[str, Any], options: Mapping[str, Any] | None = ..., *, on: Literal["allowed", "denied", "always", "suspended"] = ..., key: str = ..., delay: float = ...) -> SendPhoneMessageApi:
        """Orders a side effect, delivered after the verdict under a stable id."""

class SendPhoneMessageApi(Protocol):
    """`api` of the trigger send-phone-message."""

    @property
    def cache(self) -> _SendPhoneMessageApiCache: ...
    @property
    def effects(self) -> _SendPhoneMessageApiEffects: ...

class _SignupPostIdentifierApiCache(Protocol):
    def get(self, key: Any) -> Record | None:
        """The record `{value, expires_at}`, or nothing."""
    def set(self, key: Any, value: Any, options: Mapping[str, Any] | None = ..., *, ttl: Any = ..., expires_at: Any = ...) -> Record:
        """Keeps a text for 15 minutes, or as the options say; never throws."""
    def delete(self, key: Any) -> Record:
        """Removes a record; never throws."""

class _SignupPostIdentifierApiEffects(Protocol):
    def send(self, kind: str, payload: Mapping[str, Any], options: Mapping[str, Any] | None = ..., *, on: Literal["allowed", "denied", "always", "suspended"] = ..., key: str = ..., delay: float = ...) -> SignupPostIdentifierApi:
        """Orders a side effect, delivered after the verdict under a stable id."""

class SignupPostIdentifierApi(Protocol):
    """`api` of the trigger signup-post-identifier."""

    @property
    def cache(self) -> _SignupPostIdentifierApiCache: ...
    @property
    def effects(self) -> _SignupPostIdentifierApiEffects: ...
