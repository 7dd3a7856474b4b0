"""The gateway over HTTP, with a broker, a worker and an action behind it."""

from __future__ import annotations

import secrets
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest
import schemathesis
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis.generation import GenerationMode

from authstream.apps.demo.collector import Collector
from authstream.apps.stages import triggers
from authstream.apps.up import free_port
from authstream.contracts import headers as h
from authstream.contracts.topics import Topics
from authstream.gateway import intake, protocol
from tests.acceptance.command_line import Finished, background, run_here
from tests.gateway_ground import (
    Ground,
    await_ready,
    await_spans,
    folder,
    in_flight,
    listens,
    records_of,
    secret_of,
    serving,
    traced,
)
from tests.kafka_log import until
from tests.provider_calls import examples
from tests.samples import event

CONNECTIONS: dict[str, dict[str, object]] = {
    "shop": {"provider": "generic"},
    "quick": {"provider": "generic", "deadline": "500ms"},
    "open": {"provider": "generic", "deadline": "500ms", "on_failure": "allow"},
    "far": {"provider": "generic", "networks": ["203.0.113.0/24"]},
    "few": {"provider": "generic", "rate": 1},
    "small": {"provider": "generic", "max_body": 1024},
    "hydra": {"provider": "ory-hydra"},
}
#: Whichever comes first: the action is stopped shortly before the caller's deadline.
TIMEOUTS = ("timeout", "action_timeout")
BEARER = {"authorization": f"Bearer {secret_of('shop')}"}


@pytest.fixture(scope="module")
def collector() -> Iterator[Collector]:
    """Gets every span."""
    with Collector() as made:
        yield made


@pytest.fixture(scope="module")
def ground(tmp_path_factory: pytest.TempPathFactory, collector: Collector) -> Iterator[Ground]:
    """All of it, for this module."""
    root = folder(tmp_path_factory.mktemp("gateway"), CONNECTIONS)
    with serving(root, traced(collector)) as running:
        yield running


def login(user: str, **members: Any) -> dict[str, Any]:
    """An event of this user."""
    return event(user={"user_id": user, "email": f"{user}@example.com"}, **members)


def ask(ground: Ground, connection: str, body: Any, **headers: str) -> httpx.Response:
    """A login, over the hook of a generic connection."""
    said = {name.replace("_", "-"): value for name, value in headers.items()}
    said["authorization"] = f"Bearer {secret_of(connection)}"
    return httpx.post(f"{ground.hooks(connection)}/post-login", json=body, headers=said, timeout=30)


def cloud(event_id: str) -> dict[str, str]:
    """CloudEvents in binary mode."""
    return {"ce_specversion": "1.0", "ce_id": event_id, "ce_source": "/idp", "ce_type": "login"}


def test_plain_json_is_answered_by_its_verdict(ground: Ground) -> None:
    """The event in, the verdict out, under the trigger's own path."""
    url = f"{ground.url}/v1/triggers/post-login"
    said = httpx.post(url, json=login("ada"), headers=BEARER).json()
    assert (said["outcome"], said["claims"]["id_token"]["tenant"]) == ("allowed", "acme")
    assert said["tenant"] == "default"


def test_cloudevents_are_understood_in_both_modes(ground: Ground) -> None:
    """The same id in structured and in binary mode is the same flow."""
    name = secrets.token_hex(4)
    structured = {"specversion": "1.0", "id": name, "source": "/idp", "type": "login"}
    body = orjson.dumps({**structured, "data": login("ada")})
    headers = {**BEARER, "content-type": "application/cloudevents+json"}
    url = f"{ground.hooks('shop')}/post-login"
    one = httpx.post(url, content=body, headers=headers).json()
    other = ask(ground, "shop", login("ada"), **cloud(name)).json()
    assert one["flow_id"] == other["flow_id"]


def test_a_retry_is_answered_by_the_run_in_progress(ground: Ground) -> None:
    """Six calls with one event id at once: one flow, one verdict."""
    name = secrets.token_hex(4)
    with ThreadPoolExecutor(6) as pool:
        calls = [pool.submit(ask, ground, "shop", login("ada"), **cloud(name)) for _ in range(6)]
        answers = {call.result().text for call in calls}
    assert len(answers) == 1


def test_a_later_retry_is_answered_by_the_result(ground: Ground) -> None:
    """The action did not run again: what it drew by lot is the same."""
    name = secrets.token_hex(4)
    first = ask(ground, "shop", login("ada"), **cloud(name)).json()
    again = ask(ground, "shop", login("ada"), **cloud(name)).json()
    assert first["claims"] == again["claims"]


