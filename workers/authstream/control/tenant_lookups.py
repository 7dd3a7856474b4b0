"""Groups and roles of a tenant's users in the control log: the files of a folder, as contents."""

from __future__ import annotations

import tempfile
from pathlib import Path

from authstream.contracts.control import ObjectKey
from authstream.control import blobs
from authstream.control.door import Door
from authstream.control.lookups import FOLDER, read_lookups
from authstream.control.objects import LOOKUP, LookupObject
from authstream.control.store import Store
from authstream.engine.lookup import Lookup


def contents(folder: Path) -> dict[str, bytes]:
    """What the files of a folder say, by kind."""
    files = sorted((folder / FOLDER).glob("*.yaml"))
    return {file.stem: file.read_bytes() for file in files}


def stored_contents(store: Store, tenant: str) -> dict[str, bytes]:
    """What the log says, by kind. Raises ControlLogError."""
    return {
        stored.key.name: blobs.read(store.blobs, stored.read(LookupObject).content)
        for stored in store.view.of_kind(LOOKUP, tenant)
    }


def tenant_lookups(store: Store, tenant: str) -> tuple[Lookup, ...]:
    """The source of a tenant, if it has one. Raises ConfigurationError, ControlLogError."""
    found = stored_contents(store, tenant)
    if not found:
        return ()
    with tempfile.TemporaryDirectory(prefix="authstream-lookups-") as name:
        folder = Path(name) / FOLDER
        folder.mkdir()
        for kind, content in found.items():
            (folder / f"{kind}.yaml").write_bytes(content)
        return read_lookups(Path(name))


def set_lookup(door: Door, tenant: str, kind: str, content: bytes, *, after: int) -> None:
    """Write a file's content. Raises ConflictError, ProduceError."""
    body = LookupObject(content=blobs.write(door.store.blobs, content))
    door.write(ObjectKey(LOOKUP, tenant, kind), body, after=after, operation="set")


def delete_lookup(door: Door, tenant: str, kind: str, *, after: int) -> None:
    """Forget a file, and let the broker forget what was in it: it names users."""
    key = ObjectKey(LOOKUP, tenant, kind)
    content = door.view.get(key).read(LookupObject).content
    door.write(key, None, after=after, operation="delete")
    blobs.delete(door.store.blobs, content)
