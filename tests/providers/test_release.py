"""What is released is what was tested: wheel and sdist, built once, in a fresh environment."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from zipfile import ZipFile

import pytest

from tests.providers.checkers import ROOT

pytestmark = pytest.mark.timeout(600)

DEMO = ROOT / "deploy" / "demo"


@dataclass(frozen=True, slots=True)
class Installed:
    """A fresh environment that has the wheel and what it needs, and nothing of the source tree."""

    wheel: Path
    sdist: Path
    folder: Path

    @property
    def environment(self) -> dict[str, str]:
        """No variable leads back to the source tree."""
        ours = ("AUTHSTREAM_", "OTEL_", "PYTHON")
        kept = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
        path = f"{self.folder / 'env' / 'bin'}:{os.environ['PATH']}"
        return {**kept, "PATH": path, "VIRTUAL_ENV": f"{self.folder / 'env'}"}

    def run(self, *words: str | Path, **more: str) -> str:
        """What a command prints, which must end well."""
        done = subprocess.run(
            words,
            cwd=self.folder,
            env={**self.environment, **more},
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )
        assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
        return done.stdout


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Installed:
    """The wheel with all extras that a user may ask for, at the versions of the lock."""
    folder = tmp_path_factory.mktemp("release")
    build = (sys.executable, "-m", "hatchling", "build", "--directory", f"{folder}")
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    (wheel,), (sdist,) = folder.glob("*.whl"), folder.glob("*.tar.gz")
    made = Installed(wheel, sdist, folder)
    uv = Path(sys.executable).parent / "uv"
    made.run(uv, "venv", "--python", sys.executable, folder / "env")
    lock = ROOT / "deploy" / "requirements.lock"
    made.run(uv, "pip", "install", "--compile-bytecode", "--require-hashes", "-r", lock)
    made.run(uv, "pip", "install", "--compile-bytecode", "--no-deps", wheel)
    return made


def test_the_wheel_is_typed_licensed_and_names_its_version(installed: Installed) -> None:
    """Type checkers see it, lawyers too."""
    names = ZipFile(installed.wheel).namelist()
    assert "authstream/py.typed" in names
    version = installed.wheel.name.split("-")[1]
    assert f"authstream-{version}.dist-info/licenses/LICENSE" in names
    assert installed.run("authstream", "version").startswith(f"authstream {version},")


def test_the_version_is_the_tag(tmp_path: Path) -> None:
    """Nothing else is edited for a release; without git a build says that it is of none."""
    for name in ("pyproject.toml", "README.md", "LICENSE", "workers/authstream/__init__.py"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    assert _version(tmp_path) == "0.1.dev0"
    for words in ("init --quiet", "add .", "commit --quiet --message x", "tag v7.8.9"):
        who = ("-c", "user.name=nobody", "-c", "user.email=nobody@example.com")
        subprocess.run(("git", *who, *words.split()), cwd=tmp_path, check=True)
    assert _version(tmp_path) == "7.8.9"


def test_the_sdist_builds_the_same_wheel(installed: Installed, tmp_path: Path) -> None:
    """Who builds from source gets what we tested, file by file."""
    subprocess.run(("tar", "-xf", installed.sdist, "-C", tmp_path), check=True)
    (source,) = tmp_path.iterdir()
    build = (sys.executable, "-m", "hatchling", "build", "--target", "wheel")
    subprocess.run((*build, "--directory", f"{tmp_path}"), cwd=source, check=True)
    (again,) = tmp_path.glob("*.whl")
    assert _content(again) == _content(installed.wheel)


def test_what_is_installed_is_enough(installed: Installed) -> None:
    """Every distribution that the wheel asks for is there, at a version that it allows."""
    uv = Path(sys.executable).parent / "uv"
    installed.run(uv, "pip", "check")


def test_the_examples_run_from_the_wheel(installed: Installed) -> None:
    """JavaScript and Python, confined, without the source tree."""
    event = DEMO / "events" / "embargoed.json"
    said = json.loads(installed.run("authstream", "test", DEMO, "--event", event, "--json"))
    assert said["verdict"]["outcome"] == "denied"


def test_up_decides_logins_from_the_wheel(installed: Installed) -> None:
    """Broker, stages and a login, with nothing else installed; Ctrl-C ends all of it."""
    folder = installed.folder / "demo"
    shutil.copytree(DEMO, folder)
    secrets = 'crm-enrich: {CRM_URL: "http://127.0.0.1:9", CRM_TOKEN: none}\n'
    (folder / ".secrets.yaml").write_text(secrets)
    with subprocess.Popen(
        ("authstream", "up", f"{folder}"),
        cwd=installed.folder,
        env=installed.environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as up:
        try:
            assert up.stdout is not None
            lines = iter(up.stdout.readline, "")
            said = next(line for line in lines if "export AUTHSTREAM_BROKERS=" in line)
            broker = dict(word.split("=") for word in said.split()[1:])
            event = folder / "events" / "first-login.json"
            installed.run("authstream", "send", event, **broker)
            tail = ("tail", "post-login.decided.v1", "--beginning", "--count", "1")
            assert '"allowed"' in installed.run("authstream", *tail, **broker)
        finally:
            os.killpg(up.pid, signal.SIGINT)
        assert up.wait(60) == 0


def test_uninstalling_leaves_nothing(installed: Installed) -> None:
    """No file of ours is left in the environment. The last test: it takes the others' ground."""
    uv = Path(sys.executable).parent / "uv"
    installed.run(uv, "pip", "uninstall", "authstream")
    left = list((installed.folder / "env").rglob("*authstream*"))
    assert left == []
    installed.run(uv, "pip", "install", "--no-deps", installed.wheel)


def _version(source: Path) -> str:
    said = (sys.executable, "-m", "hatchling", "version")
    return subprocess.run(
        said, cwd=source, capture_output=True, text=True, check=True
    ).stdout.strip()


def _content(wheel: Path) -> dict[str, bytes]:
    archive = ZipFile(wheel)
    return {name: archive.read(name) for name in archive.namelist()}
