"""Actions with real packages from the registries, and TypeScript: locked, installed, run."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.command_line import DEMO, Finished, environment, run
from tests.acceptance.stub_services import services

# Fetching takes as long as the registries take.
pytestmark = pytest.mark.timeout(300)

JAVASCRIPT = """\
const axios = require("axios");
const jwt = require("jsonwebtoken");
const _ = require("lodash");
const fetch = require("node-fetch");
const { v5 } = require("uuid");

exports.onExecutePostLogin = async (event, api) => {
  const key = "k".repeat(32);
  const token = jwt.sign({ sub: event.user.user_id }, key, { expiresIn: 60 });
  const id = v5(event.user.user_id, v5.URL);
  api.idToken.setCustomClaim("https://example.com/sub", jwt.verify(token, key).sub);
  api.idToken.setCustomClaim("https://example.com/chunks", _.chunk([1, 2, 3], 2));
  api.idToken.setCustomClaim("https://example.com/id", id);
  console.log(axios.getUri({ url: "https://a.example", params: { q: 1 } }), typeof fetch);
  await axios.get("http://127.0.0.1:9/").catch((error) => console.log(error.code));
  await fetch("http://127.0.0.1:9/").catch((error) => console.log(error.code));
};
"""
SERVICES = """\
const Stripe = require("stripe");
const { ManagementClient } = require("auth0");
const { Client } = require("pg");
// The certificate of the service is its own.
process.env.NODE_TLS_REJECT_UNAUTHORIZED = "0";

exports.onExecutePostLogin = async (event, api) => {
  const { http, https, postgres } = event.configuration;
  const host = "127.0.0.1";
  const stripe = new Stripe("sk_test_1", { host, port: http, protocol: "http", telemetry: false });
  const customer = await stripe.customers.retrieve("cus_1");
  const management = new ManagementClient({ domain: `${host}:${https}`, token: "t" });
  const user = await management.users.get("auth0|1");
  const database = new Client({ host, port: postgres, user: "app", database: "app" });
  await database.connect();
  const { rows } = await database.query("SELECT tier FROM customers");
  await database.end();
  api.idToken.setCustomClaim("https://example.com/services", {
    customer: customer.email,
    plan: (user.data ?? user).app_metadata.plan,
    tier: rows[0].tier,
  });
};
"""
TYPESCRIPT = """\
interface Claim {
  name: string;
}
import { claimName } from "./names";

export const onExecutePostLogin = async (event: any, api: any): Promise<void> => {
  const claim: Claim = { name: claimName };
  api.idToken.setCustomClaim(claim.name, true);
  if (event.stats.logins_count === 1) throw new RangeError("on the first login");
};
"""
PYTHON = """\
import httpx, jwt, requests
from cryptography.hazmat.primitives.asymmetric import rsa

async def on_execute_post_login(event, api):
    token = jwt.encode({"sub": event.user.user_id}, "k" * 32)
    claims = jwt.decode(token, "k" * 32, algorithms=["HS256"])
    api.id_token.set_custom_claim("https://example.com/python", claims["sub"])
    print(httpx.URL("https://a.example", params={"q": 1}))
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    signed = jwt.encode({"iss": "me"}, key, algorithm="RS256")
    api.id_token.set_custom_claim(
        "https://example.com/signed", jwt.decode(signed, key.public_key(), algorithms=["RS256"])
    )
    try:
        requests.get("http://127.0.0.1:9/", timeout=1)
    except requests.ConnectionError as error:
        print(type(error).__name__)
