"""`/verify`: the reader of an e-mail proves the address; the proof is kept in the user's metadata.

Opening the link shows a page with a button, and only the button counts: mail filters open links.
"""

from __future__ import annotations

import hashlib
import html
import time

import structlog
from fastapi import APIRouter
from starlette.responses import HTMLResponse, RedirectResponse, Response

from authstream.contracts import headers as h
from authstream.contracts.avro import encode
from authstream.contracts.effect import MetadataPatch
from authstream.contracts.topics import Topics
from authstream.engine.identity import flow_id, patch_id
from authstream.engine.ports import Output
from authstream.errors import BackPressureError, BrokerUnreachableError, ConfigurationError
from authstream.gateway.problems import ProblemError
from authstream.gateway.waiters import Waiters
from authstream.outbound.verification import LinkRefusedError, VerifiedAddress, verified
from authstream.settings import LinkSettings
from authstream.stages.outputs import event_headers

#: The key in `app_metadata` that has the address last proven.
VERIFIED_EMAIL = "verified_email"
_NAME = "verify-address"
_HEADERS = {
    "cache-control": "no-store",
    "referrer-policy": "no-referrer",  # the address of the page is the secret
    "content-security-policy": "default-src 'none'; base-uri 'none'; frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
}
_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
</head>
<body>
<h1>{title}</h1>
<p>{text}</p>
{button}</body>
</html>
"""
_BUTTON = '<form method="post"><button>Confirm</button></form>\n'
_RESPONSES: dict[int | str, dict[str, object]] = {
    400: {"description": "The link is not ours, was changed, or has expired"},
    404: {"description": "This gateway signs no links"},
    503: {"description": "The broker does not answer"},
}
_LOG = structlog.get_logger("authstream.gateway")


def router(settings: LinkSettings, waiters: Waiters, topics: Topics) -> APIRouter:
    """The routes."""
    routes = APIRouter(tags=["verify"])

    @routes.get(
        "/verify",
        summary="The page that a link to verify an address leads to",
        response_class=HTMLResponse,
        responses=_RESPONSES,
    )
    async def shown(token: str = "") -> Response:
        """Asks the reader to confirm the address."""
        address = _proven(token, settings)
        if isinstance(address, Response):
            return address
        text = f"Is {address.email} your e-mail address?"
        return _page("Confirm your e-mail address", text, button=_BUTTON)

    @routes.post(
        "/verify",
        summary="The address is verified",
        response_class=HTMLResponse,
        responses=_RESPONSES,
    )
    async def confirmed(token: str = "") -> Response:
        """Keeps the proof; a second time changes nothing."""
        address = _proven(token, settings)
        if isinstance(address, Response):
            return address
        patch = _patch(address, token)
        try:
            await waiters.write(_record(patch, topics))
        except (BackPressureError, BrokerUnreachableError) as error:
            _LOG.error("cannot_verify", reason=str(error))
            return _page("Not now", "Please try again in a moment.", button=_BUTTON, status=503)
        _LOG.info("verified", patch_id=patch.id, tenant=patch.tenant)
        if settings.then:
            return RedirectResponse(settings.then, 303, _HEADERS)
        return _page("Thank you", f"{address.email} is confirmed. You can close this page.")

    return routes


def _proven(token: str, settings: LinkSettings) -> VerifiedAddress | Response:
    """What a link proves, or the page that says why it does not."""
    try:
        return verified(token, settings)
    except LinkRefusedError as error:
        return _page("This link cannot be used", f"{error}", status=400)
    except ConfigurationError:
        raise ProblemError(404, "no_links", "this gateway has no AUTHSTREAM_LINKS__KEY") from None


def _patch(address: VerifiedAddress, token: str) -> MetadataPatch:
    """The same for the same link, so that it is applied once."""
    link = hashlib.sha256(token.encode()).hexdigest()
    flow = flow_id(address.tenant, _NAME, "/verify", link, subject=address.user_id)
    return MetadataPatch(
        id=patch_id(flow, 0),
        flow_id=flow,
        leg=0,
        tenant=address.tenant,
        subject=address.user_id,
        app_metadata={VERIFIED_EMAIL: address.email},
        user_metadata={},
        decided_at=time.time_ns() // 1_000_000,
    )


def _record(patch: MetadataPatch, topics: Topics) -> Output:
    key = f"{patch.tenant}/{patch.subject}".encode()
    headers = {**event_headers("metadata-patch", patch.id), h.FLOW_ID: patch.flow_id}
    return Output(topics.user_metadata, key, encode(patch), h.make(headers))


def _page(title: str, text: str, *, button: str = "", status: int = 200) -> Response:
    body = _PAGE.format(title=html.escape(title), text=html.escape(text), button=button)
    return HTMLResponse(body, status, _HEADERS)
