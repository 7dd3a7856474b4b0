"""Proofs that a call comes from who shares a secret with us: on raw bytes, in constant time.

Sources: Standard Webhooks 1.0; Zitadel and WorkOS (`t=,v1=`); AWS Signature Version 4.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from urllib.parse import quote

from authstream.engine.provider import Call
from authstream.errors import UnauthenticatedError

#: Standard Webhooks, Zitadel and AWS allow a clock to differ by so much.
TOLERANCE = timedelta(minutes=5)
_MILLISECOND = timedelta(milliseconds=1)
_SIGV4 = re.compile(
    r"AWS4-HMAC-SHA256 +Credential=([^/,\s]+)/(\d{8})/([\w-]+)/([\w-]+)/aws4_request, *"
    r"SignedHeaders=([\w;-]+), *Signature=([0-9a-f]{64})"
)
_AMZ_DATE = "%Y%m%dT%H%M%SZ"
_DIGITS = 18


def matches(offered: str, secrets: Iterable[str]) -> bool:
    """Whether a text is one of the secrets. All are compared, each in constant time."""
    found = False
    for secret in secrets:
        found |= hmac.compare_digest(offered.encode(), secret.encode())
    return found


def api_key(call: Call, header: str, secrets: Sequence[str], *, scheme: str = "") -> None:
    """A header that is one of the secrets, after `scheme` if given. Raises UnauthenticatedError."""
    offered = call.headers.get(header)
    if offered is None:
        raise UnauthenticatedError(f"the call has no header {header}: configure the secret there")
    if scheme:
        said, _, offered = offered.partition(" ")
        if said.lower() != scheme.lower():
            raise UnauthenticatedError(f"the header {header} does not begin with {scheme}")
    if not matches(offered, secrets):
        raise UnauthenticatedError(f"the header {header} is none of the connection's secrets")


def hmac_sha256(secret: bytes, content: bytes) -> bytes:
    """The signature of a content."""
    return hmac.new(secret, content, hashlib.sha256).digest()


def standard_webhook(call: Call, secrets: Sequence[str]) -> None:
    """`webhook-id`, `-timestamp` and `-signature` (v1). Raises UnauthenticatedError.

    Several signatures may be separated by spaces, or by commas as Supabase does.
    """
    sent, at, offered = (call.headers.get(f"webhook-{part}") for part in _PARTS)
    if not sent or not at or not offered:
        raise UnauthenticatedError("webhook-id, webhook-timestamp or webhook-signature is missing")
    fresh(at, call.received_at, unit=timedelta(seconds=1), tolerance=TOLERANCE)
    wanted = [standard_signature(secret, sent, at, body=call.body) for secret in secrets]
    if not any(matches(one, wanted) for one in _BETWEEN_SIGNATURES.split(offered)):
        raise UnauthenticatedError("webhook-signature was made with none of the secrets")


_PARTS = ("id", "timestamp", "signature")
#: A comma followed by `v1,` and no less: one signature in 409 (64 · 64 / 10) begins with v1 itself.
_BETWEEN_SIGNATURES = re.compile(r" +|, *(?=v\d+\w?,)")


def standard_signature(secret: str, sent: str, at: str, *, body: bytes) -> str:
    """`v1,<base64>` over id, timestamp and body."""
    signed = hmac_sha256(_webhook_key(secret), f"{sent}.{at}.".encode() + body)
    return f"v1,{base64.b64encode(signed).decode()}"


def _webhook_key(secret: str) -> bytes:
    """The bytes of `whsec_<base64>`, which Supabase writes `v1,whsec_<base64>`."""
    encoded = secret.removeprefix("v1,").removeprefix("whsec_")
    try:
        return base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        return encoded.encode()


def timestamped(
    call: Call, header: str, secrets: Sequence[str], *, unit: timedelta, tolerance: timedelta
) -> None:
    """`t=<time>,v1=<hex>` over time and body; several `v1` may be given.

    Raises UnauthenticatedError.
    """
    offered = call.headers.get(header)
    if offered is None:
        raise UnauthenticatedError(f"the call has no header {header}")
    parts = [part.strip().partition("=") for part in offered.split(",")]
    times = [value for name, _, value in parts if name == "t"]
    if len(times) != 1:
        raise UnauthenticatedError(f"the header {header} must have one time, as t=<number>")
    fresh(times[0], call.received_at, unit=unit, tolerance=tolerance)
    wanted = [timestamped_signature(secret, times[0], call.body) for secret in secrets]
    if not any(matches(value, wanted) for name, _, value in parts if name == "v1"):
        raise UnauthenticatedError(f"the header {header} was made with none of the secrets")


def timestamped_signature(secret: str, at: str, body: bytes) -> str:
    """Hexadecimal, over time and body."""
    return hmac_sha256(secret.encode(), at.encode() + b"." + body).hex()


def fresh(at: str, now: int, *, unit: timedelta, tolerance: timedelta) -> None:
    """Refuse a time that is none, or too far from now. Raises UnauthenticatedError."""
    if not at.isascii() or not at.isdigit() or len(at) > _DIGITS:
        raise UnauthenticatedError("the signature's time is no number")
    millis = int(at) * (unit // _MILLISECOND)
    _near(millis, now, tolerance)


def _near(millis: int, now: int, tolerance: timedelta) -> None:
    if abs(now - millis) > tolerance // _MILLISECOND:
        raise UnauthenticatedError(
            f"the signature's time is more than {tolerance.total_seconds():.0f} s away: "
            "check both clocks; an old call is not taken again"
        )


def aws_signature(call: Call, secrets: Sequence[str]) -> None:
    """AWS Signature Version 4 of the whole request; a secret is `<access key id>:<secret key>`.

    Raises UnauthenticatedError.
    """
    match = _SIGV4.fullmatch(call.headers.get("authorization", ""))
    at = call.headers.get("x-amz-date", "")
    if match is None:
        raise UnauthenticatedError("the header authorization is no AWS4-HMAC-SHA256 signature")
    key_id, day, region, service, names, offered = match.groups()
    try:
        sent = datetime.strptime(at, _AMZ_DATE).replace(tzinfo=UTC)
    except ValueError:
        raise UnauthenticatedError("the header x-amz-date is no time") from None
    _near(int(sent.timestamp() * 1000), call.received_at, TOLERANCE)
    if not at.startswith(day) or not {"host", "x-amz-date"} <= set(names.split(";")):
        raise UnauthenticatedError("the AWS signature does not cover host and x-amz-date")
    scope = (day, region, service)
    wanted = [
        aws4(call, secret_key, scope, signed_headers=names.split(";"))
        for known, _, secret_key in (secret.partition(":") for secret in secrets)
        if matches(key_id, [known])
    ]
    if not matches(offered, wanted):
        raise UnauthenticatedError("the AWS signature was made with none of the secrets")


def aws4(
    call: Call, secret_key: str, scope: tuple[str, str, str], *, signed_headers: Sequence[str]
) -> str:
    """The signature, hexadecimal (AWS General Reference, "Create a signed AWS API request")."""
    canonical = "\n".join(
        (
            call.method,
            quote(call.path, safe="/-_.~"),
            call.query,
            *(f"{name}:{' '.join(call.headers.get(name, '').split())}" for name in signed_headers),
            "",
            ";".join(signed_headers),
            hashlib.sha256(call.body).hexdigest(),
        )
    )
    key = f"AWS4{secret_key}".encode()
    for part in (*scope, "aws4_request"):
        key = hmac_sha256(key, part.encode())
    digest = hashlib.sha256(canonical.encode()).hexdigest()
    content = "\n".join(
        (
            "AWS4-HMAC-SHA256",
            call.headers.get("x-amz-date", ""),
            "/".join((*scope, "aws4_request")),
            digest,
        )
    )
    return hmac_sha256(key, content.encode()).hex()
