"""`authstream replay` on a real Kafka: recorded logins against another flow, and nothing leaks."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from authstream.broker.kafka_reader import KafkaReader
from authstream.broker.kafka_topics import KafkaTopics
from authstream.contracts.resume import Resume
from authstream.contracts.verdict import Verdict
from authstream.control.seal import new_key
from authstream.publisher import LoginEvent, Publisher
from authstream.settings import Settings
from tests.acceptance.command_line import Finished, background, environment, run_here, wait_for
from tests.confinement import open_to_others
from tests.http_server import HttpServer
from tests.kafka_server import KafkaServer

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(180)]

PREFIX = "t-replay"
WITHIN = timedelta(seconds=20)
READY_SECONDS = 60.0
TIER = "https://shop.example/tier"
CLAIMS = f"""\
def on_execute_post_login(event, api):
    api.id_token.set_custom_claim("{TIER}", event.configuration.tier)
    api.id_token.set_custom_claim("https://shop.example/signed", event.secrets.KEY)
    api.user.set_app_metadata("seen", True)
    api.effects.send("log", {{"message": "seen"}})
"""
ASK = """\
def on_execute_post_login(event, api):
    if event.user.name == "Guest":
        api.redirect.send_user_to("https://portal.example/terms")

def on_continue_post_login(event, api):
    api.access_token.set_custom_claim("https://shop.example/terms", event.request.query.agreed)
"""
FILES = {
    "flows/post-login.yaml": "trigger: post-login\nactions: [{action: claims}, {action: ask}]\n",
    "variables.yaml": "tier: gold\n",
    "actions/claims/action.yaml": "trigger: post-login\nsecrets: [KEY]\n",
    "actions/claims/action.py": CLAIMS,
    "actions/ask/action.yaml": "trigger: post-login\n",
    "actions/ask/action.py": ASK,
    ".secrets.yaml": "claims: {KEY: signs-it}\n",
}


@dataclass(frozen=True, slots=True)
class Site:
    """A cluster with logins in it, and the folder that was applied there."""

    settings: Settings
    folder: Path

    def candidate(self, name: str, **texts: str) -> Path:
        """A copy of the folder without its secrets, with other texts of `claims` or `ask`."""
        copy = self.folder.with_name(name)
        shutil.copytree(self.folder, copy)
        (copy / ".secrets.yaml").unlink()
        for action, text in texts.items():
            (copy / "actions" / action / "action.py").write_text(text)
        return copy

    def ends(self) -> dict[tuple[str, int], int]:
        """The end of every partition of every topic."""
        there = KafkaTopics(self.settings).partitions()
        places = [
            (name, number)
            for name, count in there.items()
            if name.startswith(PREFIX)
            for number in range(count)
        ]
        reader = KafkaReader(self.settings)
        try:
            return {place: end for place, (_, end) in reader.spans(places).items()}
        finally:
            reader.close()


@pytest.fixture(scope="module")
def site(kafka: KafkaServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Six logins, one of them with a browser that was away, decided by a worker that is gone."""
    scratch = tmp_path_factory.mktemp("replay")
    for name, text in FILES.items():
        (scratch / "site" / name).parent.mkdir(parents=True, exist_ok=True)
        (scratch / "site" / name).write_text(text)
    open_to_others(scratch)
    members = {
        "AUTHSTREAM_BROKERS": kafka.bootstrap,
        "AUTHSTREAM_PREFIX": PREFIX,
        "AUTHSTREAM_PARTITIONS": "2",
        "AUTHSTREAM_STATE_KEY": "signs states",
        "AUTHSTREAM_SECRET_KEYS": new_key("first"),
        "XDG_CACHE_HOME": str(scratch / "cache"),
    }
    with ExitStack() as stack:
        patch = stack.enter_context(pytest.MonkeyPatch.context())
        for variable, value in members.items():
            patch.setenv(variable, value)
        done(run_here("topics", "apply"))
        done(run_here("apply", str(scratch / "site")))
        settings = Settings()
        decide_logins(settings, members, scratch)
        yield Site(settings, scratch / "site")


