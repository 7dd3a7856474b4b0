"""The jars of a real Apache Kafka, fetched once by Maven into a cache outside the repository."""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Final

HOME: Final = Path(__file__).resolve().parent.parent / "deploy" / "kafka"
FETCHED_WITHIN: Final = timedelta(minutes=10)
JAVA_MAJOR: Final = 17
LOG_LINES: Final = 30


def missing() -> list[str]:
    """Name the programs this machine lacks to run Kafka; empty when it can."""
    lacking: list[str] = []
    if (java := _java_major()) < JAVA_MAJOR:
        lacking.append(f"Java {JAVA_MAJOR} or newer" + (f" (found {java})" if java else ""))
    if not cached_jars().exists() and shutil.which("mvn") is None:
        lacking.append("Maven")
    return lacking


def fetch_jars() -> Path:
    """Return the folder of Kafka's jars, downloading them the first time (43 MB).

    Raises:
        RuntimeError: Maven failed; its last lines are in the message.
    """
    jars = cached_jars()
    if jars.exists():
        return jars
    jars.parent.mkdir(parents=True, exist_ok=True)
    with _one_at_a_time(jars.parent), tempfile.TemporaryDirectory(dir=jars.parent) as scratch:
        if jars.exists():
            return jars
        fetched = Path(scratch, "jars")
        goal = ("dependency:copy-dependencies", "-DincludeScope=runtime")
        run("mvn", "-q", "-B", "-f", f"{HOME / 'pom.xml'}", *goal, f"-DoutputDirectory={fetched}")
        fetched.rename(jars)
    return jars


@contextmanager
def _one_at_a_time(folder: Path) -> Generator[None]:
    """Maven does not share its repository with another run of itself."""
    with (folder / "maven.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def cached_jars() -> Path:
    """The folder where the jars of this pom.xml are, or will be."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    pom = hashlib.sha256((HOME / "pom.xml").read_bytes()).hexdigest()
    return cache / "authstream" / f"kafka-{pom[:16]}"


def run(*command: str) -> None:
    """Run a program to its end.

    Raises:
        RuntimeError: it failed; its last lines are in the message.
    """
    done = subprocess.run(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=FETCHED_WITHIN.total_seconds(),
        check=False,
    )
    if done.returncode:
        tail = "\n".join(done.stdout.splitlines()[-LOG_LINES:])
        raise RuntimeError(f"{command[0]} ended with {done.returncode}. It said:\n{tail}")


def _java_major() -> int:
    if shutil.which("java") is None:
        return 0
    said = subprocess.run(("java", "-version"), capture_output=True, text=True, check=False).stderr
    found = re.search(r'version "(\d+)', said)
    return int(found[1]) if found else 0
