"""A release is replaced by the next, and back, while logins come in: no login notices."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import tarfile
import time
from pathlib import Path

import pytest

from tests.chaos.logins import Logins
from tests.chaos.pipeline import warm_up
from tests.chaos.workers import ROOT, Worker, Workers

pytestmark = [pytest.mark.kafka, pytest.mark.chaos, pytest.mark.timeout(600)]

#: The older release: a wheel is built of this commit. OLDER names another.
OLDER = os.environ.get("OLDER", "0e4c501acfcf35d42e9183e7be3420354aefdf72")
#: Both versions of every stage work side by side for so long.
TOGETHER_SECONDS = 10.0


@pytest.fixture(scope="module")
def older(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The older release, installed in a folder from its wheel."""
    folder = tmp_path_factory.mktemp("older")
    archive = subprocess.run(
        ("git", "archive", OLDER), cwd=ROOT, check=True, capture_output=True
    ).stdout
    source, installed = folder / "source", folder / "installed"
    with tarfile.open(fileobj=io.BytesIO(archive)) as files:
        files.extractall(source, filter="data")
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
    """Every login has one verdict, one answer and one effect, whichever versions it met."""
    old = {"PYTHONPATH": f"{older}"}
    left = workers.start("left", static=False, **old)
    right = workers.start("right", static=False, **old)
    warm_up(logins, left, right)
    logins.drive()
    for first, second in (({}, {}), (old, old)):
        left = replaced(workers, logins, left, **first)
        together = time.monotonic() + TOGETHER_SECONDS
        while time.monotonic() < together:
            logins.await_all()
            time.sleep(0.2)
        right = replaced(workers, logins, right, **second)
    logins.settle()
    logins.report()
    logins.assert_sound()
