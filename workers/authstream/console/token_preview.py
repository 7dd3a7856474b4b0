"""What the decoded tokens of a login would be, by a verdict: a preview, signed by nobody."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

#: How long the tokens of a preview are good for, seconds: a usual value, shown as an example.
_LIFETIME = 86_400
_PROFILE = ("name", "nickname", "picture", "email", "email_verified", "updated_at")


def token_preview(event: Mapping[str, Any], verdict: Mapping[str, Any]) -> dict[str, Any] | None:
    """`{id_token, access_token}`, None where no token would be issued."""
    if verdict["outcome"] != "allowed":
        return None
    user, client = _member(event, "user"), _member(event, "client")
    issued = verdict["decided_at"] // 1000
    about: dict[str, Any] = {
        "iss": f"https://{_member(event, 'request').get('hostname', 'your-tenant')}/",
        "sub": _member(verdict, "authentication").get("sub") or user.get("user_id"),
        "iat": issued,
        "exp": issued + _LIFETIME,
    }
    profile = {name: user[name] for name in _PROFILE if name in user}
    resource = _member(event, "resource_server").get("identifier")
    claims = verdict["claims"]
    access: dict[str, Any] = {**about, "aud": resource or "your API"}
    if scopes := _scopes(event, verdict):
        access["scope"] = " ".join(scopes)
    return {
        "id_token": {**profile, **about, "aud": client.get("client_id"), **claims["id_token"]},
        "access_token": {**access, "azp": client.get("client_id"), **claims["access_token"]},
    }


def _scopes(event: Mapping[str, Any], verdict: Mapping[str, Any]) -> list[str]:
    asked: list[str] = list(_member(event, "transaction").get("requested_scopes") or ())
    if (target := verdict.get("target_scopes")) is not None:
        asked = list(target["scopes"])
    wanted = dict.fromkeys([*asked, *verdict.get("scopes_added", ())])
    return [scope for scope in wanted if scope not in verdict.get("scopes_removed", ())]


def _member(said: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """An object inside; an empty one where there is none."""
    found: Mapping[str, Any] | None = said.get(name)
    return found or {}
