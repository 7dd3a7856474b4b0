"""What an identity provider's adapter is: who calls, what is asked, and how the answer is said."""

from __future__ import annotations

import secrets
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from types import MappingProxyType
from typing import Any, ClassVar

import orjson

from authstream.contracts.verdict import Verdict
from authstream.engine.call_body import filled
from authstream.errors import InvalidCallError

JSON = "application/json"
#: The trigger whose user does not exist yet.
SIGN_UP = "pre-user-registration"
_SECRET_BYTES = 32
#: No members.
NOTHING: Mapping[str, object] = MappingProxyType({})
#: Said to a user whose login was denied by an action that gave no text for users.
DENIED = "Access denied."
#: Said where no verdict can be had and the connection fails closed.
UNAVAILABLE = "This sign-in cannot be checked right now. Please try again later."


@dataclass(frozen=True, slots=True)
class Call:
    """One HTTP call, before anything of it is believed. Header names are in small letters."""

    #: What follows the connection's name in the path: `token`, `beforeSignIn`, …
    hook: str
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    #: Milliseconds since the epoch.
    received_at: int = 0
    method: str = "POST"
    #: As it was sent, percent-encoding and all: some signatures cover it.
    path: str = "/"
    query: str = ""
    #: Address of the caller.
    client: str = "127.0.0.1"

    def signed(self, **headers: str) -> Call:
        """The call with more headers; `_` stands for a hyphen in their names."""
        added = {name.replace("_", "-"): value for name, value in headers.items()}
        return replace(self, headers={**self.headers, **added})


@dataclass(frozen=True, slots=True)
class Peer:
    """The operator's side of a connection, as far as an adapter needs it."""

    #: The connection's name.
    name: str
    tenant: str
    #: Any of them is right: two while one replaces the other.
    secrets: tuple[str, ...] = field(default=(), repr=False)
    #: Public keys of the provider by key id, where it signs with private ones.
    keys: Mapping[str, Any] = field(default_factory=dict[str, Any])
    options: Mapping[str, str] = field(default_factory=dict[str, str])
    #: Trigger by hook, where the adapter's own choice is not wanted.
    triggers: Mapping[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True, slots=True)
class Asked:
    """What a provider wants to know, in our words."""

    hook: str
    #: None: nothing is to be asked, the provider goes on unchanged.
    trigger: str | None
    event: dict[str, Any]
    #: Stable over the provider's retries; None where it has none.
    id: str | None
    #: The call's body, from which some answers are made.
    said: dict[str, Any]
    #: `traceparent` of what is told about, where it is known from the record itself.
    trace: str | None = None


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a user is not let in."""

    #: The only text meant for the user's eyes.
    message: str
    #: Machine-readable: `access_denied`, `timeout`, …
    code: str
    #: None where there is no verdict.
    verdict: Verdict | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """What the provider is told, in its own words."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    #: Parts of the verdict that this protocol cannot carry: `claims.id_token.tenant`, `message`.
    lost: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Sample:
    """A call as the provider makes it, unsigned, for tests and `authstream connect`."""

    hook: str
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict[str, str])


