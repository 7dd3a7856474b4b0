"""What a new action can begin with: one file of `templates/` each, in JavaScript and Python."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict

Language = Literal["javascript", "python"]
_FILES: dict[Language, str] = {"javascript": "action.js", "python": "action.py"}


class StartingPoint(BaseModel):
    """A template."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    title: str
    about: str
    trigger: str = "post-login"
    javascript: str
    python: str
    secrets: tuple[str, ...] = ()
    egress: tuple[str, ...] = ()
    configuration: dict[str, Any] = {}

    def draft(self, language: Language) -> dict[str, Any]:
        """The draft of an action, as the admin API takes it."""
        return {
            "trigger": self.trigger,
            "code": self.javascript if language == "javascript" else self.python,
            "code_file": _FILES[language],
            "secrets": list(self.secrets),
            "egress": list(self.egress),
            "configuration": self.configuration,
        }


@cache
def starting_points() -> dict[str, StartingPoint]:
    """All of them by the names of their files."""
    folder = files("authstream.console") / "templates"
    return {
        file.name.removesuffix(".yaml"): StartingPoint.model_validate(
            yaml.safe_load(file.read_text(encoding="utf-8"))
        )
        for file in sorted(folder.iterdir(), key=lambda file: file.name)
    }