def decide_logins(settings: Settings, members: dict[str, str], scratch: Path) -> None:
    """With a worker that follows the control log."""
    ready = scratch / "ready"
    env = environment(**members, AUTHSTREAM_READY_FILE=str(ready))
    with background("worker", folder=scratch, env=env) as worker:
        wait_for(ready.exists, seconds=READY_SECONDS, what=f"worker ready: {worker.err}")
        with Publisher(settings) as publisher:
            for name in ("Ada", "Ben", "Cyd", "Dot", "Eve", "Guest"):
                verdict = login(publisher, name)
                if verdict.state is not None:
                    query = {"state": verdict.state, "agreed": "yes"}
                    resume = Resume(
                        state=verdict.state, request={"ip": "192.0.2.1", "query": query}
                    )
                    verdict = publisher.resume(resume, WITHIN)
                assert verdict.outcome == "allowed", verdict


def login(publisher: Publisher, name: str) -> Verdict:
    """One login of a user."""
    event = {
        "client": {"client_id": "shop"},
        "connection": {"name": "db"},
        "request": {"ip": "192.0.2.1"},
        "tenant": {"id": "acme"},
        "user": {"user_id": name.lower(), "name": name},
    }
    return publisher.decide(
        LoginEvent("post-login", json.dumps(event).encode(), f"login-{name}", "test"), WITHIN
    )


def done(finished: Finished) -> Finished:
    """A command that went well."""
    assert finished.status == 0, finished.err
    return finished


def replayed(*arguments: str, status: int = 0) -> dict[str, Any]:
    """What a replay says."""
    finished = run_here("replay", "--json", *arguments)
    assert finished.status == status, finished.err or finished.out
    value: dict[str, Any] = json.loads(finished.out)
    return value


def test_the_deployed_flow_answers_as_it_did_and_nothing_is_written(site: Site) -> None:
    """Secrets, variables and ways back are those of then; no topic gets a record."""
    before = site.ends()
    found = replayed("--against", str(site.candidate("same")), "--fail-on", "any")
    assert (found["compared"], found["changed"], found["logins"]) == (6, 0, [])
    assert site.ends() == before


def test_what_a_folder_would_change_is_told_and_ends_with_a_status(site: Site) -> None:
    """A denial, a claim that is lost, one that is changed, and one of a second leg."""
    claims = CLAIMS.replace("event.configuration.tier", "'silver'").replace(
        "    api.user",
        "    if event.user.name == 'Ben':\n        api.access.deny('no')\n    api.user",
    )
    ask = ASK.replace("shop.example/terms", "shop.example/conditions")
    found = replayed("--against", str(site.candidate("other", claims=claims, ask=ask)), status=6)
    counts = {kind: count for kind, count in found["counts"].items() if count}
    assert counts == {"denied": 1, "claims-changed": 5, "claims-lost": 1, "claims-added": 1}
    assert found["broken"] == ["denied:0: 1 of 6 logins", "claims-lost:0: 1 of 6 logins"]
    texts = [change["text"] for one in found["logins"] for change in one["changes"]]
    assert "outcome: allowed → denied by claims (access_denied): no" in texts
    assert f'~ ["{TIER}"]: "gold" → "silver" (id_token)' in texts
    assert {change["leg"] for one in found["logins"] for change in one["changes"]} == {0, 1}


def test_versions_drafts_and_revisions_are_replayed(site: Site) -> None:
    """Of one action another version while the rest is as deployed; or the whole flow of before."""
    draft = site.candidate("draft", claims=CLAIMS.replace("event.configuration.tier", "'lead'"))
    done(run_here("actions", "edit", "claims", "--from", str(draft / "actions/claims")))
    rule = ("--fail-on", "claims-changed:99%")
    found = replayed("--against", "claims@draft", "--limit", "2", *rule, status=6)
    assert (found["compared"], found["counts"]["claims-changed"]) == (2, 2)
    done(run_here("actions", "deploy", "claims"))
    same = replayed("--against", "claims@1", "--limit", "1", "--fail-on", "any")
    assert same["changed"] == 0
    revision = ("--against", "1", "--baseline", "deployed", "--limit", "1", "--fail-on", "none")
    assert '"lead" → "gold"' in done(run_here("replay", *revision)).out
    hidden = done(run_here("replay", *revision, "--hide-values")).out
    assert f"~ id_token: {TIER}" in hidden
    assert "lead" not in hidden


