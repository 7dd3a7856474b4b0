"""A provider's HTTP API: its base address, and a token that is fixed or comes by OAuth 2.0."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus

import httpx

from authstream.contracts.headers import HOPS
from authstream.errors import ConfigurationError, DeliveryError
from authstream.outbound.http import HttpClient, Request
from authstream.settings import MetadataSettings

#: A token is renewed so long before it expires.
_RENEW_SECONDS = 30
#: Validity of a token whose answer names none (RFC 6749 leaves it open).
_DEFAULT_SECONDS = 60


@dataclass(frozen=True, slots=True)
class ClientCredentials:
    """A grant after RFC 6749 section 4.4."""

    url: str
    client_id: str
    client_secret: str
    more: Mapping[str, str] = field(default_factory=dict[str, str])


class Api:
    """Requests with a bearer token, renewed when it has expired or is refused once."""

    def __init__(
        self,
        url: str,
        *,
        token: str = "",
        credentials: ClientCredentials | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        self._url = url.rstrip("/")
        self._credentials = credentials
        self._headers = dict(headers or {})
        self._token, self._until = token, float("inf") if token else 0.0
        self._http = HttpClient()

    async def close(self) -> None:
        """Close the connections."""
        await self._http.close()

    async def send(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        hops: int = 0,
        expected: tuple[int, ...] = (),
    ) -> httpx.Response:
        """The answer. Raises DeliveryError, also for statuses of 300 and more not `expected`."""
        refused = HTTPStatus.UNAUTHORIZED
        answer = await self._send(method, path, body, hops=hops, expected=(*expected, refused))
        if answer.status_code == refused and self._credentials is not None:
            self._until = 0.0
            answer = await self._send(method, path, body, hops=hops, expected=(*expected, refused))
        if answer.status_code == refused and refused not in expected:
            raise DeliveryError(f"{answer.url.host} refuses our token", permanent=True)
        return answer

    async def _send(
        self,
        method: str,
        path: str,
        body: object,
        *,
        hops: int,
        expected: tuple[int, ...],
    ) -> httpx.Response:
        headers = {**self._headers, HOPS: f"{hops}"}
        token = await self._bearer()
        if token:
            headers["Authorization"] = f"Bearer {token}"
        return await self._http.send(
            Request(method, f"{self._url}{path}", headers, json=body, expected=frozenset(expected))
        )

    async def _bearer(self) -> str:
        said = self._credentials
        if said is None or time.monotonic() < self._until:
            return self._token
        form = {
            "grant_type": "client_credentials",
            "client_id": said.client_id,
            "client_secret": said.client_secret,
            **said.more,
        }
        answer = (await self._http.send(Request("POST", said.url, form=form))).json()
        seconds = float(answer.get("expires_in", _DEFAULT_SECONDS))
        self._token, self._until = answer["access_token"], time.monotonic() + seconds
        self._until -= min(_RENEW_SECONDS, seconds / 2)
        return self._token


def required(settings: MetadataSettings, *names: str) -> None:
    """Raises ConfigurationError when one of these settings is empty."""
    missing = [name for name in names if not getattr(settings, name)]
    if missing:
        variables = ", ".join(f"AUTHSTREAM_METADATA__{name.upper()}" for name in missing)
        raise ConfigurationError(f"the metadata sink {settings.sink} needs {variables}")


def secret(settings: MetadataSettings, name: str) -> str:
    """A secret of the settings, or an empty text."""
    value = getattr(settings, name)
    return value.get_secret_value() if value else ""
