"""Writes imported files into a folder: only what differs, and never over somebody's changes."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import cast

import yaml

from authstream.control.auth0_import.report import Files
from authstream.control.files import SECRETS_FILE, read_secrets
from authstream.errors import ConfigurationError

#: Digests of what the last import wrote, so that changes since then are seen.
MANIFEST = ".auth0-import.json"
#: For the owner only.
_PRIVATE = 0o600


def place(folder: Path, files: Mapping[str, str], *, overwrite: bool) -> Files:
    """Make a folder hold these files; `overwrite` also those that were changed since.

    What an earlier import wrote, nobody changed, and is no longer wanted, is removed.
    Raises ConfigurationError for a manifest that cannot be read.
    """
    before, done = _manifest(folder), Files()
    for path, text in sorted(files.items()):
        _place(folder / path, text, path, known=before.get(path), overwrite=overwrite, done=done)
    for path in sorted(set(before) - set(files)):
        _remove(folder, path, before[path], done)
    kept = {path: before[path] for path in done.kept if path in before}
    ours = {path: _digest(files[path]) for path in (*done.written, *done.unchanged)}
    _write_manifest(folder, {**kept, **ours})
    return done


def _place(
    file: Path, text: str, path: str, *, known: str | None, overwrite: bool, done: Files
) -> None:
    now = file.read_bytes().decode(errors="replace") if file.is_file() else None
    if now == text:
        done.unchanged.append(path)
    elif now is None or overwrite or _digest(now) == known:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8", newline="")
        done.written.append(path)
    else:
        done.kept.append(path)


def _remove(folder: Path, path: str, digest: str, done: Files) -> None:
    file = folder / path
    if not file.is_file():
        return
    if _digest(file.read_bytes().decode(errors="replace")) != digest:
        done.kept.append(path)
        return
    file.unlink()
    done.removed.append(path)
    for above in file.parents:
        if above == folder or any(above.iterdir()):
            break
        above.rmdir()


def add_secrets(folder: Path, secrets: Mapping[str, Mapping[str, str]]) -> list[str]:
    """Add values to `.secrets.yaml`; those that are there stay. Gives the names added."""
    file = folder / SECRETS_FILE
    values = {
        owner: {name: value.get_secret_value() for name, value in members.items()}
        for owner, members in read_secrets(file).items()
    }
    added: list[str] = []
    for owner, members in secrets.items():
        known = values.setdefault(owner, {})
        new = {name: value for name, value in members.items() if name not in known}
        known.update(new)
        added += [f"{owner}: {name}" for name in new]
    if added:
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, _PRIVATE)
        with os.fdopen(descriptor, "w", encoding="utf-8") as opened:
            yaml.safe_dump(values, opened, sort_keys=False, allow_unicode=True)
    return added


def _manifest(folder: Path) -> dict[str, str]:
    file = folder / MANIFEST
    if not file.is_file():
        return {}
    try:
        return cast("dict[str, str]", json.loads(file.read_bytes())["files"])
    except (ValueError, KeyError, TypeError) as error:
        raise ConfigurationError(
            f"{file} is not what an import writes ({type(error).__name__}): remove it;"
            " files that differ from the export are then kept"
        ) from None


def _write_manifest(folder: Path, digests: Mapping[str, str]) -> None:
    text = json.dumps({"files": dict(sorted(digests.items()))}, indent=2) + "\n"
    file = folder / MANIFEST
    if not file.is_file() or file.read_text(encoding="utf-8") != text:
        folder.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
