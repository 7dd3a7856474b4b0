"""Apicurio Registry as it is released: unpacked once into a cache of ours, in memory when run."""

from __future__ import annotations

import os
import re
import subprocess
import tarfile
import tempfile
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Final

from authstream.apps.up import free_port
from tests.kafka_jars import run
from tests.providers.go_programs import cache_folder
from tests.real_provider import running

VERSION: Final = "3.3.3"
JAVA_MAJOR: Final = 21
name: Final = "apicurio"
_ARTIFACT: Final = f"io.apicurio:apicurio-registry-app:{VERSION}:tar.gz:all"
_PLUGIN: Final = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1"
_READY_WITHIN: Final = timedelta(minutes=2)


def built() -> Path:
    """Its home. Raises RuntimeError with Maven's words, or when there is no Java for it."""
    java()  # or say so before anything is fetched
    there = cache_folder() / f"apicurio-{VERSION}"
    if there.exists():
        return there
    there.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=there.parent) as scratch:
        goal = (f"{_PLUGIN}:copy", f"-Dartifact={_ARTIFACT}", f"-DoutputDirectory={scratch}")
        run("mvn", "-q", "-B", *goal)
        (archive,) = Path(scratch).glob("*.tar.gz")
        home = Path(scratch, "home")
        home.mkdir()
        with tarfile.open(archive) as packed:
            packed.extractall(home)  # noqa: S202 - Maven has checked its hash
        home.rename(there)
    return there


def java() -> Path | str:
    """A Java that is new enough, wherever it is. Raises RuntimeError."""
    for found in _javas():
        said = subprocess.run((found, "-version"), capture_output=True, text=True, check=False)
        version = re.search(r'version "(\d+)', said.stderr)
        if version and int(version[1]) >= JAVA_MAJOR:
            return found
    raise RuntimeError(f"Apicurio needs Java {JAVA_MAJOR} or newer: install one, set JAVA_HOME")


@contextmanager
def serving(folder: Path) -> Generator[str]:
    """The address of its Confluent API, until the end of the context."""
    port = free_port(0)
    (jar,) = built().rglob("quarkus-run.jar")
    command: tuple[str | Path, ...] = (
        *(java(), "-Xmx512m", "-Dquarkus.http.host=127.0.0.1", f"-Dquarkus.http.port={port}"),
        *("-Dquarkus.management.host=127.0.0.1", f"-Dquarkus.management.port={free_port(0)}"),
        *("-jar", jar),
    )
    address = f"http://127.0.0.1:{port}"
    ready = f"{address}/apis/registry/v3/system/info"
    with running(command, folder=folder, environment=os.environ, ready=ready, within=_READY_WITHIN):
        yield f"{address}/apis/ccompat/v7"


def _javas() -> Iterator[Path | str]:
    if home := os.environ.get("JAVA_HOME"):
        yield Path(home, "bin", "java")
    yield "java"
    yield from sorted(Path("/usr/lib/jvm").glob("*/bin/java"))
