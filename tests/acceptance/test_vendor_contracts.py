"""What vendors publish about their own protocols judges our adapters: types and libraries."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import orjson
import pytest

from authstream.engine.provider import Refusal
from authstream.idp.aws_cognito import PLUGIN as COGNITO
from authstream.idp.workos import PLUGIN as WORKOS
from tests import npm_packages
from tests.provider_calls import SECRET, Example, examples, peer
from tests.unit.test_providers import allowed

pytestmark = [pytest.mark.npm, pytest.mark.timeout(120)]
#: `@types/aws-lambda`'s names of what Cognito sends and takes, by our sample's function.
EVENTS = {
    "pretoken": "PreTokenGenerationTriggerEvent",
    "pretoken-v2": "PreTokenGenerationV2TriggerEvent",
    "pretoken-v3": "PreTokenGenerationV2TriggerEvent",
    "presignup": "PreSignUpTriggerEvent",
}


@pytest.fixture(scope="module")
def packages() -> Path:
    """The folder with `node_modules`."""
    return npm_packages.installed(npm_packages.CONTRACTS)


def own(name: str) -> list[Example]:
    """A provider's samples."""
    return [one for one in examples() if one.provider.name == name]


def test_workos_takes_what_we_sign(packages: Path, tmp_path: Path) -> None:
    """Its library verifies our calls and our answers, and signs answers of the same form."""
    mine = peer(WORKOS)
    calls = [one.call() for one in own("workos")]
    asked = [WORKOS.parse(call, mine) for call in calls]
    denied = WORKOS.deny(asked[0], Refusal("Blocked by policy", "access_denied"), mine)
    answers = [orjson.loads(one.body) for one in (denied, WORKOS.unchanged(asked[1], mine))]
    said = {
        "secret": SECRET,
        "calls": [
            {"body": call.body.decode(), "header": call.headers["workos-signature"]}
            for call in calls
        ],
        "answers": answers,
    }
    script = tmp_path / "workos.mjs"
    script.write_bytes((npm_packages.CONTRACTS / "workos.mjs").read_bytes())
    (tmp_path / "node_modules").symlink_to(packages / "node_modules")
    done = subprocess.run(
        ("node", script), input=json.dumps(said).encode(), capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr.decode()
    theirs = orjson.loads(done.stdout)
    assert theirs.keys() == answers[0].keys()
    assert theirs["object"] == answers[0]["object"]
    # Their order is part of what is signed.
    assert list(theirs["payload"]) == list(answers[0]["payload"])


def test_cognitos_answers_have_the_types_of_aws(packages: Path, tmp_path: Path) -> None:
    """What we send back is what a Lambda function of TypeScript could return, no member more."""
    lines = [f"import type {{ {', '.join(sorted(set(EVENTS.values())))} }} from 'aws-lambda';"]
    for number, one in enumerate(own("aws-cognito")):
        asked = COGNITO.parse(one.call(), peer(COGNITO))
        answer = COGNITO.allow(asked, allowed(scopes_added=["read"]), peer(COGNITO))
        said: dict[str, Any] = orjson.loads(answer.body)
        kind = EVENTS[one.sample.hook.split("/")[2]]
        response = json.dumps(said["response"])
        lines.append(f"export const response{number}: {kind}['response'] = {response};")
    (tmp_path / "node_modules").symlink_to(packages / "node_modules")
    (tmp_path / "answers.ts").write_text("\n".join(lines))
    options = ("--strict", "--noEmit", "--skipLibCheck", "--types", "aws-lambda")
    compiler = packages / "node_modules/typescript/lib/tsc.js"
    done = subprocess.run(
        ("node", compiler, *options, "answers.ts"), cwd=tmp_path, capture_output=True, check=False
    )
    assert done.returncode == 0, done.stdout.decode()
