"""Settings from files, as container platforms mount secrets."""

from __future__ import annotations

from pathlib import Path

import pytest

from authstream.cli.settings import settings
from authstream.errors import ConfigurationError


@pytest.fixture
def mounted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """As Kubernetes does: each name a link to a hidden folder that is exchanged as a whole."""
    folder = tmp_path / "secrets"
    hidden = folder / "..2026_01_01"
    hidden.mkdir(parents=True)
    (folder / "..data").symlink_to("..2026_01_01")
    files = {
        "AUTHSTREAM_SLIP_KEY": "from a file",
        "AUTHSTREAM_SMTP__PASSWORD": "hush",
        "AUTHSTREAM_KAFKA": '{"security.protocol": "SASL_SSL", "sasl.password": "hush"}',
        "AUTHSTREAM_STATE_KEY": "not this one",
    }
    for name, value in files.items():
        (hidden / name).write_text(f"{value}\n")
        (folder / name).symlink_to(f"..data/{name}")
    monkeypatch.setenv("AUTHSTREAM_SECRETS_DIR", f"{folder}")
    return folder


def test_files_are_settings_and_variables_win(
    mounted: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nested ones and JSON too."""
    monkeypatch.setenv("AUTHSTREAM_STATE_KEY", "this one")
    said = settings()
    assert said.secrets_dir == f"{mounted}"
    assert said.slip_key is not None
    assert said.slip_key.get_secret_value() == "from a file"
    assert said.smtp.password is not None
    assert said.smtp.password.get_secret_value() == "hush"
    assert said.smtp.host == "127.0.0.1"
    assert said.kafka["security.protocol"] == "SASL_SSL"
    assert said.state_key is not None
    assert said.state_key.get_secret_value() == "this one"


def test_a_folder_that_is_not_there_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """A process without its secrets must not start as if it needed none."""
    monkeypatch.setenv("AUTHSTREAM_SECRETS_DIR", "nowhere/at/all")
    with pytest.raises(ConfigurationError, match="AUTHSTREAM_SECRETS_DIR"):
        settings()