def test_an_action_connects_to_nobody_unless_it_is_let(site: Site) -> None:
    """The candidate's call is refused; with `--egress on` it is made."""
    with HttpServer() as server:
        call = f"    import urllib.request\n    urllib.request.urlopen('{server.url}').read()\n"
        folder = site.candidate("calls", claims=CLAIMS + call)
        file = folder / "actions/claims/action.yaml"
        file.write_text(f"{file.read_text()}egress: ['127.0.0.1:{server.port}']\n")
        arguments = ("--against", str(folder), "--limit", "1")
        refused = replayed(*arguments, status=6)
        assert (refused["counts"]["failed"], refused["counts"]["errors"]) == (1, 1)
        assert server.asked == []
        assert replayed(*arguments, "--egress", "on", "--fail-on", "failed")["compared"] == 1
        assert len(server.asked) == 1


def test_without_a_key_secrets_are_empty_and_that_is_said(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The one claim that is made of a secret differs."""
    monkeypatch.delenv("AUTHSTREAM_SECRET_KEYS")
    found = run_here("replay", "--against", str(site.candidate("keyless")), "--limit", "1")
    assert "no key for secrets is set here" in found.err
    assert '"signs-it" → ""' in found.out


def test_a_replay_of_nothing_is_an_error(site: Site) -> None:
    """A gate that looked at no login must not pass."""
    same = str(site.folder)
    early = run_here("replay", "--against", same, "--since", "48h", "--until", "47h")
    assert early.status == 66
    assert "no login of post-login" in early.err
    wrong = run_here("replay", "--against", "no-such-thing")
    assert wrong.status == 78
    assert run_here("replay", "--against", "claims@9").status == 66
    assert run_here("replay", "--against", same, "--fail-on", "tokens").status == 78


def test_logs_are_those_of_a_tenants_own_action(site: Site) -> None:  # noqa: ARG001 - is there
    """All logins were acme's, and the action that ran is the default tenant's."""
    runs = json.loads(done(run_here("actions", "logs", "claims", "--json")).out)
    assert [run["tenant"] for run in runs] == ["acme"] * 6
    other = run_here("actions", "logs", "claims", "--tenant", "acme", "--json")
    assert json.loads(done(other).out) == []


def test_variables_are_set_listed_and_deleted(site: Site) -> None:  # noqa: ARG001 - is there
    """JSON where it is some, else a text."""
    done(run_here("variables", "set", "regions", '["eu"]'))
    done(run_here("variables", "set", "motto", "be brief"))
    done(run_here("variables", "delete", "motto"))
    listed = json.loads(done(run_here("variables", "list", "--json")).out)
    assert {one["name"]: one["value"] for one in listed} == {"regions": ["eu"], "tier": "gold"}
    assert "['eu']" in done(run_here("variables", "list")).out
    assert run_here("variables", "delete", "motto").status == 66


def test_a_new_action_begins_with_the_template_and_is_edited_with_types(
    site: Site,  # noqa: ARG001 - is there
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    """The editor finds what the code imports; what it leaves is the draft."""
    editor = tmp_path / "editor.py"
    editor.write_text(
        "import pathlib, sys\n"
        "file = pathlib.Path(sys.argv[1])\n"
        "assert (file.parent / '../../typings/authstream.d.ts').is_file()\n"
        "file.write_text(file.read_text() + '// edited\\n')\n"
    )
    monkeypatch.setenv("EDITOR", f"{sys.executable} {editor}")
    done(run_here("actions", "new", "greet", "--language", "typescript"))
    done(run_here("actions", "edit", "greet"))
    code = json.loads(done(run_here("actions", "show", "greet", "--json")).out)["code"]
    assert "export const onExecutePostLogin = async (event: Event, api: PostLoginApi)" in code
    assert code.endswith("// edited\n")
