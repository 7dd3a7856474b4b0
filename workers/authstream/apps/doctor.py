"""Checks what Authstream needs from a machine and a cluster, and says what to do."""

from __future__ import annotations

import ctypes
import platform
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from authstream.apps.stages import chosen, most, wrapper
from authstream.broker.kafka_topics import KafkaTopics, wanted
from authstream.broker.schema_registry import framing_of
from authstream.contracts.topics import Topics
from authstream.engine.guest_limits import DEFAULT, megabytes
from authstream.engine.state import state_keys
from authstream.errors import AuthstreamError, ConfigurationError
from authstream.sandbox import runtimes
from authstream.sandbox.launch import Level
from authstream.sandbox.levels import found_outside
from authstream.sandbox.probe_guest.attacks import DRASTIC
from authstream.settings import Settings

State = Literal["ok", "warning", "failed"]
OLDEST_PYTHON = (3, 11)
#: `adjtimex` answers this when no time service disciplines the clock (adjtimex(2)).
_TIME_ERROR = 5
_TIMEX_BYTES = 256
#: landlock_create_ruleset has the same number on every architecture (asm-generic).
_SYS_LANDLOCK_CREATE_RULESET = 444
_LANDLOCK_VERSION_FLAG = 1
#: The banner where the operator switched confinement off.
NOT_CONFINED = "ACTIONS ARE NOT CONFINED: they may do all that the worker's user may"


@dataclass(frozen=True, slots=True)
class Check:
    """One thing looked at."""

    name: str
    state: State
    found: str
    remedy: str = ""


def checks(
    settings: Settings, *, triggers: list[str], actions: list[str], kinds: list[str]
) -> Iterator[Check]:
    """Every check, one at a time."""
    yield _python()
    yield _node()
    yield _clock()
    yield _landlock()
    yield _namespaces()
    yield _sandbox(settings)
    yield _limits(settings)
    yield _states(settings)
    yield from _broker(settings, triggers=triggers, actions=actions, kinds=kinds)
    yield from _schemas(settings)


def _python() -> Check:
    found = platform.python_version()
    if sys.version_info >= OLDEST_PYTHON:
        return Check("python", "ok", found)
    return Check(
        "python", "failed", found, f"install Python {'.'.join(map(str, OLDEST_PYTHON))} or newer"
    )


def _node() -> Check:
    """What runs JavaScript actions: the system's Node, or the wheel's."""
    try:
        found = runtimes.node()
    except ConfigurationError as error:
        return Check("node", "warning", "none that runs JavaScript actions", str(error))
    return Check("node", "ok", f"{found.version} ({found.binary})")


def _states(settings: Settings) -> Check:
    """Whether flows can be suspended, for which their states are signed."""
    if state_keys(settings) is not None:
        signs = "AUTHSTREAM_STATE_KEY" if settings.state_key else "AUTHSTREAM_SLIP_KEY"
        return Check("states", "ok", f"suspended flows can be resumed: {signs} signs their states")
    return Check(
        "states",
        "warning",
        "no action can redirect, show a form or ask for MFA",
        "set AUTHSTREAM_STATE_KEY to 32 random bytes, the same for all workers",
    )


def _clock() -> Check:
    """Deadlines compare this clock with the broker's, so both should be disciplined."""
    try:
        state = ctypes.CDLL(None).adjtimex(ctypes.create_string_buffer(_TIMEX_BYTES))
    except (OSError, AttributeError):
        return Check(
            "clock", "warning", "cannot be asked on this system", "make sure a time service runs"
        )
    if state == _TIME_ERROR:
        return Check(
            "clock",
            "warning",
            "not synchronised",
            "run a time service (chrony, systemd-timesyncd) here and on the brokers",
        )
    return (
        Check("clock", "ok", "synchronised")
        if state >= 0
        else Check(
            "clock", "warning", "cannot be asked here", "make sure a time service runs on the host"
        )
    )


