"""Keycloak as it is released, with our jar: unpacked and built once into a cache of ours."""

from __future__ import annotations

import hashlib
import os
import subprocess
import tempfile
import zipfile
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Final

from authstream.apps.gateway import providers
from authstream.apps.up import free_port
from tests.kafka_jars import LOG_LINES, run
from tests.real_provider import running

VERSION: Final = "26.7.3"
_ARTIFACT: Final = f"org.keycloak:keycloak-quarkus-dist:{VERSION}:zip"
_BUILT_WITHIN: Final = timedelta(minutes=4)
#: Twelve seconds on an idle machine of two cores.
_READY_WITHIN: Final = timedelta(minutes=4)
#: What Keycloak fixes when it builds itself.
_OPTIONS: Final = (
    *("--features=scripts", "--tracing-enabled=true", "--db=dev-mem", "--cache=local"),
    "--health-enabled=true",
)
ADMIN: Final = "admin"
name: Final = "keycloak"


def built() -> Path:
    """Its home, with the jar in it. Raises RuntimeError with the words of what failed."""
    jar = providers()["keycloak"].extension()
    assert jar is not None
    digest = hashlib.sha256(jar + " ".join(_OPTIONS).encode()).hexdigest()[:16]
    there = _cache() / f"keycloak-{VERSION}-{digest}"
    if there.exists():
        return there
    there.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=there.parent) as scratch:
        home = _unpacked(Path(scratch))
        (home / "providers" / "authstream.jar").write_bytes(jar)
        _build(home)
        home.rename(there)
    return there


def _cache() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "authstream"


def _unpacked(scratch: Path) -> Path:
    plugin = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1"
    goal = (f"{plugin}:copy", f"-Dartifact={_ARTIFACT}", f"-DoutputDirectory={scratch}")
    run("mvn", "-q", "-B", *goal)
    (archive,) = scratch.glob("*.zip")
    with zipfile.ZipFile(archive) as packed:
        packed.extractall(scratch)
    (scratch / f"keycloak-{VERSION}" / "bin" / "kc.sh").chmod(0o755)
    return scratch / f"keycloak-{VERSION}"


def _build(home: Path) -> None:
    done = subprocess.run(
        (home / "bin" / "kc.sh", "build", *_OPTIONS),
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
        timeout=_BUILT_WITHIN.total_seconds(),
    )
    if done.returncode:
        tail = "\n".join((done.stdout + done.stderr).splitlines()[-LOG_LINES:])
        raise RuntimeError(f"Keycloak did not build:\n{tail}")


def environment(**members: str) -> dict[str, str]:
    """What Keycloak's launcher needs, and more."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "JAVA_HOME") if name in os.environ}
    return {**kept, "JAVA_OPTS_KC_HEAP": "-Xms64m -Xmx512m", **members}


@contextmanager
def serving(folder: Path, options: Sequence[str], **members: str) -> Generator[tuple[str, Path]]:
    """Its address, and its log as JSON lines, until the end of the context."""
    port = free_port(0)
    said = {"KC_BOOTSTRAP_ADMIN_USERNAME": ADMIN, "KC_BOOTSTRAP_ADMIN_PASSWORD": ADMIN}
    command: tuple[str | Path, ...] = (
        *(built() / "bin" / "kc.sh", "start", "--optimized", "--http-enabled=true"),
        *("--http-host=127.0.0.1", f"--http-port={port}", "--hostname-strict=false"),
        f"--http-management-port={free_port(0)}",
        *("--log-console-output=json", *options),
    )
    address = f"http://127.0.0.1:{port}"
    env = environment(**said, **members)
    ready = f"{address}/realms/master"
    with running(command, folder=folder, environment=env, ready=ready, within=_READY_WITHIN) as log:
        yield address, log
