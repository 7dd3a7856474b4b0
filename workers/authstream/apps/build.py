"""Makes a deployed action ready to run: its packages installed, its TypeScript compiled."""

from __future__ import annotations

from authstream.contracts.api import to_guest
from authstream.contracts.runtime import language
from authstream.control.dependencies import Say, Tools, install
from authstream.control.folder import DeployedAction
from authstream.control.typescript import compiled
from authstream.engine.program import Program
from authstream.sandbox import runtimes

TOOLS = Tools(npm=runtimes.npm)


def say_nothing(_text: str) -> None:
    """Progress for nobody."""


def program(action: DeployedAction, say: Say = say_nothing) -> Program:
    """What the guest of an action runs. Raises ConfigurationError."""
    code = action.code
    if language(action.runtime) == "javascript":
        runtimes.node()  # without one nothing of it can run: told before anything starts
    if code.suffix == ".ts":
        code = compiled(code, tools=TOOLS, say=say)
    return Program(
        action=action.name,
        version=action.version,
        file=code,
        trigger=action.trigger,
        api=to_guest(action.trigger),
        secrets=action.secrets,
        configuration=action.configuration,
        dependencies=install(action, TOOLS, say),
        egress=action.egress,
        limits=action.limits,
    )
