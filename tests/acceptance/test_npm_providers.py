"""Real identity providers from npm: real logins, real tokens, real denials, and none in time."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import re
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urljoin, urlparse

import httpx
import pytest

from authstream.apps.up import free_port
from authstream.engine.provider import UNAVAILABLE
from tests import npm_packages
from tests.gateway_ground import Ground, folder, secret_of, serving
from tests.real_provider import claims, running

pytestmark = [pytest.mark.npm, pytest.mark.timeout(120)]
PASSWORD = "Secret12!"
#: The emulator's Lambda client signs with it.
AWS_KEYS = "local:local-secret-of-tests"
CONNECTIONS: dict[str, dict[str, object]] = {
    "google": {
        "provider": "google",
        "options": {"emulator": "true"},
        "triggers": {"beforeCreate": "post-login"},
        "deadline": "1s",
    },
    "cognito": {
        "provider": "aws-cognito",
        "triggers": {"PreSignUp": "post-login", "PostConfirmation_ConfirmSignUp": "post-login"},
        "deadline": "1s",
        "on_failure": "allow",
    },
    "oidc": {"provider": "generic", "deadline": "1s"},
}
CALLBACK = "http://127.0.0.1:5555/cb"


@pytest.fixture(scope="module")
def ground(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ground]:
    """Broker, worker and gateway."""
    root = folder(tmp_path_factory.mktemp("npm"), CONNECTIONS, keys={"cognito": AWS_KEYS})
    with serving(root) as made:
        yield made


def at_home(root: Path) -> dict[str, str]:
    """An environment whose home is empty, with npm's packages at hand."""
    modules = root / "node_modules"
    modules.symlink_to(npm_packages.installed() / "node_modules")
    return {"PATH": os.environ["PATH"], "HOME": f"{root}", "CI": "true"}


def user(kind: str) -> str:
    """An address nobody has yet."""
    return f"{kind}-{secrets.token_hex(4)}@example.com"


