"""webhook: posts a payload to a URL, signed after Standard Webhooks, with the effect's id."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any

import httpx
import orjson
from pydantic import BaseModel, ConfigDict, Field, StringConstraints
from standardwebhooks import Webhook

from authstream.contracts.effect import Effect
from authstream.engine.delivery import Delivery, parsed
from authstream.engine.egress import Egress
from authstream.errors import DeliveryError
from authstream.outbound.addresses import checked
from authstream.outbound.http import HttpClient, Request
from authstream.settings import Settings, WebhookSettings

HeaderName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9-]{0,99}$")]
HeaderValue = Annotated[str, StringConstraints(pattern=r"^[\x20-\x7e]*$", max_length=4096)]
#: Ours, or the connection's.
_RESERVED = ("webhook-", "idempotency-key", "host", "content-", "connection", "transfer-encoding")


class WebhookInputs(BaseModel):
    """Where to post, and what."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    url: Annotated[str, StringConstraints(pattern=r"^https?://[^/?#@\s]+(/\S*)?$", max_length=2048)]
    body: dict[str, Any]
    headers: dict[HeaderName, HeaderValue] = Field(default_factory=dict, max_length=20)


class WebhookDelivery(Delivery):
    """Delivers by HTTP POST; redirects are not followed."""

    name = "webhook"
    inputs = WebhookInputs

    def __init__(self) -> None:
        self._settings = WebhookSettings()
        self._private = Egress()

    async def start(self) -> None:
        """Open the connection pool. Raises ConfigurationError for a network that is none."""
        self._settings = Settings().webhook
        self._private = Egress(self._settings.private)
        self._client = HttpClient()

    async def stop(self) -> None:
        """Close it."""
        await self._client.close()

    def destination(self, effect: Effect) -> str:
        """The host and port of the URL."""
        url = httpx.URL(parsed(WebhookInputs, self.name, effect.payload).url)
        return f"{url.host}:{url.port or url.scheme}"

    async def deliver(self, effect: Effect) -> None:
        """Post once. Raises DeliveryError."""
        inputs = parsed(WebhookInputs, self.name, effect.payload)
        url = httpx.URL(inputs.url)
        port = url.port or (443 if url.scheme == "https" else 80)
        address = await checked(url.host, port, self._private)
        body = orjson.dumps(inputs.body)
        headers = {
            **{k: v for k, v in inputs.headers.items() if not k.lower().startswith(_RESERVED)},
            "Host": url.netloc.decode(),
            "Content-Type": "application/json",
            **self._signature(effect.id, url.host, body),
        }
        # Connects to the address that was checked; the certificate is the host's.
        await self._client.send(
            Request(
                "POST",
                f"{url.copy_with(host=address)}",
                headers,
                content=body,
                extensions={"sni_hostname": url.host},
                host=url.host,
            )
        )

    def _signature(self, effect_id: str, host: str, body: bytes) -> dict[str, str]:
        """The headers of Standard Webhooks 1.0; `Idempotency-Key` for those who know only that."""
        now = datetime.now(UTC)
        headers = {
            "webhook-id": effect_id,
            "webhook-timestamp": f"{int(now.timestamp())}",
            "Idempotency-Key": effect_id,
        }
        secret = self._settings.secrets.get(host)
        if secret is not None:
            headers["webhook-signature"] = _signer(secret.get_secret_value()).sign(
                effect_id, now, body.decode()
            )
        return headers


def _signer(secret: str) -> Webhook:
    try:
        return Webhook(secret)
    except (ValueError, RuntimeError) as error:
        raise DeliveryError(
            "a secret in AUTHSTREAM_WEBHOOK__SECRETS is not whsec_ and base64", permanent=True
        ) from error


PLUGIN = WebhookDelivery()
