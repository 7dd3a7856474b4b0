"""The whole import: an export is read, made into files with locks and samples, and placed."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping
from pathlib import Path

from authstream.control import npm_lock
from authstream.control.auth0_import.convert import convert
from authstream.control.auth0_import.keywords import Keywords
from authstream.control.auth0_import.place import add_secrets, place
from authstream.control.auth0_import.read import read_export
from authstream.control.auth0_import.report import Report
from authstream.control.dependencies import LOCK_FILES, Say, Tools, lock
from authstream.control.event_builder import build
from authstream.control.files import SECRETS_FILE
from authstream.control.modules import DeployedModule
from authstream.engine.trigger import Trigger
from authstream.errors import ConfigurationError
from authstream.settings import QuotaSettings

_LOCK_FILE = LOCK_FILES["javascript"]


def import_export(  # noqa: PLR0913 - what an import depends on, by name
    path: Path,
    folder: Path,
    *,
    keywords: Keywords,
    allowed: QuotaSettings,
    triggers: Mapping[str, Trigger],
    tools: Tools | None,
    overwrite: bool,
    say: Say,
) -> Report:
    """Make `folder` hold what an export says; a second time nothing changes.

    `tools` lock packages; without them actions are imported unlocked.
    Raises ConfigurationError when there is no export, or the folder cannot be read.
    """
    export = read_export(path, keywords)

    def locked(owner: str, dependencies: Mapping[str, str]) -> str | None:
        return _locked(folder / owner, dependencies, tools, say)

    made = convert(export, triggers=triggers, lock=locked, allowed=allowed)
    files = dict(made.files)
    if files:
        files[".gitignore"] = f"{SECRETS_FILE}\n"
    for flow in made.report.flows:
        sample = build(triggers[flow.trigger])
        files[f"events/{flow.trigger}.json"] = f"{json.dumps(sample, indent=2)}\n"
    made.report.files = place(folder, files, overwrite=overwrite)
    if made.secrets:
        add_secrets(folder, made.secrets)
    return made.report


def _locked(
    owner: Path, dependencies: Mapping[str, str], tools: Tools | None, say: Say
) -> str | None:
    """The lock that is there if it fits, else a new one. Raises ConfigurationError."""
    file = owner / _LOCK_FILE
    if file.is_file() and _fits(file.read_bytes(), dependencies, file):
        return file.read_text(encoding="utf-8")
    if tools is None:
        return None
    say(f"locking the packages of {owner.name} …")
    with tempfile.TemporaryDirectory() as work:
        there = Path(work) / "module.js"
        made = lock(DeployedModule(owner.name, there, {}, dependencies), tools)
        npm_lock.check(made.read_bytes(), dependencies, file)
        return made.read_text(encoding="utf-8")


def _fits(content: bytes, dependencies: Mapping[str, str], file: Path) -> bool:
    try:
        npm_lock.check(content, dependencies, file)
    except ConfigurationError:
        return False
    return True