def test_another_user_under_the_same_id_is_another_login(ground: Ground) -> None:
    """A provider that uses an id twice gets no other user's verdict."""
    name = secrets.token_hex(4)
    ada = ask(ground, "shop", login("ada"), **cloud(name)).json()
    eve = ask(ground, "shop", login("eve"), **cloud(name)).json()
    assert (ada["subject"], eve["subject"]) == ("ada", "eve")


def test_a_denial_says_so(ground: Ground) -> None:
    """The outcome and the text for the user."""
    said = ask(ground, "shop", login("blocked-bob")).json()
    assert (said["outcome"], said["user_message"]) == ("denied", "Blocked by policy")


def test_without_a_verdict_in_time_nobody_gets_in(ground: Ground) -> None:
    """The connection fails closed: an outcome that is not `allowed`, at the deadline."""
    answer = ask(ground, "quick", login("slow-ada"))
    said = answer.json()
    assert (said["outcome"], said["code"] in TIMEOUTS) == ("failed", True)
    assert answer.elapsed.total_seconds() < 2


def test_a_connection_may_fail_open(ground: Ground) -> None:
    """As if there were no actions: allowed, without claims."""
    said = ask(ground, "open", login("slow-ada")).json()
    assert (said["outcome"], said["claims"]["id_token"]) == ("allowed", {})


def test_a_denial_is_a_denial_on_an_open_connection(ground: Ground) -> None:
    """Failing open is about failures."""
    assert ask(ground, "open", login("blocked-bob")).json()["outcome"] == "denied"


def test_a_timed_out_login_stays_timed_out(ground: Ground) -> None:
    """Asked again when the action is done, the log still says what counts: no claims came of it."""
    name = secrets.token_hex(4)
    ask(ground, "quick", login("slow-eve"), **cloud(name))
    again = ask(ground, "quick", login("slow-eve"), **cloud(name)).json()
    assert (again["outcome"], again["code"] in TIMEOUTS) == ("failed", True)


