"""Redirects and forms against a real Kafka: both languages, and a new worker in between."""

from __future__ import annotations

import base64
import hmac
import json
import time
from collections.abc import Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from authstream.contracts.resume import Resume
from authstream.contracts.verdict import Verdict
from authstream.engine.state import StateKeys
from authstream.errors import StateInvalidError
from authstream.publisher import LoginEvent, Publisher
from authstream.settings import Settings
from tests.acceptance.command_line import background, environment, run, wait_for
from tests.kafka_server import KafkaServer

pytestmark = pytest.mark.kafka

_READY_SECONDS = 40.0
_WITHIN = timedelta(seconds=20)
_KEY = "signs states"
_CLIENTS = ("redirect", "form")
#: What the page that verifies shares with the action.
_SECRET = "a secret of two"
_FILES = {
    "flows/post-login.yaml": """\
trigger: post-login
actions:
  - action: verify
    when: event.client.client_id == "redirect"
  - action: consent
    when: event.client.client_id == "form"
  - action: claims
""",
    "actions/verify/action.js": """\
exports.onExecutePostLogin = async (event, api) => {
  api.transaction.setMetadata("asked", event.client.client_id);
  api.user.setAppMetadata("asked", true);
  const payload = { email: event.user.email };
  const session_token = api.redirect.encodeToken({ secret: event.secrets.KEY, payload });
  api.redirect.sendUserTo("https://verify.example.com/start", { query: { session_token } });
};
exports.onContinuePostLogin = async (event, api) => {
  const token = api.redirect.validateToken({ secret: event.secrets.KEY });
  if (token.answer !== "yes") return api.access.deny("Not verified.");
  api.idToken.setCustomClaim("https://example.com/verified", true);
};
""",
    "actions/consent/action.py": """\
def on_execute_post_login(event, api):
    api.transaction.set_metadata("asked", event.client.client_id)
    api.prompt.render("consent", fields={"email": event.user.email})

def on_continue_post_login(event, api):
    api.id_token.set_custom_claim("https://example.com/consent", event.prompt.fields.agreed)
""",
    "actions/claims/action.py": """\
def on_execute_post_login(event, api):
    asked = event.transaction.metadata.asked
    api.access_token.set_custom_claim("https://example.com/asked", asked)
""",
}


@dataclass(frozen=True, slots=True)
class Site:
    """A folder on a cluster; its workers come and go."""

    folder: Path
    scratch: Path
    settings: Settings

    @contextmanager
    def worker(self, name: str) -> Generator[None]:
        """A supervised worker for all stages, ready; afterwards it is gone."""
        ready = self.scratch / name
        env = {**self.env, "AUTHSTREAM_READY_FILE": f"{ready}"}
        arguments = ("worker", "--folder", f"{self.folder}", "--supervised")
        with background(*arguments, folder=self.scratch, env=env) as worker:
            wait_for(ready.exists, seconds=_READY_SECONDS, what=f"worker ready: {worker.err}")
            yield

    @property
    def env(self) -> dict[str, str]:
        """Of every command."""
        return environment(
            AUTHSTREAM_BROKERS=self.settings.brokers,
            AUTHSTREAM_PREFIX=self.settings.prefix,
            AUTHSTREAM_PARTITIONS="2",
            AUTHSTREAM_STATE_KEY=_KEY,
        )


@pytest.fixture(scope="module")
def site(kafka: KafkaServer, tmp_path_factory: pytest.TempPathFactory) -> Site:
    """The folder, and its topics."""
    scratch = tmp_path_factory.mktemp("redirects")
    for name, text in _FILES.items():
        file = scratch / "folder" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        if file.name.startswith("action."):
            secrets = "secrets: [KEY]\n" if file.parent.name == "verify" else ""
            (file.parent / "action.yaml").write_text(f"trigger: post-login\n{secrets}")
    (scratch / "folder/.secrets.yaml").write_text(f"verify: {{KEY: {_SECRET}}}\n")
    made = Site(
        scratch / "folder", scratch, Settings(brokers=kafka.bootstrap, prefix="t-redirects")
    )
    applied = run("topics", "apply", "--folder", f"{made.folder}", env=made.env)
    assert applied.status == 0, applied.err
    return made


@pytest.fixture(scope="module")
def publisher(site: Site) -> Iterator[Publisher]:
    """A provider."""
    with Publisher(site.settings) as publisher:
        yield publisher


@pytest.fixture(scope="module")
def left(site: Site, publisher: Publisher) -> dict[str, Verdict]:
    """The suspended verdicts of one worker, which is gone afterwards."""
    with site.worker("first"):
        return {client: login(publisher, client) for client in (*_CLIENTS, "twice")}


@pytest.fixture(scope="module")
def worker(site: Site, left: dict[str, Verdict]) -> Iterator[None]:  # noqa: ARG001 - comes first
    """Another worker."""
    with site.worker("second"):
        yield


def login(publisher: Publisher, client: str) -> Verdict:
    """One login at an application."""
    event = {
        "client": {"client_id": "redirect" if client == "twice" else client},
        "connection": {"name": "db"},
        "request": {"ip": "192.0.2.1"},
        "tenant": {"id": "default"},
        "user": {"user_id": f"user-{client}", "email": "ada@example.com"},
    }
    data = json.dumps(event).encode()
    return publisher.decide(LoginEvent("post-login", data, client, "test"), _WITHIN)


