"""TLS and mutual TLS of the gateway, with real certificates made for the test."""

from __future__ import annotations

import ssl
import threading
import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
import trustme
import uvicorn
import yaml

from authstream.apps.gateway import configuration, connections
from authstream.apps.stages import triggers
from authstream.broker import exchange
from authstream.errors import ConfigurationError
from authstream.gateway.app import Gateway
from authstream.settings import GatewaySettings, Settings
from tests.acceptance.command_line import run_here
from tests.gateway_ground import secret_of

STARTED_WITHIN = 10.0  # seconds


@dataclass(frozen=True, slots=True)
class Files:
    """PEM files: the gateway's and a provider's certificate with key, and who made them."""

    authority: Path
    certificate: Path
    key: Path
    provider: Path
    stranger: Path

    def settings(self, *, client_ca: bool = False) -> GatewaySettings:
        """Of a gateway that speaks TLS."""
        return GatewaySettings(
            port=0,
            tls_certificate=f"{self.certificate}",
            tls_key=f"{self.key}",
            client_ca=f"{self.authority}" if client_ca else "",
        )

    def caller(self, certificate: Path | None = None) -> httpx.Client:
        """One who trusts the authority, and may show a certificate."""
        context = ssl.create_default_context(cafile=f"{self.authority}")
        if certificate is not None:
            context.load_cert_chain(certificate)
        return httpx.Client(verify=context, timeout=10)


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Files:
    """Made by an authority of this test; the stranger's by another one."""
    root = tmp_path_factory.mktemp("tls")
    authority, other = trustme.CA(), trustme.CA()
    gateway = authority.issue_cert("127.0.0.1")
    made = Files(*(root / f"{name}.pem" for name in ("ca", "cert", "key", "idp", "stranger")))
    authority.cert_pem.write_to_path(f"{made.authority}")
    for blob in gateway.cert_chain_pems:
        blob.write_to_path(f"{made.certificate}", append=True)
    gateway.private_key_pem.write_to_path(f"{made.key}")
    for issuer, file in ((authority, made.provider), (other, made.stranger)):
        issuer.issue_cert("idp.example.com").private_key_and_cert_chain_pem.write_to_path(f"{file}")
    return made


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """With one connection."""
    (tmp_path / "connections").mkdir()
    said = {"provider": "generic", "deadline": "1s"}
    (tmp_path / "connections" / "shop.yaml").write_text(yaml.safe_dump(said))
    (tmp_path / ".secrets.yaml").write_text(f"connections/shop: {{a: {secret_of('shop')}}}\n")
    return tmp_path


@pytest.fixture(autouse=True)
def _no_broker(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing here needs one."""
    monkeypatch.setattr(exchange, "_METADATA_SECONDS", 0.2)
    monkeypatch.setattr(exchange, "_FLUSH_SECONDS", 0.1)


@contextmanager
def served(folder: Path, said: GatewaySettings) -> Generator[str]:
    """A gateway of this folder; its address."""
    settings = Settings(brokers="127.0.0.1:1", gateway=said)
    found = connections(folder, settings)
    gateway = Gateway(settings, connections=found, triggers=triggers())
    server = uvicorn.Server(configuration(gateway, said))
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        deadline = time.monotonic() + STARTED_WITHIN
        while not server.started:
            assert time.monotonic() < deadline
            time.sleep(0.01)
        port = server.servers[0].sockets[0].getsockname()[1]
        yield f"https://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join()


def test_tls_proves_who_the_gateway_is(files: Files, folder: Path) -> None:
    """Whoever trusts its authority is answered; others, and plain HTTP, are not."""
    with served(folder, files.settings()) as url:
        with files.caller() as caller:
            assert caller.get(f"{url}/healthz").status_code == 200
        with pytest.raises(httpx.ConnectError, match="CERTIFICATE_VERIFY_FAILED"):
            httpx.get(f"{url}/healthz")
        with pytest.raises(httpx.TransportError):
            httpx.get(f"{url.replace('https', 'http')}/healthz")


def test_mutual_tls_lets_in_whom_the_authority_knows(files: Files, folder: Path) -> None:
    """No certificate, or one of somebody else's: no answer, not even that a secret is wrong."""
    with served(folder, files.settings(client_ca=True)) as url:
        for certificate in (None, files.stranger):
            with files.caller(certificate) as caller, pytest.raises(httpx.TransportError):
                caller.get(f"{url}/healthz")
        with files.caller(files.provider) as caller:
            assert caller.get(f"{url}/healthz").status_code == 200
            assert caller.post(f"{url}/hooks/shop/post-login", json={}).status_code == 401


def test_connect_checks_over_mutual_tls(
    files: Files, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the provider's certificate, trusting an authority of one's own."""
    command = ("connect", "generic", "--folder", f"{folder}", "--check")
    with served(folder, files.settings(client_ca=True)) as url:
        monkeypatch.setenv("SSL_CERT_FILE", f"{files.authority}")
        shown = run_here(*command, "--url", url, "--certificate", f"{files.provider}")
        without = run_here(*command, "--url", url)
    assert "ok   post-login: 200" in shown.out
    assert "FAIL readyz: 503" in shown.out  # there is no broker
    assert (without.status, "no gateway answers" in without.err) == (69, True)


@pytest.mark.parametrize(
    "lacking", [("tls_key",), ("tls_certificate",), ("tls_certificate", "tls_key")]
)
def test_half_a_configuration_is_none(files: Files, folder: Path, lacking: tuple[str, ...]) -> None:
    """Said at start, before anybody is answered in the clear."""
    said = files.settings(client_ca=True).model_copy(update=dict.fromkeys(lacking, ""))
    with pytest.raises(ConfigurationError, match="__TLS_CERTIFICATE"), served(folder, said):
        pass


def test_a_file_that_is_not_there_is_told(files: Files, folder: Path) -> None:
    """By its name."""
    said = files.settings().model_copy(update={"tls_key": "/nowhere.pem"})
    with pytest.raises(ConfigurationError, match=r"/nowhere\.pem"), served(folder, said):
        pass
