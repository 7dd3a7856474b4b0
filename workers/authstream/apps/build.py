"""Makes a deployed action ready to run: its packages installed, its TypeScript compiled."""

from __future__ import annotations

from pathlib import Path

from authstream.contracts.api import to_guest
from authstream.contracts.runtime import language
from authstream.control.dependencies import Say, Tools, install
from authstream.control.folder import DeployedAction
from authstream.control.modules import DeployedModule
from authstream.control.typescript import compiled
from authstream.engine.program import Program, SharedModule
from authstream.sandbox import runtimes

TOOLS = Tools(npm=runtimes.npm)


def say_nothing(_text: str) -> None:
    """Progress for nobody."""


def program(action: DeployedAction, say: Say = say_nothing) -> Program:
    """What the guest of an action runs. Raises ConfigurationError."""
    if language(action.runtime) == "javascript":
        runtimes.node()  # without one nothing of it can run: told before anything starts
    return Program(
        action=action.name,
        tenant=action.tenant,
        version=action.version,
        file=_javascript(action.code, say),
        trigger=action.trigger,
        api=to_guest(action.trigger),
        secrets=action.secrets,
        configuration=action.configuration,
        dependencies=install(action, TOOLS, say),
        egress=action.egress,
        modules=tuple(_shared(module, say) for module in action.modules),
        lookups=action.lookups,
        limits=action.limits,
        tells_connections=action.tells_connections,
    )


def _shared(module: DeployedModule, say: Say) -> SharedModule:
    return SharedModule(
        name=module.name,
        file=_javascript(module.code, say),
        secrets=module.secrets,
        dependencies=install(module, TOOLS, say),
    )


def _javascript(code: Path, say: Say) -> Path:
    """The code itself, or what TypeScript is compiled to."""
    return compiled(code, tools=TOOLS, say=say) if code.suffix == ".ts" else code