"""
FILES = {
    "actions/My Action/action.js": JAVASCRIPT,
    "actions/My Action/action.yaml": "trigger: post-login\nruntime: node20\n"
    'egress: ["127.0.0.1:9"]\n'
    "dependencies:"
    " { axios: 1.7.9, jsonwebtoken: 9.0.2, lodash: 4.17.21, node-fetch: 2.7.0, uuid: 9.0.1 }\n",
    "actions/Typed/action.ts": TYPESCRIPT,
    "actions/Typed/names.ts": 'export const claimName: string = "https://example.com/typed";\n',
    "actions/Typed/action.yaml": "trigger: post-login\n",
    "actions/py/action.py": PYTHON,
    "actions/py/action.yaml": "trigger: post-login\nruntime: python3.11\n"
    'egress: ["127.0.0.1:9"]\n'
    "dependencies:"
    " { cryptography: 50.0.2, httpx: 0.28.1, pyjwt: 2.10.1, requests: 2.32.3 }\n",
    "actions/Services/action.js": SERVICES,
    "flows/post-login.yaml": "trigger: post-login\nactions:\n  - action: My Action\n"
    "  - { action: Typed, on_error: skip }\n  - action: py\n  - action: Services\n",
}


@dataclass(frozen=True, slots=True)
class Project:
    """A folder of actions whose packages are in a cache of its own."""

    folder: Path
    env: dict[str, str]

    def run(self, *arguments: str) -> Finished:
        """A command on the folder."""
        command, *rest = arguments
        return run(command, *rest, env=self.env)

    def test(self, event: str) -> dict[str, Any]:
        """What `authstream test` says of an event of the demo."""
        file = str(DEMO / f"events/{event}.json")
        done = self.run("test", str(self.folder), "--event", file, "--json")
        assert done.status == 0, done.err
        result: dict[str, Any] = json.loads(done.out)
        return result


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    """The folder, locked."""
    folder = tmp_path_factory.mktemp("project")
    cache = folder / "cache"
    made = Project(folder, environment(XDG_CACHE_HOME=str(cache)))
    with services(folder) as ports:
        files = {
            **FILES,
            "actions/Services/action.yaml": "trigger: post-login\nruntime: node20\n"
            'egress: ["127.0.0.1:*"]\n'
            f"configuration: {json.dumps(ports)}\n"
            "dependencies: { auth0: 7.1.0, pg: 8.23.1, stripe: 23.1.0 }\n",
        }
        for name, text in files.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(text)
        locked = made.run("deps", "lock", str(folder))
        assert locked.status == 0, locked.err
        yield made
    for path in [cache, *cache.rglob("*")]:  # read-only folders cannot be emptied
        if path.is_dir() and not path.is_symlink():
            path.chmod(0o755)


@pytest.fixture(scope="module")
def returning(project: Project) -> dict[str, Any]:
    """A login of a user who is known, through all three actions."""
    return project.test("returning")


def test_locks_are_exact_and_name_no_registry(project: Project) -> None:
    """Every package has a version and a hash, and comes from wherever the installer says."""
    npm = (project.folder / "actions/My Action/package-lock.json").read_text()
    pip = (project.folder / "actions/py/requirements.lock").read_text()
    packages = json.loads(npm)["packages"]
    assert all(entry["integrity"] for path, entry in packages.items() if path)
    assert "://" not in pip
    assert '"resolved"' not in npm
    pins = [line for line in pip.splitlines() if not line.startswith("#")]
    assert {"httpx==0.28.1", "pyjwt==2.10.1"} <= {pin.partition(" ")[0] for pin in pins}
    assert all("--hash=sha256:" in pin for pin in pins)


def test_javascript_packages_work_unmodified(returning: dict[str, Any]) -> None:
    """axios, jsonwebtoken, lodash, node-fetch and uuid, in an action whose name has a space."""
    claims = returning["verdict"]["claims"]["id_token"]
    assert claims["https://example.com/sub"].startswith("auth0|")
    assert claims["https://example.com/chunks"] == [[1, 2], [3]]
    assert len(claims["https://example.com/id"]) == 36
    run = returning["runs"][0]
    assert (run["action"], run["status"]) == ("My Action", "ok")
    assert [line["text"] for line in run["console"]] == [
        "https://a.example?q=1 function",
        "ECONNREFUSED",
        "ECONNREFUSED",
        "connection to 127.0.0.1:9",
    ]


def test_python_packages_work_unmodified(returning: dict[str, Any]) -> None:
    """httpx, pyjwt, requests, and cryptography with its native code."""
    claims = returning["verdict"]["claims"]["id_token"]
    assert claims["https://example.com/python"].startswith("auth0|")
    assert claims["https://example.com/signed"] == {"iss": "me"}
    assert [line["text"] for line in returning["runs"][2]["console"]] == [
        "https://a.example?q=1",
        "ConnectionError",
        "connection to 127.0.0.1:9",
    ]


def test_clients_of_services_work_unmodified(returning: dict[str, Any]) -> None:
    """stripe, auth0 and pg, through the egress: HTTP, HTTPS and PostgreSQL's own protocol."""
    assert returning["runs"][3]["error"] is None
    claims = returning["verdict"]["claims"]["id_token"]
    assert claims["https://example.com/services"] == {
        "customer": "ada@example.com",
        "plan": "gold",
        "tier": "gold",
    }


