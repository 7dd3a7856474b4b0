"""Groups and roles in files of a folder."""

from __future__ import annotations

from pathlib import Path

import orjson
import pytest

from authstream.control.lookups import read_lookups
from authstream.engine.lookup import Subject
from authstream.engine.queries import NoAnswerError, answer
from authstream.errors import ConfigurationError

ROLES = """
auth0|ada:
- {id: r1, name: Admin, description: all}
- {id: r2, name: Partner, organization: org_1}
"""
EVENT = orjson.dumps({"user": {"user_id": "auth0|ada"}, "organization": {"id": "org_1"}})


def written(root: Path, **files: str) -> Path:
    """A folder with these files under `lookups/`."""
    (root / "lookups").mkdir()
    for name, text in files.items():
        (root / "lookups" / f"{name}.yaml").write_text(text)
    return root


async def test_a_file_knows_the_users_it_names_and_that_others_have_nothing(
    tmp_path: Path,
) -> None:
    """A file is the whole truth of its kind; a kind without a file is not known at all."""
    (source,) = read_lookups(written(tmp_path, roles=ROLES))
    found = await source.find("roles", Subject("auth0|ada"))
    assert found == [
        {"id": "r1", "name": "Admin", "description": "all"},
        {"id": "r2", "name": "Partner", "organization": "org_1"},
    ]
    assert not await source.find("roles", Subject("auth0|eve"))
    assert await source.find("groups", Subject("auth0|ada")) is None


async def test_a_folder_without_files_has_no_source(tmp_path: Path) -> None:
    """Then a question is an error, never answered as if there were no roles."""
    assert read_lookups(tmp_path) == ()
    with pytest.raises(NoAnswerError, match=r"lookups/roles\.yaml"):
        await answer("roles.getUserEffectiveRoles", [], trigger="post-login", event=EVENT)


async def test_the_event_is_asked_first(tmp_path: Path) -> None:
    """What the provider says of this login is newer than a file."""
    lookups = read_lookups(written(tmp_path, roles=ROLES))
    mine = {"id": "r9", "name": "Mine"}
    event = orjson.dumps({**orjson.loads(EVENT), "lookups": {"roles": [mine]}})
    name = "roles.getUserEffectiveRoles"
    said = [
        await answer(name, [], trigger="post-login", event=value, lookups=lookups)
        for value in (EVENT, event)
    ]
    assert [[role["id"] for role in page["roles"]] for page in said] == [["r1", "r2"], ["r9"]]


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("role", "", "only groups.yaml, roles.yaml are looked at"),
        ("roles", "ada: admin", "roles.yaml: ada"),
        ("roles", "ada: [{id: r1}]", "ada.0.name: Field required"),
        ("groups", "- ada", "groups.yaml: file"),
    ],
)
def test_a_wrong_file_is_named(tmp_path: Path, name: str, text: str, message: str) -> None:
    """With the place and the remedy."""
    with pytest.raises(ConfigurationError, match=message):
        read_lookups(written(tmp_path, **{name: text}))