@pytest.mark.parametrize(
    ("connection", "headers", "body", "status", "code"),
    [
        ("shop", {}, login("ada"), 401, "unauthenticated"),
        ("shop", {"authorization": "Bearer wrong"}, login("ada"), 401, "unauthenticated"),
        ("quick", BEARER, login("ada"), 401, "unauthenticated"),
        ("far", BEARER, login("ada"), 403, "foreign_network"),
        ("nobody", BEARER, login("ada"), 404, "unknown_connection"),
        ("small", BEARER, login("ada", padding="x" * 2000), 413, "too_large"),
        ("shop", BEARER, {"user": {}}, 422, "invalid_event"),
        ("shop", BEARER, [], 400, "invalid_call"),
        ("shop", BEARER, login("ada", tenant={"id": "other"}), 400, "invalid_call"),
    ],
)
def test_problems_are_clear(
    ground: Ground, connection: str, headers: dict[str, str], body: Any, status: int, code: str
) -> None:
    """A status and a code, as problem+json."""
    url = f"{ground.hooks(connection)}/post-login"
    answer = httpx.post(url, json=body, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer.headers["content-type"] == "application/problem+json"


def test_an_unknown_trigger_is_no_page(ground: Ground) -> None:
    """Neither under its own path nor as a hook."""
    for path in ("/v1/triggers/no-such", "/hooks/shop/no-such"):
        answer = httpx.post(f"{ground.url}{path}", json=login("ada"), headers=BEARER)
        assert answer.status_code == 404
        assert answer.headers["content-type"] == "application/problem+json"


def test_a_connection_has_a_rate(ground: Ground) -> None:
    """Beyond its burst it is answered at once, by its policy."""
    codes = [ask(ground, "few", login(f"user-{n}")).json()["code"] for n in range(5)]
    assert "rate_limited" in codes
    assert codes[0] is None


def test_hydra_is_answered_in_its_own_words(ground: Ground) -> None:
    """Claims for both tokens; 403 for a blocked user."""
    recorded = Path(__file__).resolve().parent.parent / "recorded_requests.jsonl"
    calls = {one["kind"]: one for one in map(orjson.loads, recorded.read_bytes().splitlines())}
    url, headers = f"{ground.hooks('hydra')}/token", {"x-api-key": secret_of("hydra")}
    told: list[httpx.Response] = []
    for kind in ("200", "403"):
        body = calls[f"/hydra/token|{kind}|authorization_code"]["request_raw"]
        told.append(httpx.post(url, content=body, headers=headers))
    assert told[0].json()["session"]["id_token"]["tenant"] == "acme"
    assert told[0].json()["session"]["access_token"]["from_consent"] == "kept"
    assert told[1].status_code == 403


def test_what_callers_send_does_not_get_into_logs_or_metrics(ground: Ground) -> None:
    """Labels are the operator's words; an unknown connection has no label."""
    httpx.post(f"{ground.hooks('never-heard-of')}/x", json={})
    page = httpx.get(f"{ground.url}/metrics").text
    assert 'authstream_gateway_calls_total{answered="allowed",connection="shop"' in page
    assert "never-heard-of" not in page
    assert "ada@example.com" not in page


def test_a_slow_body_is_cut_off(ground: Ground) -> None:
    """A caller that trickles gets 408 and loses its connection; one that says nothing, that."""
    host, _, port = ground.url.removeprefix("http://").partition(":")
    head = "POST /hooks/shop/post-login HTTP/1.1\r\nhost: x\r\n"
    with (
        socket.create_connection((host, int(port))) as trickling,
        socket.create_connection((host, int(port))) as silent,
    ):
        trickling.sendall(f"{head}content-length: 100\r\n\r\n{{".encode())
        silent.sendall(b"POST / HTTP/1.1\r\nx: ")
        for caller in (trickling, silent):
            caller.settimeout(3 * max(intake.BODY_WITHIN, protocol.HEADERS_WITHIN).total_seconds())
        assert b" 408 " in trickling.recv(4096).split(b"\r\n")[0]
        assert ended(silent)


def ended(caller: socket.socket) -> bool:
    """Whether the other side closed the connection."""
    try:
        return caller.recv(1) == b""
    except ConnectionResetError:
        return True


def test_the_description_covers_every_trigger(ground: Ground) -> None:
    """OpenAPI, as it is served."""
    paths = httpx.get(f"{ground.url}/openapi.json").json()["paths"]
    assert {f"/v1/triggers/{name}" for name in triggers()} <= set(paths)


def test_the_callers_trace_is_continued(ground: Ground, collector: Collector) -> None:
    """Its span is the parent of ours, ours of the event's sending, and so on."""
    trace_id, span_id = secrets.token_hex(16), secrets.token_hex(8)
    parent, name = f"00-{trace_id}-{span_id}-01", secrets.token_hex(4)
    answer = ask(ground, "shop", login("traced-user"), traceparent=parent, **cloud(name))
    assert answer.json()["outcome"] == "allowed"
    send, process = (f"{kind} auth.post-login.requested.v1" for kind in ("send", "process"))
    told = f"send {Topics().answers}"
    spans = await_spans(collector, trace_id, "POST /hooks/shop", send, process, "run policy", told)
    assert spans["POST /hooks/shop"].parent_id == span_id
    assert spans["POST /hooks/shop"].attributes["cloudevents.event_id"] == name
    assert spans[send].parent_id == spans[told].parent_id == spans["POST /hooks/shop"].span_id
    assert spans[process].parent_id == spans[send].span_id
    said = [value for span in spans.values() for value in span.attributes.values()]
    assert not any("traced-user" in value for value in said)


def suspended(ground: Ground, user: str) -> str:
    """The state of a login whose browser is sent away."""
    said = ask(ground, "shop", login(user)).json()
    assert said["outcome"] == "suspended"
    assert said["redirect"]["url"].startswith("https://terms.example.com/accept?")
    state: str = said["state"]
    return state


def test_a_browser_comes_back_once(ground: Ground) -> None:
    """Its flow goes on; its second click changes nothing, and another's is refused."""
    back = {"state": suspended(ground, "away-ada"), "terms": "yes"}
    url = f"{ground.url}/continue"
    with httpx.Client() as browser, httpx.Client() as other:
        first, again = browser.get(url, params=back), browser.get(url, params=back)
        stolen = other.get(url, params=back)
    assert (first.json()["outcome"], again.text) == ("allowed", first.text)
    assert (stolen.json()["outcome"], stolen.json()["code"]) == ("failed", "state_used")
    assert "terms" not in first.text
    cookie = first.headers["set-cookie"].lower()
    assert all(word in cookie for word in ("httponly", "samesite=lax", "path=/continue"))


def test_a_provider_takes_its_browser_back_itself(ground: Ground) -> None:
    """Server to server, with the next leg's whole verdict."""
    request = {"ip": "192.0.2.1", "method": "GET", "query": {"terms": "yes"}}
    body = {"state": suspended(ground, "away-eve"), "request": request}
    said = httpx.post(f"{ground.url}/v1/continue", json=body, headers=BEARER, timeout=30).json()
    assert (said["leg"], said["claims"]["id_token"]["terms"]) == (1, "yes")


@pytest.mark.parametrize("state", ["", "nonsense", "authstream.1.WyJ4Il0.x"])
def test_a_state_that_nobody_made_leads_nowhere(ground: Ground, state: str) -> None:
    """A clear 400."""
    answer = httpx.get(f"{ground.url}/continue", params={"state": state})
    assert (answer.status_code, answer.json()["code"]) == (400, "state_invalid")


def test_who_has_no_browser_is_not_suspended(ground: Ground) -> None:
    """Hydra's token hook cannot send anybody away: the login is refused at once."""
    sample = next(one for one in examples() if f"{one}" == "ory-hydra-0-token").sample
    body = sample.body.replace(b"alice", b"away-alice")
    url, headers = f"{ground.hooks('hydra')}/token", {"x-api-key": secret_of("hydra")}
    assert httpx.post(url, content=body, headers=headers).status_code == 403


def test_a_loop_over_the_provider_ends(ground: Ground) -> None:
    """A call that comes of five metadata writes in a row makes no sixth; the login is answered."""
    said = ask(ground, "shop", login("looping"), authstream_hops="5")
    assert said.json()["outcome"] == "allowed"
    (letter,) = records_of(ground, Topics().dead_letter, "default/looping", 1)
    assert h.text(letter.headers, h.DEAD_REASON) == "metadata_loop"


def test_connect_calls_as_the_provider_would(ground: Ground, tmp_path: Path) -> None:
    """Every sample is answered; with another secret than the gateway's none is."""
    (tmp_path / "connections").mkdir()
    for name in ("shop", "hydra"):
        said = yaml.safe_dump(CONNECTIONS[name])
        (tmp_path / "connections" / f"{name}.yaml").write_text(said)
    right = {f"connections/{name}": {"a": secret_of(name)} for name in ("shop", "hydra")}
    wrong = {**right, "connections/hydra": {"a": "a-secret-that-is-not-right"}}
    command = ("connect", "ory-hydra", "--folder", f"{tmp_path}", "--url", ground.url, "--check")
    results: list[Finished] = []
    for secrets_of in (right, wrong):
        (tmp_path / ".secrets.yaml").write_text(yaml.safe_dump(secrets_of))
        results.append(run_here(*command))
    assert (results[0].status, results[0].out.count("ok   ")) == (0, 2)
    assert (results[1].status, results[1].out.count("FAIL ")) == (1, 2)


def test_a_gateway_that_is_told_to_stop_answers_first(ground: Ground, tmp_path: Path) -> None:
    """It takes no more calls, but whoever asked before gets the verdict; no log says who it was."""
    root = folder(tmp_path / "folder", {"shop": CONNECTIONS["shop"]})
    port = free_port(0)
    gateway = ("gateway", "--folder", f"{root}", "--port", f"{port}")
    own = Ground(ground.up, f"http://127.0.0.1:{port}")
    environment = {**ground.up.environment, "AUTHSTREAM_GATEWAY__PORT": f"{port}"}
    with background(*gateway, folder=tmp_path, env=environment) as stopped:
        await_ready(own.url)
        with ThreadPoolExecutor(1) as pool:
            call = pool.submit(ask, own, "shop", login("nap-ada"))
            until(lambda: in_flight(own) == 1, "the call waits")
            stopped.process.terminate()
            until(lambda: not listens(port), "nobody is let in any more")
            assert not call.done()
            assert call.result().json()["outcome"] == "allowed"
        assert stopped.process.wait(20) == 0
        assert '"answered"' in stopped.err
        assert "nap-ada" not in stopped.err


def test_no_call_makes_the_gateway_fail(ground: Ground) -> None:
    """Whatever OpenAPI allows, or nearly allows: an answer or a clear 4xx, never a 5xx."""
    description: Any = schemathesis.openapi.from_url(f"{ground.url}/openapi.json")
    quiet = [HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large]
    statuses: set[int] = set()
    for found in description.get_all_operations():
        operation = found.ok()
        modes = [operation.as_strategy(generation_mode=mode) for mode in GenerationMode]

        @settings(max_examples=20, deadline=None, database=None, suppress_health_check=quiet)
        @given(case=st.one_of(modes))
        def check(case: Any) -> None:
            answer = case.call(headers=BEARER)
            assert answer.status_code < 500, (answer.status_code, answer.text)
            statuses.add(answer.status_code)

        check()
    assert {200, 404, 422} - statuses == set()
