"""Who calls: a token of ours, or one of an OpenID provider, and what its role allows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, Any, Protocol, get_args

import jwt
from fastapi import Depends, HTTPException, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from authstream.broker.dead_letters import DeadLetters
from authstream.control.door import Door
from authstream.control.objects import Role
from authstream.control.tokens import holder
from authstream.engine.delivery import Delivery
from authstream.engine.provider import Provider
from authstream.errors import ConfigurationError
from authstream.executions.port import Executions
from authstream.settings import AdminSettings

if TYPE_CHECKING:
    from authstream.gateway.admin.comparison import Comparison
    from authstream.gateway.admin.editing import Syntax
    from authstream.gateway.admin.executions import RecordedEvents
    from authstream.gateway.admin.locks import Lock
    from authstream.gateway.admin.trials import Trial

#: From the least to the most; each may all that those before it may.
ROLES: tuple[Role, ...] = get_args(Role)
#: Signatures that need a public key only: a shared secret cannot be told from a public key's text.
ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "ES256", "ES384", "EdDSA")
_LEEWAY_SECONDS = 30
_BEARER = HTTPBearer(auto_error=False, description="A token of `authstream tokens create`, or OIDC")
_CHALLENGE = {"WWW-Authenticate": "Bearer"}


class SigningKeys(Protocol):
    """The public keys of an issuer, e.g. `jwt.PyJWKClient`."""

    def get_signing_key_from_jwt(self, token: str | bytes) -> Any:  # noqa: ANN401 - PyJWT's key
        """The key that a token names. Raises jwt.PyJWTError."""
        ...


@dataclass(frozen=True, slots=True)
class Oidc:
    """One issuer whose access tokens are taken; its role claim says what they allow."""

    issuer: str
    audience: str
    role_claim: str
    keys: SigningKeys

    def caller(self, token: str) -> tuple[str, Role] | None:
        """Subject and role of a valid token."""
        try:
            key = self.keys.get_signing_key_from_jwt(token)
            claims: dict[str, Any] = jwt.decode(
                token,
                key,
                algorithms=ALGORITHMS,
                audience=self.audience,
                issuer=self.issuer,
                leeway=_LEEWAY_SECONDS,
                options={"require": ["exp", "iss", "aud", "sub"]},
            )
        except jwt.PyJWTError:
            return None
        said = claims.get(self.role_claim)
        roles: list[Role] = [
            role for role in ROLES if said == role or (isinstance(said, list) and role in said)
        ]
        return (f"{claims['sub']} ({self.issuer})", roles[-1]) if roles else None


def oidc(settings: AdminSettings) -> Oidc | None:
    """The issuer of the settings, if there is one. Raises ConfigurationError."""
    if not settings.oidc_issuer:
        return None
    if not settings.oidc_audience or not settings.oidc_jwks_url:
        raise ConfigurationError(
            "AUTHSTREAM_ADMIN__OIDC_ISSUER needs __OIDC_AUDIENCE and __OIDC_JWKS_URL:"
            " a token for somebody else must not be taken"
        )
    return Oidc(
        settings.oidc_issuer,
        settings.oidc_audience,
        settings.oidc_role_claim,
        jwt.PyJWKClient(settings.oidc_jwks_url),
    )


@dataclass(frozen=True, slots=True)
class Entrance:
    """What the application has: a door to lend, issuers to believe, and what runs tests."""

    door: Door
    oidc: Oidc | None = None
    #: None: nobody keeps an index here.
    executions: Executions | None = None
    #: Reads events of executions from their topics; None: they cannot be reached from here.
    events: RecordedEvents | None = None
    #: Where a trace is shown; `{trace_id}` stands for its id.
    trace_url: str = ""
    #: Opens the dead letters; None: they cannot be reached from here.
    letters: Callable[[], DeadLetters] | None = None
    #: Runs flows for their authors; None: no test runs here.
    trial: Trial | None = None
    #: Compares drafts with what is deployed on recorded logins; None: not here.
    comparison: Comparison | None = None
    #: Finds errors of syntax; None: nothing does.
    syntax: Syntax | None = None
    #: Locks the packages of drafts; None: locks come from elsewhere.
    lock: Lock | None = None
    deliveries: Mapping[str, Delivery] = field(default_factory=dict[str, Delivery])
    providers: Mapping[str, Provider] = field(default_factory=dict[str, Provider])

    def caller(self, token: str) -> tuple[str, Role] | None:
        """Name and role of whoever has a valid token."""
        found = holder(self.door.view, token, now=self.door.store.now())
        if found is not None:
            return f"token {found[0]}", found[1]
        return self.oidc.caller(token) if self.oidc else None


Credentials = Annotated[HTTPAuthorizationCredentials | None, Depends(_BEARER)]


class Allowed:
    """A dependency: the door, in the caller's name, if its role is enough."""

    def __init__(self, role: Role) -> None:
        self._role = role

    def __call__(self, request: Request, credentials: Credentials) -> Door:
        """Raises HTTPException 401 or 403."""
        entrance: Entrance = request.app.state.entrance
        found = entrance.caller(credentials.credentials) if credentials else None
        if found is None:
            raise HTTPException(
                401, "no valid token: send Authorization: Bearer …", headers=_CHALLENGE
            )
        name, role = found
        if ROLES.index(role) < ROLES.index(self._role):
            raise HTTPException(403, f"{name} is {role}, and this needs {self._role}")
        request.state.role = role
        return entrance.door.as_actor(name)


def role_of(request: Request) -> str:
    """The role of whoever was let in."""
    role: Role = request.state.role
    return role


Viewer = Annotated[Door, Depends(Allowed("viewer"))]
Author = Annotated[Door, Depends(Allowed("author"))]
Operator = Annotated[Door, Depends(Allowed("operator"))]
