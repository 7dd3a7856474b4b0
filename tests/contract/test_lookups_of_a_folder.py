"""A whole folder as its author writes it: triggers in camelCase, roles from a file."""

from __future__ import annotations

from pathlib import Path

import orjson
import pytest

from authstream.apps.rehearsal import rehearse
from tests.guests import in_both_languages

EVENT = {
    "client": {"client_id": "c"},
    "connection": {"name": "db"},
    "request": {"ip": "10.0.0.1"},
    "tenant": {"id": "acme"},
    "user": {"user_id": "auth0|ada"},
}
FILES = {
    "flows/login.yaml": "trigger: postLogin\nactions: [{action: roles}]\n",
    "actions/roles/action.yaml": "trigger: postLogin\n",
    "lookups/roles.yaml": "auth0|ada: [{id: r1, name: Admin}]\n",
}
CODE = {
    "python": (
        "action.py",
        """
async def on_execute_post_login(event, api):
    page = await api.roles.get_user_effective_roles()
    api.id_token.set_custom_claim("https://example.com/roles", [role.name for role in page.roles])
""",
    ),
    "javascript": (
        "action.js",
        """
exports.onExecutePostLogin = async (event, api) => {
  const { roles } = await api.roles.getUserEffectiveRoles({ take: 10 });
  api.idToken.setCustomClaim("https://example.com/roles", roles.map((role) => role.name));
};
""",
    ),
}


@in_both_languages
@pytest.mark.parametrize("with_file", [True, False])
async def test_roles_of_a_file_become_a_claim(
    tmp_path: Path,
    language: str,
    with_file: bool,  # noqa: FBT001 - a case of the table
) -> None:
    """Without the file the action fails with the reason, and nobody is let in without roles."""
    name, code = CODE[language]
    for path, text in {**FILES, f"actions/roles/{name}": code}.items():
        if with_file or not path.startswith("lookups"):
            (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / path).write_text(text)
    result = await rehearse(tmp_path, orjson.dumps(EVENT), trigger="post-login")
    verdict = result["verdict"]
    if with_file:
        assert verdict["claims"]["id_token"] == {"https://example.com/roles": ["Admin"]}
    else:
        assert (verdict["outcome"], verdict["code"]) == ("failed", "action_error")
        assert "no source knows the roles of users" in verdict["reason"]
