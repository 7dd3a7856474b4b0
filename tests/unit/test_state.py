"""The state of a suspended flow: only who holds the key can make one, or change one."""

from __future__ import annotations

import base64

import orjson
import pytest
from pydantic import SecretStr

from authstream.engine.state import State, StateKeys, state_keys, unverified
from authstream.errors import StateForeignError, StateInvalidError
from authstream.settings import Settings
from tests.samples import FLOW, NOW

STATE = State(FLOW, 2, 3, 4_711, NOW)
KEYS = StateKeys(b"key", prefix="auth")
SEALED = KEYS.sealed(STATE)
_, _, BODY, MAC = SEALED.split(".")


def test_a_state_is_read_back() -> None:
    """All of it, also by who cannot verify it."""
    assert KEYS.opened(SEALED) == unverified(SEALED) == STATE


def test_a_state_fits_a_url_and_names_no_user() -> None:
    """It goes through other people's servers and logs."""
    assert set(SEALED) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.")
    assert len(SEALED) < 200
    assert b"user-1" not in base64.urlsafe_b64decode(BODY + "==")


def test_after_a_change_of_the_key_both_are_good() -> None:
    """New states are made with the new key; the old one reads until it is taken away."""
    both = StateKeys(b"new", b"key", prefix="auth")
    assert both.opened(SEALED) == STATE
    with pytest.raises(StateForeignError):
        KEYS.opened(both.sealed(STATE))


@pytest.mark.parametrize(
    "keys", [StateKeys(b"other", prefix="auth"), StateKeys(b"key", prefix="other")]
)
def test_a_state_of_another_installation_is_foreign(keys: StateKeys) -> None:
    """Another key, or the same key under another prefix."""
    with pytest.raises(StateForeignError):
        keys.opened(SEALED)


def _body(*members: object) -> str:
    return base64.urlsafe_b64encode(orjson.dumps(members)).rstrip(b"=").decode()


KEY_ID = orjson.loads(base64.urlsafe_b64decode(BODY + "=="))[0]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "no state",
        "x" * 2_000,
        SEALED[:-1],
        SEALED + "A",
        f"authstream.1.{BODY}.",
        f"authstream.1.{BODY}",
        f"authstream.2.{BODY}.{MAC}",
        f"authstream.1.{BODY}.{MAC}.{MAC}",
        f"authstream.1.{_body(KEY_ID, FLOW, 3, 3, 4_711, NOW)}.{MAC}",
        f"authstream.1.{_body(KEY_ID, FLOW, 2, -1, 4_711, NOW)}.{MAC}",
        f"authstream.1.{_body(KEY_ID, FLOW, 2, 3.5, 4_711, NOW)}.{MAC}",
        f"authstream.1.{_body(KEY_ID, FLOW, True, 3, 4_711, NOW)}.{MAC}",
        f"authstream.1.{_body(KEY_ID, 7, 2, 3, 4_711, NOW)}.{MAC}",
        f"authstream.1.{_body(KEY_ID)}.{MAC}",
        f"authstream.1.{_body()}.{MAC}",
        f"authstream.1.bm8.{MAC}",
        f"authstream.1.e30.{MAC}",
        f"authstream.1.{BODY}.é",
    ],
)
def test_what_we_did_not_make_is_invalid(text: str) -> None:
    """Cut, prolonged, changed, of another form, or nothing of ours at all."""
    with pytest.raises(StateInvalidError):
        KEYS.opened(text)


@pytest.mark.parametrize(
    ("settings", "reads"),
    [
        (Settings(slip_key=SecretStr("key")), True),
        (Settings(slip_key=SecretStr("slips"), state_key=SecretStr("key")), True),
        (Settings(state_key=SecretStr("new"), state_key_before=SecretStr("key")), True),
        (Settings(slip_key=SecretStr("key"), state_key=SecretStr("own")), False),
    ],
)
def test_states_have_a_key_of_their_own_or_that_of_slips(
    settings: Settings, *, reads: bool
) -> None:
    """And the one before, for as long as it is named."""
    keys = state_keys(settings)
    assert keys is not None
    if reads:
        assert keys.opened(SEALED) == STATE
    else:
        with pytest.raises(StateForeignError):
            keys.opened(SEALED)


def test_without_a_key_there_are_no_states() -> None:
    """An unsigned state would let any browser go on with anybody's flow."""
    assert state_keys(Settings()) is None
