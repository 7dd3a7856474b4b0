"""Certificates, users and tokens of a broker that lets in whom it knows: made for each run."""

from __future__ import annotations

import base64
import secrets
import threading
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from pathlib import Path
from typing import Any, Final, Self
from urllib.parse import parse_qs

import jwt
import orjson
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID
from jwt.algorithms import RSAAlgorithm

ADMIN: Final = "admin"
AUDIENCE: Final = "kafka"
_DAY: Final = timedelta(days=1)
_TOKEN_SECONDS: Final = 300


class KafkaSecurity:
    """What a secured broker and its clients need, in a folder. Users have a password each."""

    def __init__(self, users: Sequence[str]) -> None:
        self.passwords = {user: secrets.token_hex(12) for user in (ADMIN, *users)}
        self.issuer = TokenIssuer()

    def written(self, folder: Path) -> None:
        """The files that the broker's configuration names, and the clients' `ca.pem`."""
        key, authority = _authority()
        (folder / "ca.pem").write_bytes(authority.public_bytes(serialization.Encoding.PEM))
        (folder / "broker.pem").write_bytes(_broker(key, authority))
        (folder / "jwks.json").write_bytes(self.issuer.key_set())

    def scram(self, user: str, folder: Path) -> dict[str, str | int | float | bool]:
        """Settings of a client that logs in with a password."""
        return {
            **_tls(folder),
            "sasl.mechanism": "SCRAM-SHA-512",
            "sasl.username": user,
            "sasl.password": self.passwords[user],
        }

    def bearer(self, user: str, folder: Path) -> dict[str, str | int | float | bool]:
        """Settings of a client that fetches a token (OpenID Connect, client credentials)."""
        return {
            **_tls(folder),
            "sasl.mechanism": "OAUTHBEARER",
            "sasl.oauthbearer.method": "oidc",
            "sasl.oauthbearer.client.id": user,
            "sasl.oauthbearer.client.secret": "not-looked-at",
            "sasl.oauthbearer.token.endpoint.url": self.issuer.url,
        }


class TokenIssuer:
    """Gives whoever asks a token in the name that he says, signed with a key of its own."""

    def __init__(self) -> None:
        self._key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/token"

    def key_set(self) -> bytes:
        """The public key as a JSON Web Key Set (RFC 7517)."""
        public: dict[str, Any] = RSAAlgorithm.to_jwk(self._key.public_key(), as_dict=True)
        return orjson.dumps({"keys": [{**public, "kid": "one", "use": "sig", "alg": "RS256"}]})

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def _token(self, subject: str) -> str:
        now = int(time.time())
        said = {"sub": subject, "iss": self.url, "aud": AUDIENCE, "iat": now}
        claims = {**said, "exp": now + _TOKEN_SECONDS}
        return jwt.encode(claims, self._key, algorithm="RS256", headers={"kid": "one"})

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        issuer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                """The answer of RFC 6749, section 5.1."""
                length = int(self.headers["content-length"])
                form = parse_qs(self.rfile.read(length).decode())
                subject = form.get("client_id", [""])[0] or _basic_user(self.headers)
                token = issuer._token(subject)
                said = {"token_type": "Bearer", "expires_in": _TOKEN_SECONDS}
                body = orjson.dumps({"access_token": token, **said})
                self.send_response(200)
                self.send_header("content-type", "application/json")
                self.send_header("content-length", f"{len(body)}")
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name
                """Says nothing."""

        return Handler


def _basic_user(headers: Any) -> str:
    """The client id of HTTP Basic, which RFC 6749 prefers."""
    _, _, encoded = headers.get("authorization", "").partition(" ")
    return base64.b64decode(encoded).decode().partition(":")[0]


def _tls(folder: Path) -> dict[str, str | int | float | bool]:
    return {"security.protocol": "SASL_SSL", "ssl.ca.location": f"{folder / 'ca.pem'}"}


def _authority() -> tuple[ec.EllipticCurvePrivateKey, x509.Certificate]:
    key = ec.generate_private_key(ec.SECP256R1())
    name = _name("authstream tests")
    usage = x509.KeyUsage(
        digital_signature=True,
        key_cert_sign=True,
        crl_sign=True,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )
    certificate = (
        _certificate(name, name, key.public_key())
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(usage, critical=True)
        .sign(key, hashes.SHA256())
    )
    return key, certificate


def _broker(authority_key: ec.EllipticCurvePrivateKey, authority: x509.Certificate) -> bytes:
    """A key and the certificates up to the authority, as one PEM file."""
    key = ec.generate_private_key(ec.SECP256R1())
    here = x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))])
    certificate = (
        _certificate(_name("127.0.0.1"), authority.subject, key.public_key())
        .add_extension(here, critical=False)
        .sign(authority_key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    chain = [one.public_bytes(serialization.Encoding.PEM) for one in (certificate, authority)]
    return b"".join((private, *chain))


def _certificate(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey
) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _DAY)
        .not_valid_after(now + _DAY)
    )


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])