class Provider(ABC):
    """One kind of identity provider. One file in `idp/` makes one of these."""

    name: str
    #: The product, as people call it.
    title: str
    #: The caller is answered by then; less than the provider itself waits.
    deadline: timedelta
    #: It calls again when it got no answer.
    retries: bool = False
    #: It proves itself by a secret that both sides know.
    shared_secret: bool = True
    #: Where its public keys are (a JSON Web Key Set), where it signs with private ones.
    key_set: str | None = None
    #: It can send the browser away and take it back: a verdict may be `suspended`.
    redirects: bool = False
    #: Options of a connection file that this adapter reads, with what they mean.
    options: ClassVar[Mapping[str, str]] = MappingProxyType({})
    #: The text of a denial reaches its user.
    carries_message: bool = True
    #: It also writes down what happened, for `authstream ingest` to read: see `hear`.
    tells: bool = False

    def new_secret(self) -> str:
        """A random secret in the form that the provider takes."""
        return secrets.token_urlsafe(_SECRET_BYTES)

    def event(
        self,
        peer: Peer,
        *,
        user: Mapping[str, object] = NOTHING,
        client: Mapping[str, object] = NOTHING,
        connection: Mapping[str, object] = NOTHING,
        request: Mapping[str, object] = NOTHING,
        **others: object,
    ) -> dict[str, Any]:
        """An event with what all have; members that are None are left out, and nobody for a user.

        Metadata that the provider does not send is left out too: entry may fill it in.
        """
        return {
            "client": {"client_id": self.name, **filled(client)},
            "connection": {"name": self.name, "strategy": self.name, **filled(connection)},
            "request": {"ip": "", **filled(request)},
            "tenant": {"id": peer.tenant},
            **filled({"user": filled(user) or None, **others}),
        }

    @abstractmethod
    def authenticate(self, call: Call, peer: Peer) -> None:
        """Check the raw call. Raises UnauthenticatedError, and nothing else."""

    def token(self, call: Call) -> str | None:  # noqa: ARG002 - for those that have one
        """The unchecked token that a call proves itself by, where the provider signs tokens."""
        return None

    @abstractmethod
    def parse(self, call: Call, peer: Peer) -> Asked:
        """What is asked. Raises InvalidCallError, and nothing else."""

    def hear(self, record: bytes, peer: Peer) -> Asked | None:  # noqa: ARG002 - for those that tell
        """What a record of the provider's own log says happened; None: nothing for us.

        Raises InvalidCallError, and nothing else.
        """
        raise InvalidCallError(f"{self.name} writes no log that is read here")

    @abstractmethod
    def allow(self, asked: Asked, verdict: Verdict, peer: Peer) -> Answer:
        """The answer that lets the user in, with what the verdict says."""

    @abstractmethod
    def deny(self, asked: Asked, refusal: Refusal, peer: Peer) -> Answer:
        """The answer that does not."""

    @abstractmethod
    def unchanged(self, asked: Asked, peer: Peer) -> Answer:
        """The answer of a connection that fails open: as if there were no actions."""

    def unavailable(self, asked: Asked, refusal: Refusal, peer: Peer) -> Answer:
        """The answer of a connection that fails closed. It must not make the provider try again."""
        return self.deny(asked, refusal, peer)

    @abstractmethod
    def samples(self) -> tuple[Sample, ...]:
        """Calls as the provider makes them, one for each hook."""

    @abstractmethod
    def sign(self, call: Call, peer: Peer) -> Call:
        """A call with the proof that the provider would add."""

    @abstractmethod
    def setup(self, url: str) -> str:
        """What to configure at the provider so that it calls this URL, as text to paste."""

    def extension(self) -> bytes | None:
        """A file to install at the provider, which `authstream connect --extension` writes."""
        return None


#: What a verdict says about itself, and what reaches the provider another way: nothing to carry.
_ABOUT = frozenset(
    [
        *("flow_id", "leg", "tenant", "trigger", "subject", "outcome", "code", "reason"),
        *("user_message", "denied_by", "metadata", "effects", "dropped", "steps"),
        *("requested_at", "decided_at"),
    ]
)


def lost_parts(verdict: Verdict, *carried: str) -> tuple[str, ...]:
    """What of a verdict an answer does not carry, e.g. `claims.id_token.tenant` or `mfa`.

    `carried` names the parts that it does. Metadata is written by the metadata stage where the
    answer cannot carry it: it is lost only where there is no user yet to write it to.
    """
    unborn = verdict.trigger == SIGN_UP
    lost = [
        f"metadata.{kind}.{name}"
        for kind in ("app_metadata", "user_metadata")
        if unborn and f"metadata.{kind}" not in carried
        for name in getattr(verdict.metadata, kind)
    ]
    lost += [
        f"claims.{token}.{name}"
        for token in ("id_token", "access_token")
        if f"claims.{token}" not in carried
        for name in getattr(verdict.claims, token)
    ]
    others = type(verdict).model_fields.keys() - _ABOUT - {"claims"} - frozenset(carried)
    return (*lost, *sorted(name for name in others if getattr(verdict, name)))


def json_answer(status: int, body: object, *, lost: tuple[str, ...] = ()) -> Answer:
    """An answer in JSON."""
    return Answer(status, orjson.dumps(body), {"content-type": JSON}, lost)
