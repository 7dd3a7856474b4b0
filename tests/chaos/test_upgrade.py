"""A release is replaced by the next, and back, while logins come in: no login notices."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.chaos.logins import Logins
from tests.chaos.pipeline import warm_up
from tests.chaos.workers import ROOT, Worker, Workers

pytestmark = [pytest.mark.kafka, pytest.mark.chaos, pytest.mark.timeout(600)]

#: The older release, and the commit of it that a wheel is built of. OLDER names another.
RELEASE = "0.1.0"
OLDER = os.environ.get("OLDER", "380553c5def19c88f84aebca25f6fc05df945e85")
#: Both versions of every stage work side by side for so long.
TOGETHER_SECONDS = 5.0


@pytest.fixture(scope="module")
def older(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The older release, installed in a folder from its wheel."""
    folder = tmp_path_factory.mktemp("older")
    archive = subprocess.run(
        ("git", "archive", OLDER), cwd=ROOT, check=True, capture_output=True
    ).stdout
    source, installed = folder / "source", folder / "installed"
    source.mkdir()
    subprocess.run(("tar", "-x", "-C", f"{source}"), input=archive, check=True)
    build = (sys.executable, "-m", "hatchling", "build", "--target", "wheel")
    subprocess.run((*build, "--directory", f"{folder}"), cwd=source, check=True)
    (wheel,) = folder.glob("*.whl")
    uv = Path(sys.executable).parent / "uv"
    install = (f"{uv}", "pip", "install", "--no-deps", "--target", f"{installed}", f"{wheel}")
    subprocess.run(install, check=True)
    return installed


def replaced(workers: Workers, logins: Logins, worker: Worker, **version: str) -> Worker:
    """A worker told to stop, and another in its place once it has partitions."""
    assert worker.terminate() == 0
    logins.await_all()
    another = workers.start(worker.name, static=False, **version)
    another.await_assigned()
    logins.await_all()
    return another


def test_an_upgrade_and_its_way_back_lose_nothing(
    workers: Workers, logins: Logins, older: Path
) -> None:
    """Every login has one verdict, one answer and one effect, whichever versions it met.

    As docs/operate/upgrade.md says: the new version first writes what the old one reads, in any
    order of workers, and until it no longer does, the way back is open.
    """
    old, both = {"PYTHONPATH": f"{older}"}, {"AUTHSTREAM_WRITE_AS": RELEASE}
    new: dict[str, str] = {}
    pair = [workers.start(name, static=False, **old) for name in ("left", "right")]
    warm_up(logins, *pair)
    logins.drive()
    for version in (both, old, both, new):
        for number, worker in enumerate(pair):
            pair[number] = replaced(workers, logins, worker, **version)
            together = time.monotonic() + TOGETHER_SECONDS
            while time.monotonic() < together:
                logins.await_all()
                time.sleep(0.2)
    logins.settle()
    logins.report()
    logins.assert_sound()
