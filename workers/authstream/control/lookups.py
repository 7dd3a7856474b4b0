"""Groups and roles of users from files of a folder: `lookups/groups.yaml`, `lookups/roles.yaml`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

from pydantic import BaseModel, ConfigDict, RootModel

from authstream.control.files import read
from authstream.engine.lookup import Entry, Kind, Lookup, Subject
from authstream.errors import ConfigurationError

FOLDER = "lookups"
_KINDS: tuple[Kind, ...] = get_args(Kind)


class EntryFile(BaseModel):
    """A group or role; members that are not named here are passed on too."""

    model_config = ConfigDict(extra="allow", frozen=True)

    id: str
    name: str
    #: Without one it counts in every login, else in those to this organization.
    organization: str | None = None


class UsersFile(RootModel[dict[str, tuple[EntryFile, ...]]]):
    """`lookups/<kind>.yaml`: user id to what the user has."""


@dataclass(frozen=True, slots=True)
class FolderLookup:
    """What the files say; a user who is not in a file has nothing of its kind."""

    users: Mapping[Kind, Mapping[str, Sequence[Entry]]]

    async def find(self, kind: Kind, subject: Subject) -> Sequence[Entry] | None:
        """The user's entries; None when there is no file of this kind."""
        users = self.users.get(kind)
        return None if users is None else users.get(subject.user_id, ())


def read_lookups(folder: Path) -> tuple[Lookup, ...]:
    """The source of a folder, if it has one. Raises ConfigurationError for a file that is wrong."""
    files = sorted((folder / FOLDER).glob("*.yaml"))
    for file in files:
        if file.stem not in _KINDS:
            raise ConfigurationError(
                f"{file}: only {', '.join(f'{kind}.yaml' for kind in _KINDS)} are looked at; "
                "rename or remove it"
            )
    if not files:
        return ()
    kinds: dict[Kind, Mapping[str, Sequence[Entry]]] = {
        kind: _users(file) for kind in _KINDS for file in files if file.stem == kind
    }
    return (FolderLookup(kinds),)


def _users(file: Path) -> dict[str, Sequence[Entry]]:
    return {
        user: [entry.model_dump(exclude_none=True) for entry in entries]
        for user, entries in read(file, UsersFile).root.items()
    }
