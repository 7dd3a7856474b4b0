"""An action as it is being edited, and the draft that the admin API takes of it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

_KEPT = ("trigger", "runtime", "code_file", "isolation")
_LISTS = ("secrets", "egress")


@dataclass(slots=True)
class ActionDraft:
    """Texts as they are typed; `body` says what is wrong with them."""

    name: str
    revision: int
    deployed: int | None
    #: The digest of the saved draft: a version with the same is the same.
    digest: str
    code: str
    trigger: str
    code_file: str
    runtime: str
    isolation: str
    secrets: list[str]
    egress: str
    dependencies: str
    configuration: str
    limits: dict[str, int]
    lock: str | None = None
    #: What the deployed version's digest is, once it is known.
    deployed_digest: str | None = None
    #: The packages that the lock is for, as they are typed.
    _locked: str = ""
    _saved: dict[str, Any] | None = None

    @classmethod
    def of(cls, body: Mapping[str, Any], revision: int) -> ActionDraft:
        """From an action with its code."""
        draft = body["draft"]
        made = cls(
            name=body["name"],
            revision=revision,
            deployed=body["deployed"],
            digest=draft["digest"],
            code=body["code"],
            lock=body.get("lock"),
            secrets=list(draft["secrets"]),
            egress="\n".join(draft["egress"]),
            dependencies="\n".join(f"{key}: {it}" for key, it in draft["dependencies"].items()),
            configuration=json.dumps(draft["configuration"], indent=2, ensure_ascii=False),
            limits={**draft["limits"], "guests": draft["guests"]},
            **{name: draft[name] for name in _KEPT},
        )
        made._saved = made.body()
        made._locked = made.dependencies if made.lock else ""
        return made

    def body(self) -> dict[str, Any]:
        """As the admin API takes it. Raises ValueError that says what to correct."""
        return {
            "code": self.code,
            "lock": self.lock,
            "secrets": list(self.secrets),
            "egress": [line.strip() for line in self.egress.splitlines() if line.strip()],
            "dependencies": _packages(self.dependencies),
            "configuration": _object(self.configuration),
            "limits": dict(self.limits),
            **{name: getattr(self, name) for name in _KEPT},
        }

    @property
    def unsaved(self) -> bool:
        """It is not what is saved, or cannot be read."""
        try:
            return self.body() != self._saved
        except ValueError:
            return True

    @property
    def differs(self) -> bool:
        """The draft is not what is deployed."""
        return self.deployed_digest is not None and self.deployed_digest != self.digest

    @property
    def state(self) -> str:
        """In words."""
        if self.deployed is None:
            return "not deployed yet"
        return f"v{self.deployed} is deployed" + (", the draft differs" if self.differs else "")

    @property
    def packages(self) -> str:
        """Whether its packages can be installed, in words; empty without any."""
        if not self.dependencies.strip():
            return ""
        if self.lock is None:
            return "Not locked yet."
        return "Locked." if self.dependencies == self._locked else "Changed since they were locked."

    @property
    def own_members(self) -> list[dict[str, str]]:
        """What only this action's event has, as completions."""
        try:
            configuration = _object(self.configuration)
        except ValueError:
            configuration = {}
        paths = [f"event.secrets.{name}" for name in self.secrets]
        paths += [f"event.configuration.{name}" for name in configuration]
        return [
            {"path": path, "kind": "property", "detail": "of this action", "about": ""}
            for path in paths
        ]

    def locked(self, lock: str | None) -> None:
        """Its packages have this lock now."""
        self.lock, self._locked = lock, self.dependencies

    def saved(self, body: Mapping[str, Any], revision: int) -> None:
        """What the API has now is what is here."""
        self.revision, self.deployed = revision, body["deployed"]
        self.digest = body["draft"]["digest"]
        self._saved = self.body()


def _packages(text: str) -> dict[str, str]:
    packages: dict[str, str] = {}
    for line in filter(str.strip, text.splitlines()):
        name, _, version = line.rpartition(":")
        if not name.strip() or not version.strip():
            raise ValueError(f"{line!r} is no package: write its name, a colon, its exact version")
        packages[name.strip()] = version.strip()
    return packages


def _object(text: str) -> dict[str, Any]:
    try:
        value: object = json.loads(text or "{}")
    except ValueError as error:
        raise ValueError(f"the configuration is not JSON: {error}") from None
    if not isinstance(value, dict):
        raise ValueError("the configuration is no JSON object: write {…}")  # noqa: TRY004 - of a text
    return cast("dict[str, Any]", value)