@pytest.fixture(scope="module")
def emulator(ground: Ground, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Its address, its blocking functions pointing at the gateway."""
    root = tmp_path_factory.mktemp("firebase")
    port = free_port(0)
    emulators: dict[str, object] = {
        "ui": {"enabled": False},
        "auth": {"host": "127.0.0.1", "port": port},
        "hub": {"host": "127.0.0.1", "port": free_port(0)},
        "logging": {"host": "127.0.0.1", "port": free_port(0)},
        "singleProjectMode": True,
    }
    (root / "firebase.json").write_text(json.dumps({"emulators": emulators}))
    environment = at_home(root)
    command = ("node", root / "node_modules/firebase-tools/lib/bin/firebase.js")
    options = ("emulators:start", "--only", "auth", "--project", "demo-actions")
    address = f"http://127.0.0.1:{port}"
    with running((*command, *options), folder=root, environment=environment, ready=address):
        _configure(address, ground)
        yield f"{address}/identitytoolkit.googleapis.com"


def test_firebase_claims_are_in_the_id_token(emulator: str) -> None:
    """At sign-up what is stored, at sign-in what is of this session."""
    email = user("ada")
    created = _firebase(emulator, "signUp", email).json()
    signed_in = _firebase(emulator, "signInWithPassword", email).json()
    assert claims(created["idToken"])["plan"] == "gold"
    assert claims(signed_in["idToken"])["tenant"] == "acme"


def test_firebase_the_client_reads_the_denial(emulator: str) -> None:
    """The action's own text."""
    denied = _firebase(emulator, "signUp", user("blocked"))
    assert denied.status_code == 400
    assert "Blocked by policy" in denied.json()["error"]["message"]


def test_firebase_closed_when_there_is_no_verdict_in_time(emulator: str) -> None:
    """Nobody gets in, and is told to try again later."""
    late = _firebase(emulator, "signUp", user("slow"))
    assert late.status_code == 400
    assert UNAVAILABLE in late.json()["error"]["message"]


def _configure(address: str, ground: Ground) -> None:
    hooks = {
        name: {"functionUri": f"{ground.hooks('google')}/{name}"}
        for name in ("beforeCreate", "beforeSignIn")
    }
    answer = httpx.patch(
        f"{address}/identitytoolkit.googleapis.com/v2/projects/demo-actions/config",
        params={"updateMask": "blockingFunctions"},
        headers={"authorization": "Bearer owner"},
        json={"blockingFunctions": {"triggers": hooks}},
    )
    assert answer.status_code == 200, answer.text


def _firebase(emulator: str, operation: str, email: str) -> httpx.Response:
    body = {"email": email, "password": PASSWORD, "returnSecureToken": True}
    url = f"{emulator}/v1/accounts:{operation}"
    return httpx.post(url, params={"key": "x"}, json=body, timeout=30)


@pytest.fixture(scope="module")
def pool(ground: Ground, tmp_path_factory: pytest.TempPathFactory) -> Iterator[_Pool]:
    """A user pool whose Lambda endpoint is the gateway."""
    root = tmp_path_factory.mktemp("cognito")
    port = free_port(0)
    key_id, _, key = AWS_KEYS.partition(":")
    config = {
        "LambdaClient": {
            "endpoint": ground.hooks("cognito"),
            "credentials": {"accessKeyId": key_id, "secretAccessKey": key},
            "region": "local",
        },
        "TriggerFunctions": {
            "PreSignUp": "presignup",
            "PostAuthentication": "postauth",
            "PostConfirmation": "postconfirm",
            "PreTokenGeneration": "pretoken",
        },
        "ServerConfig": {"hostname": "127.0.0.1", "port": port},
    }
    (root / ".cognito").mkdir()
    (root / ".cognito" / "config.json").write_text(json.dumps(config))
    environment = at_home(root)
    command = ("node", root / "node_modules/cognito-local/lib/bin/start.js")
    address = f"http://127.0.0.1:{port}"
    with running(command, folder=root, environment=environment, ready=address):
        yield _Pool(address)


def test_cognito_claims_are_added_and_suppressed(pool: _Pool) -> None:
    """At login and again at refresh: ours are there, `email` is gone."""
    email = user("ada")
    assert pool.sign_up(email).status_code == 200
    result = pool.log_in(email).json()["AuthenticationResult"]
    again = pool.refresh(result["RefreshToken"]).json()["AuthenticationResult"]
    for token in (result["IdToken"], again["IdToken"]):
        said = claims(token)
        assert (said["tenant"], said["plan"]) == ("acme", "gold")
        assert "email" not in said


def test_cognito_the_client_reads_the_denial(pool: _Pool) -> None:
    """The action's own text."""
    denied = pool.sign_up(user("blocked"))
    assert denied.status_code == 400
    assert "Blocked by policy" in denied.text


def test_cognito_open_when_there_is_no_verdict_in_time(pool: _Pool) -> None:
    """Everybody gets in, without claims: this connection says so."""
    email = user("slow")
    assert pool.sign_up(email).status_code == 200
    token = pool.log_in(email).json()["AuthenticationResult"]["IdToken"]
    assert "tenant" not in claims(token)


class _Pool:
    """A user pool and its client."""

    def __init__(self, address: str) -> None:
        self._address = address
        names = ("PreSignUp", "PreTokenGeneration", "PostAuthentication", "PostConfirmation")
        made = self._call(
            "CreateUserPool",
            PoolName="p",
            UsernameAttributes=["email"],
            LambdaConfig=dict.fromkeys(names, "arn:x"),
        ).json()
        self._pool = made["UserPool"]["Id"]
        client = self._call("CreateUserPoolClient", UserPoolId=self._pool, ClientName="c").json()
        self._client = client["UserPoolClient"]["ClientId"]

    def sign_up(self, email: str) -> httpx.Response:
        """Make a user."""
        attributes = [{"Name": "email", "Value": email}]
        return self._call(
            "SignUp",
            ClientId=self._client,
            Username=email,
            Password=PASSWORD,
            UserAttributes=attributes,
        )

    def log_in(self, email: str) -> httpx.Response:
        """By password, confirmed first."""
        self._call("AdminConfirmSignUp", UserPoolId=self._pool, Username=email)
        said = {"USERNAME": email, "PASSWORD": PASSWORD}
        return self._authenticate("USER_PASSWORD_AUTH", said)

    def refresh(self, token: str) -> httpx.Response:
        """By refresh token."""
        return self._authenticate("REFRESH_TOKEN_AUTH", {"REFRESH_TOKEN": token})

    def _authenticate(self, flow: str, said: dict[str, str]) -> httpx.Response:
        return self._call("InitiateAuth", ClientId=self._client, AuthFlow=flow, AuthParameters=said)

    def _call(self, operation: str, **body: Any) -> httpx.Response:
        headers = {
            "x-amz-target": f"AWSCognitoIdentityProviderService.{operation}",
            "content-type": "application/x-amz-json-1.1",
        }
        content = json.dumps(body)
        return httpx.post(self._address, content=content, headers=headers, timeout=30)


@pytest.fixture(scope="module")
def issuer(ground: Ground, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Its address."""
    root = tmp_path_factory.mktemp("oidc")
    script = root / "oidc_provider.mjs"
    script.write_bytes((npm_packages.HOME / "oidc_provider.mjs").read_bytes())
    port = free_port(0)
    environment = {
        **at_home(root),
        "PORT": str(port),
        "SECRET": secret_of("oidc"),
        "GATEWAY": f"{ground.url}/v1/triggers/post-login",
    }
    address = f"http://127.0.0.1:{port}"
    with running(("node", script), folder=root, environment=environment, ready=address):
        yield address


def test_oidc_provider_claims_are_in_both_tokens(issuer: str) -> None:
    """ID token and access token, which is a JWT too."""
    said = _code_flow(issuer, "ada").json()
    assert claims(said["id_token"])["tenant"] == "acme"
    assert claims(said["access_token"])["plan"] == "gold"


def test_oidc_provider_the_client_reads_the_denial(issuer: str) -> None:
    """As OAuth's error description."""
    said = _code_flow(issuer, "blocked-bob").json()
    assert said["error"] == "access_denied"
    assert said["error_description"] == "Blocked by policy"


def test_oidc_provider_closed_when_there_is_no_verdict_in_time(issuer: str) -> None:
    """Nobody gets in."""
    said = _code_flow(issuer, "slow-ada").json()
    assert (said["error"], said["error_description"]) == ("access_denied", UNAVAILABLE)


def _code_flow(issuer: str, login: str) -> httpx.Response:
    """What the token endpoint says at the end of a login by browser, consent included."""
    verifier = secrets.token_urlsafe(32)
    digest = hashlib.sha256(verifier.encode()).digest()
    asked = {
        "client_id": "web",
        "response_type": "code",
        "scope": "openid profile",
        "redirect_uri": CALLBACK,
        "state": "s",
        "code_challenge": base64.urlsafe_b64encode(digest).rstrip(b"=").decode(),
        "code_challenge_method": "S256",
    }
    with httpx.Client(base_url=issuer, timeout=30) as browser:
        page = browser.get("/auth", params=asked, follow_redirects=True)
        for form in ({"prompt": "login", "login": login, "password": "x"}, {"prompt": "consent"}):
            action = re.search(r'action="([^"]+)"', page.text)
            assert action is not None, page.text
            page = browser.post(urljoin(issuer, action[1]), data=form)
            while page.is_redirect and not page.headers["location"].startswith(CALLBACK):
                page = browser.get(urljoin(issuer, page.headers["location"]))
        code = parse_qs(urlparse(page.headers["location"]).query)["code"][0]
        said = {"grant_type": "authorization_code", "code": code, "redirect_uri": CALLBACK}
        who = {"code_verifier": verifier, "client_id": "web", "client_secret": "secret"}
        return browser.post("/token", data=said | who)
