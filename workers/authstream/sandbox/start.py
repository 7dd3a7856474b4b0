"""Starts the process of a program's guest at a level."""

from __future__ import annotations

import os
import socket
from collections.abc import Sequence
from dataclasses import dataclass

import orjson

from authstream.engine.program import Program
from authstream.sandbox import launch
from authstream.sandbox.launch import Level
from authstream.sandbox.runtimes import command, unconfined

#: The folder that a guest has to itself at level `namespaces`.
TEMPORARY = "/tmp"  # noqa: S108 - the guest's own, in its own root


@dataclass(frozen=True, slots=True)
class Start:
    """How the guests of a program are started in this worker."""

    program: Program
    level: Level
    #: The Python that runs Python guests.
    python: str
    #: Guests of this action at a time, at most.
    guests: int = 1
    #: The operator's command that confines what follows it, at level `external`.
    wrapper: Sequence[str] = ()

    @property
    def is_one_process(self) -> bool:
        """Whether nothing else belongs to a guest: it cannot start processes."""
        return self.level in ("namespaces", "landlock")

    def init(self) -> bytes:
        """What a guest is told first: JSON, the content of its INIT frame."""
        program, limits = self.program, self.program.limits
        return orjson.dumps(
            {
                "trigger": program.trigger,
                "file": str(program.file.absolute()),
                "dependencies": program.dependencies and str(program.dependencies.absolute()),
                "modules": [module.to_guest() for module in program.modules],
                "secrets": dict(program.secrets),
                "configuration": dict(program.configuration),
                "limits": {"commands_bytes": limits.output, "console_characters": limits.log},
                "api": orjson.Fragment(program.api),
                "parent": self._parent(),
            }
        )

    def _parent(self) -> int | None:
        """The guest's parent as it sees it; None: only the operator's command knows."""
        if self.level == "external":
            return None
        # Process 1 of a namespace has no parent there.
        return 0 if self.level == "namespaces" else os.getpid()

    def process(self, channel: socket.socket) -> launch.Process:
        """A new process, on its way to be a guest that talks on the channel. Raises OSError."""
        program = self.program
        folder = program.file.parent.absolute()
        writable = [TEMPORARY] if self.level == "namespaces" else []
        started = command(program, python=self.python, writable=writable)
        if not self.is_one_process:
            return launch.Unconfined(
                unconfined(started, python=self.python, wrapper=self.wrapper),
                channel=channel,
                folder=folder,
                environment=started.environment,
            )
        policy = launch.policy(
            self.level,
            started.arguments,
            readable=[*started.interpreter, *started.readable],
            folder=folder,
            action=program.action,
            guests=self.guests,
            limits=program.limits,
            reserved_bytes=started.reserved_bytes,
            environment=started.environment,
        )
        return launch.Confined(policy, channel=channel)