def _landlock() -> Check:
    remedy = (
        "Linux 5.13 or newer with Landlock enabled (lsm=landlock,… on the kernel's command line)"
    )
    if sys.platform != "linux":
        return Check("landlock", "warning", "not Linux", remedy)
    version = ctypes.CDLL(None, use_errno=True).syscall(
        _SYS_LANDLOCK_CREATE_RULESET, None, ctypes.c_size_t(0), _LANDLOCK_VERSION_FLAG
    )
    return (
        Check("landlock", "ok", f"ABI {version}")
        if version > 0
        else Check("landlock", "warning", "not available", remedy)
    )


def _namespaces() -> Check:
    limit = Path("/proc/sys/user/max_user_namespaces")
    allowed = limit.read_text().strip() if limit.exists() else "0"
    if allowed != "0":
        return Check("namespaces", "ok", f"up to {allowed} user namespaces")
    return Check(
        "namespaces",
        "warning",
        "user namespaces are off",
        "optional: sysctl user.max_user_namespaces=15000",
    )


def _sandbox(settings: Settings) -> Check:
    """What a worker does at its start: attack from inside a guest's confinement."""
    try:
        level = chosen(settings)
    except ConfigurationError as error:
        return Check("sandbox", "failed", str(error))
    if level == "none":
        return Check("sandbox", "warning", NOT_CONFINED, "set AUTHSTREAM_SANDBOX=auto")
    if level == "external":
        remedy = "make sure that the command confines these as you need"
        return Check("sandbox", "warning", external_line(wrapper(settings)), remedy)
    return Check("sandbox", "ok", f"level {level}: all attacks of the self-test were blocked")


def _limits(settings: Settings) -> Check:
    """What an operator lets an action ask for."""
    usual, highest = megabytes(DEFAULT.memory), megabytes(most(settings).memory)
    return Check("memory", "ok", f"{usual} for each guest; at most {highest} by limits.memory")


def external_line(wrapper: Sequence[str]) -> str:
    """What the self-test saw and did not see of the operator's own confinement, for people."""
    left = found_outside(tuple(wrapper)).got_through
    seen = f"not blocked: {', '.join(left)}" if left else "all other attacks were blocked too"
    return (
        f"level external: AUTHSTREAM_SANDBOX_COMMAND keeps guests away from the worker; {seen}."
        f" Not tested, and up to that command: egress, CPU, {', '.join(sorted(DRASTIC))}"
    )


def sandbox_line(level: Level) -> str:
    """How actions are confined, for people."""
    if level == "none":
        return NOT_CONFINED
    if level == "external":
        return "Actions are confined by AUTHSTREAM_SANDBOX_COMMAND; see `authstream doctor`."
    return f"Actions are confined (level {level}); they reach only the hosts of their egress."


def _schemas(settings: Settings) -> Iterator[Check]:
    """Only where something about them is set."""
    if settings.schema_registry.url:
        try:
            framing_of(settings)
        except AuthstreamError as error:
            yield Check("schema registry", "failed", f"{error}", "see docs/operate/secure-kafka.md")
        else:
            yield Check("schema registry", "ok", settings.schema_registry.url)
    if settings.write_as:
        yield Check(
            "upgrade",
            "warning",
            f"records are written as {settings.write_as} reads them",
            "when every process runs this version, restart without AUTHSTREAM_WRITE_AS",
        )


def _broker(
    settings: Settings, *, triggers: list[str], actions: list[str], kinds: list[str]
) -> Iterator[Check]:
    if settings.embedded:
        yield Check(
            "broker",
            "warning",
            "embedded: in memory, for one machine",
            "use Apache Kafka in production and set AUTHSTREAM_BROKERS",
        )
        return
    try:
        topics = KafkaTopics(settings)
        there = topics.partitions()
    except AuthstreamError as error:
        yield Check(
            "broker",
            "failed",
            str(error),
            "start Kafka (deploy/compose.yaml), or `authstream up DIR` for a try",
        )
        return
    yield Check("broker", "ok", f"{settings.brokers}, {len(there)} topics")
    problems = topics.problems(
        wanted(Topics(settings.prefix), settings, triggers=triggers, actions=actions, kinds=kinds)
    )
    if problems:
        yield Check(
            "topics",
            "failed",
            f"{problems[0]} ({len(problems)} problems)",
            "run `authstream topics apply --folder DIR`",
        )
    else:
        yield Check("topics", "ok", "as they should be")
