"""Chooses how guests are confined: the strongest level that passes its own attacks here."""

from __future__ import annotations

import functools
import shutil
import sys
from collections.abc import Sequence
from typing import Literal, get_args

from authstream.errors import ConfigurationError
from authstream.sandbox.census import CENSUS
from authstream.sandbox.launch import Level
from authstream.sandbox.launcher.numbers import MACHINE, NUMBERS
from authstream.sandbox.probe import Findings, attack

#: What an operator may ask for.
Wanted = Literal["auto", "namespaces", "landlock", "external", "none"]
#: The least that an operator accepts.
Minimum = Literal["namespaces", "landlock", "none"]

#: Strongest first.
LEVELS: tuple[Level, ...] = get_args(Level)
UNSAFE = "AUTHSTREAM_ENABLE_UNSAFE_CODE"
_REMEDIES = {
    "namespaces": "allow user namespaces (sysctl user.max_user_namespaces=15000; on Ubuntu also"
    " kernel.apparmor_restrict_unprivileged_userns=0), or accept AUTHSTREAM_SANDBOX=landlock",
    "landlock": "use Linux 5.13 or newer with Landlock (lsm=landlock,… on the kernel's command"
    " line) and an interpreter and folders that the guest's user can read",
}
_HOLE = "this attack succeeded, so the kernel does not enforce what was asked: use another kernel"


def choose(
    wanted: Wanted = "auto",
    *,
    minimum: Minimum = "none",
    unsafe: bool = False,
    wrapper: Sequence[str] = (),
) -> Level:
    """The level that guests run at, proven by attacking from inside it; `CENSUS` knows it from now.

    `wrapper` is the operator's command at level `external`.

    Raises:
        ConfigurationError: No level that is wanted works here, or an unsafe one is not enabled.
    """
    CENSUS.level = _chosen(wanted, minimum, unsafe=unsafe, wrapper=tuple(wrapper))
    return CENSUS.level


def _chosen(wanted: Wanted, minimum: Minimum, *, unsafe: bool, wrapper: tuple[str, ...]) -> Level:
    if wanted == "external":
        return _external(minimum, wrapper)
    if wanted == "none":
        return _none(minimum, unsafe=unsafe)
    candidates: tuple[Literal["namespaces", "landlock"], ...] = (
        ("namespaces", "landlock") if wanted == "auto" else (wanted,)
    )
    problems: list[str] = []
    for level in candidates:
        if _weaker(level, minimum):
            problems.append(f"{level} is below AUTHSTREAM_SANDBOX_MIN_LEVEL={minimum}")
            continue
        failures = failures_of(level)
        if not failures:
            return level
        problems.append(f"{level}: {'; '.join(failures)}")
    raise ConfigurationError(
        f"actions cannot be confined on this machine, so they are not run. {'. '.join(problems)}."
        f" For actions you wrote yourself: AUTHSTREAM_SANDBOX=none with {UNSAFE}=1"
    )


@functools.cache
def failures_of(level: Literal["namespaces", "landlock"]) -> tuple[str, ...]:
    """What a level does not protect here, found once per process; none: it works."""
    if sys.platform != "linux":
        return (f"{sys.platform} has no such protection: run the worker on Linux",)
    if not NUMBERS:
        return (f"the processor {MACHINE} is not supported: use x86-64 or arm64",)
    findings = attack(level)
    if findings.problem:
        return (f"{findings.problem}: {_REMEDIES[level]}",)
    return tuple(f"{hole}: {_HOLE}" for hole in findings.failures(level))


@functools.cache
def found_outside(wrapper: tuple[str, ...]) -> Findings:
    """What came of the attacks on a guest that the operator's command confines."""
    return attack("external", wrapper=wrapper)


def _external(minimum: Minimum, wrapper: tuple[str, ...]) -> Level:
    if minimum != "none":
        raise ConfigurationError(
            "AUTHSTREAM_SANDBOX=external is not proven by Authstream, so it is below"
            f" AUTHSTREAM_SANDBOX_MIN_LEVEL={minimum}: change one"
        )
    if not wrapper:
        raise ConfigurationError(
            "AUTHSTREAM_SANDBOX=external needs the command that confines a guest: set"
            " AUTHSTREAM_SANDBOX_COMMAND, e.g. to 'runsc --rootless --network=none do'"
        )
    if shutil.which(wrapper[0]) is None:
        raise ConfigurationError(
            f"AUTHSTREAM_SANDBOX_COMMAND begins with {wrapper[0]}, which is not there: install it,"
            " or give its path"
        )
    failures = found_outside(wrapper).failures("external")
    if failures:
        raise ConfigurationError(
            f"AUTHSTREAM_SANDBOX_COMMAND does not keep a guest away from the worker:"
            f" {'; '.join(failures)}. Actions are not run. Correct the command: a guest needs"
            " processes and a network of its own, and no files but the interpreter's and its own"
        )
    return "external"


def _none(minimum: Minimum, *, unsafe: bool) -> Level:
    if not unsafe:
        raise ConfigurationError(
            f"AUTHSTREAM_SANDBOX=none runs actions with all that the worker may do: set {UNSAFE}=1"
            " as well if you wrote every action yourself, else use auto"
        )
    if minimum != "none":
        raise ConfigurationError(
            f"AUTHSTREAM_SANDBOX=none is below AUTHSTREAM_SANDBOX_MIN_LEVEL={minimum}: change one"
        )
    return "none"


def _weaker(level: Level, minimum: Minimum) -> bool:
    return LEVELS.index(level) > LEVELS.index(minimum)
