"""Notifications through Apprise, which speaks to some hundred services under one kind of URL."""

from __future__ import annotations

from opentelemetry.trace import SpanKind, StatusCode
from pydantic import SecretStr

from authstream import telemetry
from authstream.errors import DeliveryError


async def notify(
    url: SecretStr | None, text: str, *, title: str, kind: str, to: str = "", setting: str = ""
) -> None:
    """Send one notification. `{to}` in the URL is the recipient. Raises DeliveryError.

    `setting` is where the URL comes from, if it is not called as the kind is. Apprise says only
    whether it went well, so whatever went wrong is tried again.
    """
    variable = f"AUTHSTREAM_NOTIFY__{(setting or kind).upper()}"
    if url is None:
        raise DeliveryError(f"{kind} is not set up: set {variable}", permanent=True)
    try:
        from apprise import Apprise  # noqa: PLC0415 - in the extra `notify` only, and slow to load
    except ImportError as error:
        raise DeliveryError(
            f"{kind} needs Apprise: pip install 'authstream[notify]'", permanent=True
        ) from error
    service = Apprise()
    if not service.add(url.get_secret_value().replace("{to}", to)):
        raise DeliveryError(f"{variable} is no URL that Apprise knows", permanent=True)
    with telemetry.span(f"notify {kind}", {}, kind=SpanKind.CLIENT) as span:
        if not await service.async_notify(body=text, title=title):
            span.set_status(StatusCode.ERROR)
            raise DeliveryError(f"the {kind} service did not take the message", permanent=False)
