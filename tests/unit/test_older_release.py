"""What an older release cannot say is refused where it decides, and left out where it tells."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from authstream.contracts import avro
from authstream.contracts.avro import decode, encode
from authstream.contracts.codes import NOT_IN_RELEASE
from authstream.contracts.envelope import Envelope
from authstream.errors import NotInReleaseError
from authstream.gateway.decision import CLOSED
from tests.samples import envelope, run


@pytest.fixture(autouse=True)
def _older() -> Iterator[None]:
    avro.write_as("0.1.0")
    yield
    avro.write_as("")


def test_what_only_tells_is_left_out() -> None:
    """Who called, and when an envelope was queued: an older reader does without."""
    said = envelope(client="shop", runs=(run("crm").model_copy(update={"queued_at": 7}),))
    again = decode(Envelope, encode(said))
    assert (again.client, again.runs[0].queued_at) == (None, 0)


def test_a_flow_that_waits_for_a_browser_is_refused() -> None:
    """Without its state it would end as if it had not waited."""
    with pytest.raises(NotInReleaseError, match=r"Envelope\.state"):
        encode(envelope(state="sealed"))


def test_it_never_fails_open() -> None:
    """A connection's policy is for what is away, not for what is not understood."""
    assert NOT_IN_RELEASE in CLOSED
