"""Another language reads our bytes: the example of the documentation, with Apache's own Avro."""

from __future__ import annotations

import hashlib
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from authstream.contracts.avro import encode
from authstream.contracts.effect import Effect
from authstream.contracts.model import Record
from tests.kafka_jars import run
from tests.samples import FLOW, NOW, verdict

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(180)]  # for its Java and Maven
ROOT = Path(__file__).resolve().parents[2]
HOME = ROOT / "docs" / "examples" / "java"


@pytest.fixture(scope="module")
def jars() -> Path:
    """Avro and what it needs, fetched once."""
    pom = HOME / "pom.xml"
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "authstream"
    there = cache / f"avro-{hashlib.sha256(pom.read_bytes()).hexdigest()[:16]}"
    if not there.exists():
        goal = ("dependency:copy-dependencies", f"-DoutputDirectory={there}.part")
        run("mvn", "-q", "-B", "-f", f"{pom}", *goal)
        Path(f"{there}.part").rename(there)
    return there


def read(jars: Path, record: Record) -> subprocess.CompletedProcess[str]:
    """What the example says of a record, read with the schema of a verdict."""
    command = ("java", "-cp", f"{jars}/*", HOME / "ReadVerdict.java", ROOT / "schemas/verdict.avsc")
    done = subprocess.run(command, input=encode(record), capture_output=True, check=False)
    return subprocess.CompletedProcess(
        command, done.returncode, done.stdout.decode(), done.stderr.decode()
    )


def test_java_reads_a_verdict(jars: Path) -> None:
    """It finds the schema by our fingerprint, and JSON values keep their types."""
    said = read(jars, verdict(claims={"id_token": {"tier": "gold", "n": [1, None]}}))
    assert said.returncode == 0, said.stderr
    lines = set(said.stdout.splitlines())
    assert lines == {f"flow_id={FLOW}", "outcome=allowed", 'claims={"tier":"gold","n":[1,null]}'}


def test_java_refuses_what_is_no_verdict(jars: Path) -> None:
    """Another record has another fingerprint."""
    names = ("id", "kind", "flow_id", "tenant", "trigger", "action")
    members: dict[str, Any] = {
        **dict.fromkeys(names, "x"),
        "leg": 0,
        "payload": {},
        "ordered_at": NOW,
    }
    said = read(jars, Effect.model_validate(members))
    assert said.returncode != 0
    assert "MissingSchemaException" in said.stderr
