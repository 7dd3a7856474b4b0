"""Keeps a folder and a control log equal: the folder first, then what other doors change."""

from __future__ import annotations

import threading
from datetime import timedelta
from pathlib import Path

import structlog
import yaml

from authstream.apps.control import door, opened
from authstream.contracts.slug import DEFAULT_TENANT
from authstream.control.apply import Difference, apply, desired
from authstream.control.dependencies import Say
from authstream.control.door import Door
from authstream.control.export import export
from authstream.control.files import read_secrets
from authstream.control.objects import ACTION
from authstream.control.secrets import opened as opened_secrets
from authstream.control.tokens import Tokens
from authstream.control.view import Entry
from authstream.errors import AuthstreamError
from authstream.settings import Settings

#: Who the audit trail says applied the folder.
ACTOR = "authstream up"
#: A deploy is several records: the folder is written when no more have come for so long.
QUIET = timedelta(milliseconds=300)
_OWN = 0o600


class LiveFolder:
    """Applies a folder, then writes changes of others back to it until closed."""

    def __init__(self, folder: Path, settings: Settings, say: Say) -> None:
        """Raises ConfigurationError for a folder that cannot be applied."""
        self._folder = folder
        self._store = opened(settings)
        self._store.start()
        self._door = door(self._store, settings, actor=ACTOR, say=say)
        self._changed = threading.Event()
        self._stopping = False
        self._log = structlog.get_logger("authstream.folder")
        try:
            self.applied: list[Difference] = apply(desired(folder, self._door), self._door)
        except BaseException:
            self._store.close()
            raise
        self._store.listen(self._heard)
        self._thread = threading.Thread(target=self._follow, name="authstream-folder", daemon=True)
        self._thread.start()

    def token(self, name: str) -> str:
        """A token of the admin API that may do everything, for a process beside this one."""
        return Tokens(self._door).create(name, "operator")

    def close(self) -> None:
        """Write what is left to write, and follow no more."""
        self._stopping = True
        self._changed.set()
        self._thread.join()
        self._store.close()

    def _heard(self, entry: Entry) -> None:
        if entry.fate == "won" and entry.record.actor != ACTOR:
            self._changed.set()

    def _follow(self) -> None:
        while not self._stopping:
            self._changed.wait()
            while self._changed.is_set() and not self._stopping:
                self._changed.clear()
                self._changed.wait(QUIET.total_seconds())
            self._write_back()

    def _write_back(self) -> None:
        try:
            changed = [*export(self._folder, self._door), *write_secrets(self._folder, self._door)]
            for path in changed:
                self._log.info("written_back", file=str(path))
        except (AuthstreamError, OSError) as error:
            self._log.error("not_written_back", reason=str(error))


def write_secrets(folder: Path, door: Door) -> list[Path]:
    """Write new values of secrets into `.secrets.yaml`: the log that has them ends with us.

    Only here are they opened outside the process that runs the action: this one made the key.
    """
    file = folder / ".secrets.yaml"
    written = {
        action: {name: value.get_secret_value() for name, value in values.items()}
        for action, values in read_secrets(file).items()
    }
    wanted = {
        stored.key.name: opened_secrets(
            door.view, door.keyring, tenant=DEFAULT_TENANT, action=stored.key.name
        )
        for stored in door.view.of_kind(ACTION, DEFAULT_TENANT)
    }
    wanted = {action: values for action, values in wanted.items() if values}
    if all(written.get(action) == values for action, values in wanted.items()):
        return []
    file.touch(_OWN)
    file.write_text(yaml.safe_dump({**written, **wanted}, allow_unicode=True), encoding="utf-8")
    return [file]
