"""Routing slips are signed: who can only write to a topic does not decide what runs."""

from __future__ import annotations

import hmac
from typing import Any

import orjson
import pytest

from authstream.contracts.envelope import Envelope, Slip
from authstream.engine.signature import signed, verify
from authstream.errors import UnsignedSlipError
from tests.samples import command, envelope, run, step

SECRET = b"a key of the trust domain"
SIGNED = signed(envelope(slip=Slip(steps=(step("one"), step("two")))), SECRET)


def test_a_signed_slip_is_accepted_with_the_same_key() -> None:
    """Also further on its way, with commands and runs."""
    verify(SIGNED, SECRET)
    later = SIGNED.slip.model_copy(update={"position": 1})
    more = {"slip": later, "commands": (command("access.deny", "x"),), "runs": (run("one"),)}
    verify(SIGNED.model_copy(update=more), SECRET)


def test_without_a_key_nothing_is_signed_and_all_is_accepted() -> None:
    """Signing is an option."""
    plain = envelope()
    assert signed(plain, None) is plain
    verify(plain, None)


@pytest.mark.parametrize("key", [b"k", b"k" * 64, b"k" * 65, b"k" * 200])
def test_the_signature_is_an_hmac_as_everybody_makes_it(key: bytes) -> None:
    """HMAC-SHA256 of a JSON text, for keys of every length: other versions verify it."""
    made = signed(envelope(slip=Slip(steps=(step("one"),))), key)
    only = made.slip.steps[0]
    steps = [[only.action, only.version, only.topic, only.timeout_ms, only.on_error, only.skipped]]
    whole = [made.flow_id, made.leg, made.tenant, made.trigger, made.key, made.subject]
    text = orjson.dumps([*whole, made.slip.control_offset, steps])
    assert made.slip.signature == hmac.digest(key, text, "sha256")


@pytest.mark.parametrize(
    "forged",
    [
        envelope(slip=Slip(steps=(step("one"), step("two")))),
        SIGNED.model_copy(update={"flow_id": "other"}),
        SIGNED.model_copy(update={"leg": 1}),
        SIGNED.model_copy(update={"tenant": "other"}),
        SIGNED.model_copy(update={"trigger": "other"}),
        SIGNED.model_copy(update={"key": "other"}),
        SIGNED.model_copy(update={"subject": "other"}),
    ],
)
def test_a_slip_of_another_flow_is_refused(forged: Envelope) -> None:
    """A signature is for one flow, leg, tenant, trigger and user."""
    with pytest.raises(UnsignedSlipError, match="not signed with our key"):
        verify(forged, SECRET)


@pytest.mark.parametrize(
    "change",
    [
        {"steps": (step("one"),)},
        {"steps": (step("two"), step("one"))},
        {"steps": (step("one"), step("two", skipped=True))},
        {"steps": (step("one"), step("two", version=2))},
        {"steps": (step("one"), step("two", on_error="skip"))},
        {"steps": (step("one"), step("two", timeout_ms=1))},
        {"control_offset": 1},
        {"signature": b""},
    ],
)
def test_a_changed_plan_is_refused(change: dict[str, Any]) -> None:
    """No step can be taken out, moved, skipped or made lenient."""
    with pytest.raises(UnsignedSlipError):
        verify(SIGNED.model_copy(update={"slip": SIGNED.slip.model_copy(update=change)}), SECRET)


def test_another_key_is_refused() -> None:
    """Two trust domains do not take each other's slips."""
    with pytest.raises(UnsignedSlipError):
        verify(SIGNED, b"another key")
