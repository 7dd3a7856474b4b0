"""Connection files: what they say, and every mistake in them told with its remedy."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path

import pytest
import yaml
from pydantic import SecretStr

from authstream.apps.gateway import providers
from authstream.control.connections import Connection, load_connections
from authstream.errors import ConfigurationError

SECRET = "a-secret-long-enough"


def load(
    root: Path,
    said: dict[str, object],
    *,
    name: str = "hydra",
    secrets: tuple[str, ...] = (SECRET,),
    environment: Mapping[str, tuple[SecretStr, ...]] | None = None,
) -> Connection:
    """One connection file and its secrets."""
    (root / "connections").mkdir(exist_ok=True)
    (root / "connections" / f"{name}.yaml").write_text(yaml.safe_dump(said))
    values = {f"s{number}": secret for number, secret in enumerate(secrets)}
    (root / ".secrets.yaml").write_text(yaml.safe_dump({f"connections/{name}": values}))
    found = load_connections(
        root,
        providers=providers(),
        triggers=frozenset(["post-login"]),
        secrets=environment or {},
    )
    return found[name]


def test_a_provider_is_enough(tmp_path: Path) -> None:
    """Everything else has a default: the adapter's deadline, closed, any network."""
    made = load(tmp_path, {"provider": "ory-hydra"})
    assert made.deadline == providers()["ory-hydra"].deadline
    assert (made.fails_open, made.authenticated, made.admits("203.0.113.9")) == (False, True, True)
    assert made.peer.secrets == (SECRET,)


def test_everything_can_be_said(tmp_path: Path) -> None:
    """Each member has its effect."""
    said: dict[str, object] = {
        "provider": "ory-hydra",
        "tenant": "acme",
        "deadline": "2s",
        "on_failure": "allow",
        "networks": ["203.0.113.0/24", "2001:db8::/32"],
        "triggers": {"token": "post-login"},
    }
    made = load(tmp_path, said)
    assert (made.deadline, made.fails_open, made.peer.tenant) == (
        timedelta(seconds=2),
        True,
        "acme",
    )
    addresses = ("203.0.113.9", "::ffff:203.0.113.9", "2001:db8::1", "192.0.2.1", "nonsense")
    assert [made.admits(address) for address in addresses] == [True, True, True, False, False]


def test_the_environment_wins(tmp_path: Path) -> None:
    """Production's secrets are not in a file."""
    kept = {"hydra": (SecretStr("another-secret-of-production"),)}
    made = load(tmp_path, {"provider": "ory-hydra"}, environment=kept)
    assert made.peer.secrets == ("another-secret-of-production",)


@pytest.mark.parametrize(
    ("said", "secrets", "message"),
    [
        ({"provider": "no-such"}, (SECRET,), "no provider 'no-such'; there are .*ory-hydra"),
        ({"provider": "ory-hydra", "tenat": "x"}, (SECRET,), "tenat"),
        ({"provider": "ory-hydra"}, (), "no secret; add one under 'connections/hydra'"),
        ({"provider": "ory-hydra"}, ("tiny",), "shorter than 16"),
        ({"provider": "ory-hydra"}, tuple(f"{SECRET}{n}" for n in range(4)), "more than 3"),
        ({"provider": "ory-hydra", "deadline": "1ms"}, (SECRET,), "between 0.2 and 20 s"),
        ({"provider": "ory-hydra", "deadline": "1m"}, (SECRET,), "between 0.2 and 20 s"),
        ({"provider": "ory-hydra", "options": {"x": "y"}}, (SECRET,), "no option x"),
        ({"provider": "ory-hydra", "triggers": {"token": "no"}}, (SECRET,), "no trigger no"),
        ({"provider": "ory-hydra", "networks": ["300.1.1.1/8"]}, (SECRET,), "networks"),
        ({"provider": "ory-hydra", "authentication": "none"}, (SECRET,), "anybody could ask"),
    ],
)
def test_mistakes_are_told(
    tmp_path: Path, said: dict[str, object], secrets: tuple[str, ...], message: str
) -> None:
    """The file, what is wrong with it, and what to do; never a secret."""
    with pytest.raises(ConfigurationError, match=message) as refused:
        load(tmp_path, said, secrets=secrets)
    assert "hydra" in str(refused.value)
    assert not any(secret in str(refused.value) for secret in secrets)


def test_a_name_is_part_of_a_url(tmp_path: Path) -> None:
    """So it has small letters, digits and hyphens."""
    with pytest.raises(ConfigurationError, match="part of a URL"):
        load(tmp_path, {"provider": "ory-hydra"}, name="My Hydra")


def test_two_connections_cannot_share_a_secret(tmp_path: Path) -> None:
    """The secret says who calls."""
    load(tmp_path, {"provider": "ory-hydra"})
    kept = {"other": (SecretStr(SECRET),), "hydra": (SecretStr(SECRET),)}
    with pytest.raises(ConfigurationError, match="have the same secret") as refused:
        load(tmp_path, {"provider": "generic"}, name="other", environment=kept)
    assert SECRET not in str(refused.value)
