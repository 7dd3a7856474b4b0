"""The connections of a folder: which providers may ask, for whom, how fast, and what if we fail."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, SecretStr

from authstream.contracts.budgets import EVENT_BYTES
from authstream.contracts.slug import DEFAULT_TENANT
from authstream.control.duration import Duration
from authstream.control.files import read, read_secrets
from authstream.engine.provider import Peer, Provider
from authstream.errors import ConfigurationError

#: Above an entry of `.secrets.yaml`, so that an action of the same name is another one.
SECRETS_UNDER = "connections/"
NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
#: Old and new while a secret is replaced, and one to spare.
MOST_SECRETS = 3
#: Shorter ones can be guessed.
SHORTEST_SECRET = 16
#: Below this nothing could be decided: entry takes a margin off.
SHORTEST_DEADLINE = timedelta(milliseconds=200)
#: A trigger's budget: no flow takes longer.
LONGEST_DEADLINE = timedelta(seconds=20)

Network = IPv4Network | IPv6Network


def _network(said: object) -> object:
    return ip_network(said) if isinstance(said, str) else said


class ConnectionFile(BaseModel):
    """`connections/<name>.yaml`."""

    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)

    #: The adapter, e.g. `ory-hydra`.
    provider: str
    #: Whose flows these are.
    tenant: str = DEFAULT_TENANT
    #: Trigger by hook, where the adapter's own choice is not wanted.
    triggers: dict[str, str] = {}
    #: The caller is answered by then; the adapter's own deadline unless said.
    deadline: Duration | None = None
    #: `deny`: without a verdict nobody gets in. `allow`: they do, as if there were no actions.
    on_failure: Literal["deny", "allow"] = "deny"
    #: Callers' addresses, e.g. `203.0.113.0/24`; none named: any.
    networks: tuple[Annotated[Network, BeforeValidator(_network)], ...] = ()
    #: Calls a second, with bursts of twice as many.
    rate: int = Field(default=200, ge=1, le=100_000)
    #: Bytes of a call; more is not read.
    max_body: int = Field(default=EVENT_BYTES, ge=1024, le=EVENT_BYTES)
    #: A Kafka topic with the provider's own events, which `authstream ingest` reads.
    topic: str = ""
    #: `none` takes every call from the named networks.
    authentication: Literal["required", "none"] = "required"
    #: What the adapter needs to know, see its page.
    options: dict[str, str] = {}


@dataclass(frozen=True, slots=True)
class Connection:
    """One provider that may ask, ready to use."""

    provider: Provider
    peer: Peer
    deadline: timedelta
    fails_open: bool
    networks: tuple[Network, ...]
    rate: int
    max_body: int
    authenticated: bool
    #: Where the provider's own events come from; empty: nowhere.
    topic: str = ""

    @property
    def name(self) -> str:
        """As in its file's name."""
        return self.peer.name

    def admits(self, client: str) -> bool:
        """Whether a caller at this address may ask."""
        if not self.networks:
            return True
        try:
            address = ip_address(client)
        except ValueError:
            return False
        mapped = getattr(address, "ipv4_mapped", None) or address
        return any(mapped in network for network in self.networks)


def load_connections(
    folder: Path,
    *,
    providers: Mapping[str, Provider],
    triggers: frozenset[str],
    secrets: Mapping[str, tuple[SecretStr, ...]],
) -> dict[str, Connection]:
    """The connections of a folder by name. Raises ConfigurationError for the first problem.

    Secrets come from `secrets` (the environment) or, for a name not in there, `.secrets.yaml`.
    """
    kept = {
        name.removeprefix(SECRETS_UNDER): tuple(values.values())
        for name, values in read_secrets(folder / ".secrets.yaml").items()
        if name.startswith(SECRETS_UNDER)
    }
    files = sorted((folder / "connections").glob("*.yaml"))
    known = {**kept, **secrets}
    found = {
        file.stem: _connection(
            file,
            read(file, ConnectionFile),
            tuple(secret.get_secret_value() for secret in known.get(file.stem, ())),
            providers=providers,
            triggers=triggers,
        )
        for file in files
    }
    _check_distinct(found)
    return found


def _check_distinct(found: Mapping[str, Connection]) -> None:
    """A secret says who calls, so it belongs to one connection."""
    owners: dict[str, str] = {}
    for name, connection in found.items():
        for secret in set(connection.peer.secrets):
            other = owners.setdefault(secret, name)
            if other != name:
                raise ConfigurationError(
                    f"connections {other} and {name} have the same secret: "
                    "give each a secret of its own"
                )


def _connection(
    file: Path,
    said: ConnectionFile,
    secrets: tuple[str, ...],
    *,
    providers: Mapping[str, Provider],
    triggers: frozenset[str],
) -> Connection:
    if not NAME.fullmatch(file.stem):
        raise ConfigurationError(
            f"{file}: a connection's name is part of a URL: use small letters, digits and hyphens"
        )
    provider = providers.get(said.provider)
    if provider is None:
        raise ConfigurationError(
            f"{file}: no provider {said.provider!r}; there are {', '.join(sorted(providers))}"
        )
    unknown = sorted(set(said.options) - set(provider.options))
    if unknown:
        raise ConfigurationError(
            f"{file}: {said.provider} has no option {', '.join(unknown)}; "
            f"it has {', '.join(sorted(provider.options)) or 'none'}"
        )
    if said.topic and not provider.tells:
        raise ConfigurationError(
            f"{file}: {said.provider} has no events of its own that could be read from a topic: "
            "leave topic out"
        )
    missing = sorted(set(said.triggers.values()) - triggers)
    if missing:
        raise ConfigurationError(
            f"{file}: no trigger {', '.join(missing)}; there are {', '.join(sorted(triggers))}"
        )
    _check_secrets(file, said, secrets, provider=provider)
    deadline = said.deadline or provider.deadline
    if not SHORTEST_DEADLINE <= deadline <= LONGEST_DEADLINE:
        raise ConfigurationError(
            f"{file}: a deadline is between {SHORTEST_DEADLINE.total_seconds():g} and "
            f"{LONGEST_DEADLINE.total_seconds():g} s"
        )
    peer = Peer(
        name=file.stem,
        tenant=said.tenant,
        secrets=secrets,
        options=said.options,
        triggers=said.triggers,
    )
    return Connection(
        provider=provider,
        peer=peer,
        deadline=deadline,
        fails_open=said.on_failure == "allow",
        networks=said.networks,
        rate=said.rate,
        max_body=said.max_body,
        authenticated=said.authentication == "required",
        topic=said.topic,
    )


def _check_secrets(
    file: Path, said: ConnectionFile, secrets: tuple[str, ...], *, provider: Provider
) -> None:
    """No value ever gets into a message."""
    if said.authentication == "none" and not said.networks:
        raise ConfigurationError(
            f"{file}: without authentication anybody could ask: "
            "name the networks of the provider, or configure a secret"
        )
    if provider.shared_secret and said.authentication == "required" and not secrets:
        raise ConfigurationError(
            f"{file}: no secret; add one under '{SECRETS_UNDER}{file.stem}' in .secrets.yaml, "
            "or to AUTHSTREAM_CONNECTION_SECRETS"
        )
    if len(secrets) > MOST_SECRETS:
        raise ConfigurationError(
            f"{file}: more than {MOST_SECRETS} secrets are valid at once: remove the old ones"
        )
    if any(len(secret) < SHORTEST_SECRET for secret in secrets):
        raise ConfigurationError(
            f"{file}: a secret is shorter than {SHORTEST_SECRET} characters: make a random one"
        )
