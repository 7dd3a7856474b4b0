"""How a guest process ends or fails to start, in words for the author of its action."""

from __future__ import annotations

import signal
from dataclasses import dataclass

from authstream.contracts.envelope import Thrown
from authstream.engine.guest_limits import megabytes
from authstream.engine.program import Program, Status
from authstream.errors import AuthstreamError
from authstream.metrics.registry import REGISTRY
from authstream.sandbox.launcher.system import EXIT_NOT_CONFINED
from authstream.sandbox.runtimes import heap_bytes

#: What V8 says last when its heap is full.
_HEAP_FULL = "JavaScript heap out of memory"
_REMEDY = "use less, or raise limits.memory in action.yaml"


class GuestError(AuthstreamError):
    """Something about a guest process, not about one event."""

    code = "guest"


class GuestStartError(GuestError):
    """A guest did not come up."""

    code = "guest_start"


class GuestLoadError(GuestStartError):
    """The action's own top-level code failed; its message and line are in the text."""

    code = "action_load"

    def __init__(self, message: str, thrown: Thrown) -> None:
        super().__init__(message)
        self.thrown = thrown


@dataclass(frozen=True, slots=True)
class Ending:
    """How a process ended: `crashed` by itself, `timeout` when it no longer answered."""

    status: Status
    reason: str


def over_memory(program: Program, used: int) -> str:
    """Why the worker ended a guest that took more than it may have."""
    return f"used {megabytes(used)} of memory, over its {met_limit(program)}"


def exit_text(program: Program, code: int, last_words: str) -> str:
    """Why a process is gone that nobody ended: `code` is its status, negative for a signal."""
    if _HEAP_FULL in last_words:
        heap = megabytes(heap_bytes(program))
        return f"filled its JavaScript heap of {heap}, a part of its {met_limit(program)}"
    if code == EXIT_NOT_CONFINED:
        said = "was not run"
    elif code < 0:
        said = f"was ended by {signal.Signals(-code).name}"
    else:
        said = f"exited with status {code}"
    return quoted(said, last_words)


def quoted(reason: str, last_words: str) -> str:
    """A reason with what the process last said."""
    return f"{reason}; it last said: {last_words}" if last_words else reason


def met_limit(program: Program) -> str:
    """The memory limit that a program met, and what to do about it.

    Counted here, where it is put into words: the three ways to meet it have only that in common.
    """
    REGISTRY.counter("authstream.guest.over_memory", program.label).add()
    return f"limits.memory of {megabytes(program.limits.memory)}: {_REMEDY}"
