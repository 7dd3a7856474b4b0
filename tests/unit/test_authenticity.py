"""Signatures of calls: what separates two of them is never a part of one."""

from __future__ import annotations

from itertools import count

import pytest

from authstream.engine.authenticity import standard_signature, standard_webhook
from authstream.engine.provider import Call
from authstream.errors import UnauthenticatedError

SECRET = "v1,whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="
AT = 1_795_530_197
BODY = b'{"user":"ada"}'


def signature(sent: str) -> str:
    """Ours of a message with this id."""
    return standard_signature(SECRET, sent, str(AT), body=BODY)


def call(sent: str, offered: str) -> Call:
    """A call at the time of its signature."""
    names: tuple[str, ...] = ("webhook-id", "webhook-timestamp", "webhook-signature")
    headers: dict[str, str] = dict(zip(names, (sent, str(AT), offered), strict=True))
    return Call(hook="before", body=BODY, headers=headers, received_at=AT * 1000)


def beginning_with(version: str) -> str:
    """An id whose signature begins, after its version, as another signature would."""
    return next(f"m-{n}" for n in count() if signature(f"m-{n}").startswith(f"v1,{version}"))


@pytest.mark.parametrize("version", ["v1", "v2"])
@pytest.mark.parametrize("separator", [" ", ",", ", "])
def test_a_signature_that_looks_like_a_version_stays_whole(version: str, separator: str) -> None:
    """One signature in 409 begins with a v and a digit: alone, first and last of several."""
    sent = beginning_with(version)
    mine, other = signature(sent), "v1," + "A" * 43 + "="
    for offered in (mine, separator.join((mine, other)), separator.join((other, mine))):
        standard_webhook(call(sent, offered), (SECRET,))
    with pytest.raises(UnauthenticatedError):
        standard_webhook(call(sent, separator.join((other, other))), (SECRET,))
