"""Every `authstream` command that the documentation shows is run, as a reader would run it.

In the order of the pages and lines, against a real Kafka, in a folder that has what pages speak of.
What a page leaves to its reader (`DIR`, a flow's id) is filled in from `Ground.fillings`.
"""

from __future__ import annotations

import json
import re
import secrets
import shlex
import shutil
import signal
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from authstream.cli import INTERRUPTED_STATUS
from authstream.cli.importing import LEFT_OUT_STATUS
from authstream.cli.replay import RULE_BROKEN_STATUS
from authstream.cli.test import FLOW_FAILED_STATUS
from tests.acceptance.command_line import COMMAND, Finished, background, environment, wait_for
from tests.kafka_server import KafkaServer

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(180)]

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
SHELL = re.compile(r"^ *```sh\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)
NAMED_FILE = re.compile(r"^`([\w./-]+)`\n\n```\w*\n(.*?)^```$", re.MULTILINE | re.DOTALL)
#: They run until they are told to stop.
SERVING = ("worker", "gateway", "admin", "console", "up", "ingest", "executions tail")
#: What else than 0 a command may end with here, and why.
STATUSES = {
    "import auth0": LEFT_OUT_STATUS,  # the sample export has what cannot be brought along
    "test": FLOW_FAILED_STATUS,  # the demo's CRM is not there
    "replay": RULE_BROKEN_STATUS,
}
#: Run elsewhere: they need what is not here.
ELSEWHERE = {
    "topics acls --grant": "tests/contract/test_access_kafka.py",  # a cluster with an authorizer
    "test . ": "tests/acceptance/test_pytest_plugin.py",  # the tutorial, step by step
    "new tier": "tests/acceptance/test_pytest_plugin.py",
}
PREFIX = "t-docs"


@dataclass(frozen=True, slots=True)
class Shown:
    """A line of a page, without the variables before it and the comment after it."""

    page: str
    variables: tuple[str, ...]
    words: tuple[str, ...]

    def __str__(self) -> str:
        return " ".join(self.words)


def shown() -> list[Shown]:
    """All of them, each once, in order."""
    found: dict[Shown, None] = {}
    for page in PAGES:
        text = "\n".join(SHELL.findall(page.read_text())).replace("\\\n", " ")
        for line in text.splitlines():
            if not re.match(r" *(?:AUTHSTREAM_\w+=\S+ )?authstream ", line):
                continue
            words = shlex.split(line, comments=True)
            at = words.index("authstream")
            one = Shown(page.stem, tuple(words[:at]), tuple(words[at + 1 :]))
            found.setdefault(one)
    return list(found)


@dataclass(frozen=True, slots=True)
class Ground:
    """A folder to work in, the environment of every command, and what pages leave open."""

    folder: Path
    env: dict[str, str]
    fillings: dict[str, str]

    def filled(self, line: Shown) -> list[str]:
        """The words with everything filled in."""
        words = [self.fillings.get(word, word) for word in line.words]
        return [re.sub(r"@\d+$", "@1", word) for word in words]

    def environment(self, line: Shown) -> dict[str, str]:
        """Also of the line itself. A restored log goes into topics of its own."""
        said = dict(word.split("=", 1) for word in line.variables)
        if line.words[:2] == ("control", "restore"):
            said["AUTHSTREAM_PREFIX"] = f"{PREFIX}-again"
        return {**self.env, **said}

    def run(self, *words: str, **more: str) -> Finished:
        """A command to its end."""
        done = subprocess.run(
            [*COMMAND, *words],
            cwd=self.folder,
            env={**self.env, **more},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        return Finished(done.returncode, done.stdout, done.stderr)

    def done(self, *words: str, **more: str) -> str:
        """What a command prints that must end well."""
        finished = self.run(*words, **more)
        assert finished.status == 0, finished.err
        return finished.out


@pytest.fixture(scope="module")
def ground(kafka: KafkaServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ground]:
    """The demo on the control log, a worker, one login and one dead letter."""
    folder = tmp_path_factory.mktemp("reader")
    demo = _prepare(folder)
    env = environment(
        AUTHSTREAM_BROKERS=kafka.bootstrap,
        AUTHSTREAM_PREFIX=PREFIX,
        AUTHSTREAM_PARTITIONS="2",
        AUTHSTREAM_STATE_KEY=secrets.token_hex(32),
        AUTHSTREAM_READY_FILE=f"{folder / 'ready'}",
        AUTHSTREAM_EXECUTIONS__INDEX=f"{folder / 'index.sqlite'}",
        AUTHSTREAM_ADMIN__PORT="0",
        EDITOR="true",
    )
    made = Ground(folder, env, {})
    env["AUTHSTREAM_SECRET_KEYS"] = made.done("secrets", "new-key", "first").strip()
    made.done("topics", "apply", "--folder", demo)
    made.done("apply", demo)
    with background("worker", folder=folder, env=env) as worker:
        wait_for((folder / "ready").exists, seconds=60, what=f"worker ready: {worker.err}")
        made.done("send", f"{demo}/events/first-login.json")
        made.done("send", f"{demo}/events/invalid.json")
        decided = ("tail", "post-login.decided.v1", "--beginning", "--count", "2")
        verdicts = [json.loads(line) for line in made.done(*decided).splitlines()]
        (flow,) = {one["value"]["flow_id"] for one in verdicts if one["value"]["denied_by"]} or {
            verdicts[0]["value"]["flow_id"]
        }
        made.fillings.update(_fillings(demo, flow))
        yield made


def _prepare(folder: Path) -> str:
    demo = folder / "deploy" / "demo"
    shutil.copytree(ROOT / "deploy" / "demo", demo)
    shutil.copytree(ROOT / "tests" / "exports" / "directory", folder / "tenant")
    for page in ("tutorial.md", "how-to/redirect.md"):
        for name, content in NAMED_FILE.findall((ROOT / "docs" / page).read_text()):
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(content)
    eve = (folder / "ada.json").read_text().replace("ada@example.com", "eve@example.org")
    (folder / "eve.json").write_text(eve)
    (folder / "token.txt").write_text("not-a-secret")
    (folder / "providers").mkdir()
    for provider in ("ory-hydra", "keycloak"):
        (demo / "connections").mkdir(exist_ok=True)
        (demo / "connections" / f"{provider}.yaml").write_text(f"provider: {provider}\n")
    (demo / ".secrets.yaml").write_text(
        'crm-enrich: {CRM_URL: "http://127.0.0.1:9", CRM_TOKEN: none}\n'
    )
    return "deploy/demo"


def _fillings(demo: str, flow: str) -> dict[str, str]:
    event = f"{demo}/events/first-login.json"
    return {
        "DIR": demo,
        "FILE": event,
        "EVENT.json": event,
        "FOLDER": demo,
        "device-enrolled": "post-login",
        "0b54d6f0-7f3c-5c38-8a35-3d3c3b0e7a11": flow,
        "100": "20",
        "500": "20",
        "60": "2",
        "31": "1",
    }


def status_of(line: Shown) -> set[int]:
    """What the command may end with."""
    text = f"{line}"
    return {0} | {status for words, status in STATUSES.items() if text.startswith(words)}


def serves(line: Shown) -> bool:
    """Whether it runs until it is told to stop."""
    text = f"{line}"
    return text.startswith(SERVING) or "--watch" in line.words


LINES = [line for line in shown() if not any(f"{line} ".startswith(words) for words in ELSEWHERE)]


@pytest.mark.parametrize("line", [one for one in LINES if not serves(one)], ids=str)
def test_a_command_that_is_shown_works(ground: Ground, line: Shown) -> None:
    """It ends as its page lets expect, and says no word of a bug."""
    if line.words[:2] == ("control", "restore"):
        ground.done("topics", "apply", AUTHSTREAM_PREFIX=f"{PREFIX}-again")
    done = ground.run(*ground.filled(line), **dict(ground.environment(line)))
    assert done.status in status_of(line), done.out + done.err
    assert "Traceback" not in done.err


@pytest.mark.parametrize("line", [one for one in LINES if serves(one)], ids=str)
def test_a_server_that_is_shown_starts_and_stops(ground: Ground, line: Shown) -> None:
    """It says something, and ends by itself at Ctrl-C."""
    said = ground.folder / "server.log"
    with said.open("wb") as log:
        process = subprocess.Popen(
            [*COMMAND, *ground.filled(line)],
            cwd=ground.folder,
            env=ground.environment(line),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    try:
        wait_for(
            lambda: process.poll() is not None or said.stat().st_size > 0,
            seconds=60,
            what=f"{line} says something",
        )
        process.send_signal(signal.SIGINT)
        assert process.wait(60) in {0, INTERRUPTED_STATUS}, said.read_text()
    finally:
        process.kill()
    assert "Traceback" not in said.read_text()


def test_what_is_run_elsewhere_is_run_there() -> None:
    """The modules exist and speak of it."""
    for words, module in ELSEWHERE.items():
        assert words.split()[0] in (ROOT / module).read_text()
