"""Secrets: sealed for one place, never given out, rotated without a gap."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from authstream.broker.memory_log import MemoryLog
from authstream.control.actions import Actions
from authstream.control.door import Door
from authstream.control.objects import SecretObject
from authstream.control.seal import Keyring, keyring
from authstream.control.secrets import Secrets, opened, rotate_key, secret_key
from authstream.errors import ConfigurationError, SealError
from authstream.settings import Settings
from tests.control_plane import KEY, RING, door, draft, memory_store

VALUE = "s3cret-value"
PLACE = secret_key("acme", "crm", "TOKEN")


@pytest.fixture
def log() -> MemoryLog:
    """The control log, to look at its bytes."""
    return MemoryLog()


@pytest.fixture
def ada(log: MemoryLog) -> Iterator[Door]:
    """A door with an action that has a secret."""
    with memory_store(log=log) as store:
        ada = door(store)
        Actions(ada, "acme").create("crm", draft(secrets=("TOKEN",)))
        Secrets(ada, "acme").put("crm", "TOKEN", VALUE)
        yield ada


def test_only_the_process_with_the_key_opens(ada: Door) -> None:
    """The worker gets the value; without the key, or with another, it gets an error."""
    assert opened(ada.view, RING, tenant="acme", action="crm") == {"TOKEN": VALUE}
    with pytest.raises(SealError, match="key k1, which is not here"):
        opened(ada.view, Keyring({}), tenant="acme", action="crm")
    with pytest.raises(SealError, match="cannot be opened"):
        opened(ada.view, Keyring({"k1": b"x" * 32}), tenant="acme", action="crm")


def test_a_sealed_value_is_worth_nothing_elsewhere(ada: Door) -> None:
    """Tenant, action and name are part of the seal."""
    secret = ada.view.get(PLACE).read(SecretObject)
    for place in (("evil", "crm", "TOKEN"), ("acme", "other", "TOKEN"), ("acme", "crm", "X")):
        with pytest.raises(SealError, match="sealed for another place"):
            RING.open(secret_key(*place), secret)


def test_the_value_is_nowhere_in_the_log(ada: Door, log: MemoryLog) -> None:
    """Neither it nor a hash that can be had without the key."""
    assert ada.view.find(PLACE) is not None
    records = log.read(0, wait=timedelta(0))
    assert len(records) == 2
    assert all(VALUE.encode() not in (record.value or b"") for record in records)


def test_the_same_value_again_changes_nothing(ada: Door, log: MemoryLog) -> None:
    """Whether it is the same is told without opening it."""
    before = log.span()
    assert not Secrets(ada, "acme").put("crm", "TOKEN", VALUE)
    assert log.span() == before
    assert Secrets(ada, "acme").put("crm", "TOKEN", "other")


def test_rotation_has_no_gap(ada: Door) -> None:
    """With both keys everybody opens; after the rotation the new one is enough."""
    both = Keyring({"k2": b"n" * 32, "k1": b"k" * 32})
    rotating = door(ada.store, keyring=both)
    assert opened(ada.view, both, tenant="acme", action="crm") == {"TOKEN": VALUE}
    assert (rotate_key(rotating), rotate_key(rotating)) == (1, 0)
    new = Keyring({"k2": b"n" * 32})
    assert opened(ada.view, new, tenant="acme", action="crm") == {"TOKEN": VALUE}


def test_keys_come_from_settings_and_file(tmp_path_factory: pytest.TempPathFactory) -> None:
    """The first seals; a wrong entry is an error that does not say it."""
    file = tmp_path_factory.mktemp("keys") / "ring"
    file.write_text(f"old:{KEY}\n")
    settings = Settings.model_validate({"secret_keys": f"new:{KEY}", "secret_key_file": str(file)})
    assert repr(keyring(settings)) == "Keyring(new, old)"
    with pytest.raises(SealError) as refused:
        keyring(Settings.model_validate({"secret_keys": "new:abcd"}))
    assert "abcd" not in str(refused.value)
    with pytest.raises(SealError, match="no key for secrets is configured"):
        _ = keyring(Settings()).first


def test_limits_are_said_without_the_value(ada: Door) -> None:
    """A value that is too long is in no error."""
    with pytest.raises(ConfigurationError, match="limit is 4096") as refused:
        Secrets(ada, "acme").put("crm", "LONG", "z" * 5000)
    assert "zzz" not in str(refused.value)


def test_variables_are_everybodys_configuration(ada: Door) -> None:
    """A plain value of the tenant; a secret's value is never among them."""
    Secrets(ada, "acme").set_variable("region", {"name": "eu"})
    Secrets(ada, "acme").delete_variable("region")
    with pytest.raises(ConfigurationError, match="cannot be the name"):
        Secrets(ada, "acme").set_variable("a/b", 1)
