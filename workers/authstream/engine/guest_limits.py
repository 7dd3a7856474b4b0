"""What each guest of an action may use, and the most that an operator lets an action ask for."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import timedelta

from authstream.contracts.budgets import COMMANDS_BYTES, CONSOLE_CHARACTERS
from authstream.contracts.runtime import Language
from authstream.errors import ConfigurationError

KIB = 1024
MIB = 1024 * KIB


@dataclass(frozen=True, slots=True)
class GuestLimits:
    """The limits of one guest, each at its default."""

    #: Memory of its own, bytes: private writable memory with the stacks of its threads; in
    #: JavaScript half of it is V8's heap.
    memory: int = 256 * MIB
    #: Threads, those of the runtime included.
    threads: int = 64
    #: Open files and sockets.
    descriptors: int = 256
    #: The temporary folder, and the largest file in it, bytes.
    temporary: int = 16 * MIB
    #: JSON of all commands of one run, bytes.
    output: int = COMMANDS_BYTES
    #: Console output kept for one run, characters.
    log: int = CONSOLE_CHARACTERS


DEFAULT = GuestLimits()
#: How often a guest's memory is looked at.
MEMORY_EVERY = timedelta(milliseconds=250)
#: The most that an action may ask for, unless the operator says otherwise. Records hold no more
#: output and log than the default.
MOST = GuestLimits(memory=512 * MIB, threads=256, descriptors=1024, temporary=64 * MIB)
#: Below these the runtimes do not start, or not reliably (measured with Python 3.11 and Node 20).
LEAST: dict[Language, GuestLimits] = {
    "python": GuestLimits(32 * MIB, 24, 32, 64 * KIB, KIB, 256),
    "javascript": GuestLimits(64 * MIB, 24, 48, 64 * KIB, KIB, 256),
}
_BYTES = frozenset({"memory", "temporary", "output"})


def check(wanted: GuestLimits, language: Language, most: GuestLimits = MOST) -> None:
    """Check what an action asks for.

    Raises:
        ConfigurationError: A limit is less than the runtime needs, or more than the operator gives.
    """
    least = LEAST[language]
    for field in fields(GuestLimits):
        name = field.name
        value, lowest, highest = (getattr(one, name) for one in (wanted, least, most))
        if value < lowest:
            raise ConfigurationError(
                f"limits.{name}: {_said(name, value)} is less than the {_said(name, lowest)} that"
                f" {language} needs: ask for more"
            )
        if value > highest:
            raise ConfigurationError(
                f"limits.{name}: {_said(name, value)} is more than the {_said(name, highest)} that"
                f" an action may have here: ask for less{_remedy(name)}"
            )


def megabytes(value: int) -> str:
    """A size for people, in units of 2**20 bytes."""
    return f"{value / MIB:.4g} MiB"


def _said(name: str, value: int) -> str:
    if name not in _BYTES:
        return f"{value}"
    return megabytes(value) if value >= MIB else f"{value / KIB:.4g} KiB"


def _remedy(name: str) -> str:
    if getattr(MOST, name) == getattr(DEFAULT, name):
        return ""  # what a record holds is not for an operator to change
    return f", or the operator sets AUTHSTREAM_LIMITS__{name.upper()}"