def test_typescript_runs_and_its_errors_have_its_own_lines(
    project: Project, returning: dict[str, Any]
) -> None:
    """Types are removed, a file beside it is bundled, and a stack names action.ts."""
    assert returning["verdict"]["claims"]["id_token"]["https://example.com/typed"] is True
    run = project.test("first-login")["runs"][1]
    assert run["status"] == "error"
    assert run["error"] == "RangeError: on the first login\naction.ts:9 in onExecutePostLogin"
    assert run["thrown"]["stack"] == "action.ts:9 in onExecutePostLogin"


def test_an_installation_is_read_only_and_has_a_log(project: Project) -> None:
    """Made once, under the name of its lock's content, for every user; later nothing is fetched."""
    again = project.run("deps", "install", str(project.folder))
    assert "installing" not in again.err
    folder = Path(again.out.splitlines()[0].split(": ")[1])
    assert (folder / "build.log").is_file()
    files = [path for path in folder.rglob("*") if not path.is_symlink()]
    assert [path for path in files if path.stat().st_mode & 0o222] == []
    unreadable = [path for path in files if path.stat().st_mode & 0o444 != 0o444]
    assert unreadable == [], "guests of a root worker have a user of their own"


@pytest.mark.parametrize(
    ("dependencies", "problem"),
    [
        ("{ bcrypt: 5.1.1 }", "the package bcrypt has an install script"),
        ("{ axios: ^1.7.0 }", "axios: ^1.7.0 is not a package with an exact version"),
        ("{ axios: 0.0.999 }", "cannot be had"),
        (f"{{ {', '.join(f'p{n}: 1.0.0' for n in range(11))} }}", "the limit is 10"),
    ],
)
def test_what_is_refused_is_named(tmp_path: Path, dependencies: str, problem: str) -> None:
    """Install scripts, ranges, versions that are not there, and too many."""
    folder = tmp_path / "actions/native"
    folder.mkdir(parents=True)
    (folder / "action.js").write_text("exports.onExecutePostLogin = async () => {}")
    (folder / "action.yaml").write_text(f"trigger: post-login\ndependencies: {dependencies}\n")
    (tmp_path / "flows").mkdir()
    (tmp_path / "flows/f.yaml").write_text("trigger: post-login\nactions: [{action: native}]\n")
    env = environment(XDG_CACHE_HOME=str(tmp_path / "cache"), HOME=os.environ.get("HOME", "/"))
    locked = run("deps", "lock", str(tmp_path), env=env)
    installed = run("deps", "install", str(tmp_path), env=env)
    assert installed.status == 78
    assert problem in locked.err + installed.err


def test_a_lock_that_is_missing_or_old_is_refused(project: Project, tmp_path: Path) -> None:
    """Nothing is installed that was not locked; the message names the command."""
    folder = tmp_path / "actions/locked"
    folder.mkdir(parents=True)
    (folder / "action.js").write_text("exports.onExecutePostLogin = async () => {}")
    (folder / "action.yaml").write_text("trigger: post-login\ndependencies: { lodash: 4.17.20 }\n")
    (tmp_path / "flows").mkdir()
    (tmp_path / "flows/f.yaml").write_text("trigger: post-login\nactions: [{action: locked}]\n")
    missing = run("deps", "install", str(tmp_path), env=project.env)
    assert "package-lock.json is missing: run authstream deps lock" in missing.err
    lock = (project.folder / "actions/My Action/package-lock.json").read_bytes()
    (folder / "package-lock.json").write_bytes(lock)
    old = run("deps", "install", str(tmp_path), env=project.env)
    assert "is not for the dependencies in action.yaml" in old.err