def resume(publisher: Publisher, state: str, **members: Any) -> Verdict:
    """A browser is back from the page that verifies."""
    token = signed({"state": state, "answer": "yes", "exp": int(time.time()) + 60})
    request = {"ip": "192.0.2.1", "query": {"state": state, "session_token": token}}
    return publisher.resume(Resume(state=state, request=request, **members), _WITHIN)


def signed(claims: dict[str, Any]) -> str:
    """A JSON web token (HS256) of the page that verifies."""
    parts = ({"alg": "HS256", "typ": "JWT"}, claims)
    said = ".".join(_encoded(json.dumps(part).encode()) for part in parts)
    return f"{said}.{_encoded(hmac.digest(_SECRET.encode(), said.encode(), 'sha256'))}"


def _encoded(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()


def test_a_javascript_action_redirects(left: dict[str, Verdict]) -> None:
    """The verdict says where to, with query and state, and what to remember first."""
    verdict = left["redirect"]
    assert (verdict.outcome, verdict.leg, verdict.claims.access_token) == ("suspended", 0, {})
    url = urlsplit(f"{verdict.redirect['url']}")
    query = parse_qs(url.query)
    assert (url.netloc, query["state"]) == ("verify.example.com", [verdict.state])
    said, _, mac = query["session_token"][0].rpartition(".")
    assert mac == _encoded(hmac.digest(_SECRET.encode(), said.encode(), "sha256"))
    claims = json.loads(base64.urlsafe_b64decode(said.partition(".")[2] + "=="))
    assert (claims["sub"], claims["email"]) == ("user-redirect", "ada@example.com")
    assert verdict.metadata.app_metadata == {"asked": True}


def test_a_python_action_renders_a_form(left: dict[str, Verdict]) -> None:
    """The provider is told which, with what in its fields."""
    verdict = left["form"]
    assert (verdict.outcome, verdict.redirect) == ("suspended", {})
    assert verdict.prompt == {"id": "consent", "fields": {"email": "ada@example.com"}, "vars": {}}


@pytest.mark.usefixtures("worker")
def test_flows_go_on_in_another_worker(publisher: Publisher, left: dict[str, Verdict]) -> None:
    """Nothing but the log knew of them meanwhile."""
    verified = resume(publisher, left["redirect"].state or "")
    assert (verified.outcome, verified.leg) == ("allowed", 1)
    assert verified.claims.id_token == {"https://example.com/verified": True}
    assert verified.claims.access_token == {"https://example.com/asked": "redirect"}
    assert verified.metadata.app_metadata == {}
    prompt = {"id": "consent", "fields": {"agreed": True}}
    agreed = resume(publisher, left["form"].state or "", event={"prompt": prompt})
    assert agreed.claims.id_token == {"https://example.com/consent": True}
    assert agreed.claims.access_token == {"https://example.com/asked": "form"}


@pytest.mark.usefixtures("worker")
def test_a_double_click_runs_nothing_twice(
    site: Site, publisher: Publisher, left: dict[str, Verdict]
) -> None:
    """Both get the one verdict, and the log has one execution of the leg."""
    verdict = left["twice"]
    with ThreadPoolExecutor() as threads:
        clicks = [
            threads.submit(resume, publisher, verdict.state or "", browser="a-cookies-digest")
            for _ in range(2)
        ]
        first, second = (click.result() for click in clicks)
    assert first == second
    assert (first.outcome, first.leg) == ("allowed", 1)
    ran = run("tail", "executions.v1", "--beginning", "--seconds", "3", env=site.env).out
    legs = [json.loads(line)["value"] for line in ran.splitlines()]
    assert [one["leg"] for one in legs if one["flow_id"] == verdict.flow_id] == [0, 1]


@pytest.mark.usefixtures("worker")
def test_a_state_that_is_not_good_has_its_own_error(
    site: Site, publisher: Publisher, left: dict[str, Verdict]
) -> None:
    """Changed, of elsewhere, late, used before: a reply each, and no verdict of any flow."""
    verdict = left["redirect"]
    good = verdict.state or ""
    resume(publisher, good)  # from now on it is used, whichever test comes first
    here = StateKeys(_KEY.encode(), prefix=site.settings.prefix)
    elsewhere = StateKeys(_KEY.encode(), prefix="elsewhere")
    state = here.opened(good)
    late = replace(state, expires_at=int(time.time() * 1000) - 1)
    codes = {
        "state_invalid": good[:-2] + ("AA" if good[-2:] != "AA" else "BB"),
        "state_foreign": elsewhere.sealed(state),
        "state_expired": here.sealed(late),
        "state_used": good,
    }
    for code, text in codes.items():
        answer = resume(publisher, text, browser="another")
        assert (answer.outcome, answer.code, answer.flow_id) == ("failed", code, "")
    with pytest.raises(StateInvalidError):
        resume(publisher, "nonsense")
    with pytest.raises(StateInvalidError):
        resume(publisher, here.sealed(replace(state, partition=9_999)))


def test_doctor_says_which_key_signs(site: Site) -> None:
    """An operator sees that flows can be suspended."""
    done = run("doctor", "--folder", f"{site.folder}", env=site.env)
    assert "AUTHSTREAM_STATE_KEY signs their states" in done.out
