"""Each template of the console's: it loads in its guest, and does what its name says."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson
import pytest
import yaml

from authstream.apps.rehearsal import Rehearsal
from authstream.apps.stages import triggers
from authstream.console.starting_points import starting_points
from authstream.control.event_builder import build

#: What the event has for it, and what the verdict must then say.
EXPECTED: dict[str, tuple[dict[str, Any], str]] = {
    "account-linking": ({"user": {"app_metadata": {"primary_user_id": "p"}}}, "authentication"),
    "allow-list-by-ip": ({"request": {"ip": "192.0.2.1"}}, "denied"),
    "claims": ({}, "claims"),
    "crm-enrich": ({}, "failed"),
    "deny-by-country": ({"request": {"geoip": {"countryCode": "SY"}}}, "denied"),
    "mfa-by-risk": ({"authentication": {"riskAssessment": {"confidence": "low"}}}, "mfa"),
    "redirect-for-terms": ({}, "redirect"),
    "role-to-claim": ({"authorization": {"roles": ["admin"]}}, "claims"),
    "webhook": ({}, "effects"),
    "welcome-mail": ({"stats": {"logins_count": 1}}, "effects"),
}


def folder(root: Path, language: Any) -> Path:
    """A flow for each template would be many folders: one action a tenant's flow."""
    for name, point in starting_points().items():
        draft = point.draft(language)
        action = root / "actions" / name
        action.mkdir(parents=True)
        (action / draft["code_file"]).write_text(draft["code"])
        said = {key: draft[key] for key in ("trigger", "secrets", "egress", "configuration")}
        (action / "action.yaml").write_text(yaml.safe_dump(said))
        flow = {"trigger": point.trigger, "tenant": name, "actions": [{"action": name}]}
        (root / "flows").mkdir(exist_ok=True)
        (root / "flows" / f"{name}.yaml").write_text(yaml.safe_dump(flow))
    (root / ".secrets.yaml").write_text(
        yaml.safe_dump(
            {"redirect-for-terms": {"TERMS_KEY": "k" * 32}, "crm-enrich": {"CRM_TOKEN": "t"}}
        )
    )
    return root


@pytest.mark.parametrize("name", sorted(starting_points()))
def test_what_a_template_configures_is_text(name: str) -> None:
    """In YAML a comma outside of quotes may end a value: half of a list of countries was lost."""
    configuration = starting_points()[name].draft("python")["configuration"]
    assert all(isinstance(value, str) and value for value in configuration.values())


@pytest.mark.parametrize("language", ["python", "javascript"])
async def test_each_template_does_what_it_says(tmp_path: Path, language: str) -> None:
    """In both languages the verdict has the part that the template is about."""
    assert set(EXPECTED) == set(starting_points())
    async with Rehearsal(folder(tmp_path, language)) as rehearsal:
        for name, (changes, part) in EXPECTED.items():
            event = build(triggers()["post-login"], {**changes, "tenant": {"id": name}})
            result = await rehearsal.run(
                orjson.dumps(event), trigger="post-login", event_id=f"{name}"
            )
            found = result["verdict"]
            said = found["outcome"] == part or found.get(part)
            if part == "claims":
                said = found["claims"]["id_token"]
            assert said, (name, found["outcome"], found["reason"])
