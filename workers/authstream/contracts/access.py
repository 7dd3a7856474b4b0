"""What each process must be allowed on Kafka, derived from the topic catalogue: no more than that.

A process is a worker that hosts one group of stages (`entry`, `action`, …), the gateway, a provider
that uses Kafka itself, or a person's tool. Operations, resources and pattern types are Kafka's own
(KIP-11, KIP-290).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from authstream.contracts.topics import CATALOG, DELAYS, Topics, TopicSpec

#: Workers by the stages that they host: the first part of a stage's name.
STAGES = ("entry", "action", "resume", "assemble", "fanout", "metadata", "effect", "canary")
#: Others: the gateway, a provider on Kafka, what reads a provider's own log, `apply` and the admin
#: API, `topics` and `dead-letters`.
OTHERS = ("gateway", "provider", "ingest", "control", "operator")
PROCESSES = (*STAGES, *OTHERS)
#: What readers are called that belong to no group: a client library looks for its coordinator.
NO_GROUP = "authstream.reader"
#: Groups of the SDK's readers of verdicts begin with it, after the topic prefix.
READER_GROUPS = "reader."
#: The catalogue's words for more, or for others, than the process of that name.
_MEANT: dict[str, tuple[str, ...]] = {
    "providers": ("provider",),
    "SDK": ("provider",),
    "anyone": ("provider",),
    "anyone who watches denials": (),
    "any stage": (*STAGES, "ingest"),
    "any stage on failure": STAGES,
    "by point reads": (),
    "console": ("control",),
    "CLI": ("operator",),
    "control plane": ("control",),
    "every process": (*STAGES, "control", "operator"),
    "workers": STAGES,
}


class Operation(StrEnum):
    """What Kafka calls it."""

    READ = "Read"
    WRITE = "Write"
    DESCRIBE = "Describe"
    CREATE = "Create"
    ALL = "All"


_READ, _WRITE = Operation.READ, Operation.WRITE
Resource = Literal["Topic", "Group"]


@dataclass(frozen=True, slots=True, order=True)
class Right:
    """One thing that a principal may do; `prefixed`: to every name that begins so."""

    resource: Resource
    name: str
    operation: Operation
    prefixed: bool = False


def meant(words: str) -> set[str]:
    """The processes that a `written_by` or `read_by` of the catalogue names."""
    parts = words.split(", ")
    return {process for part in parts for process in _MEANT.get(part, (process_of(part),))}


def rights(
    process: str, topics: Topics, *, triggers: Iterable[str], kinds: Iterable[str]
) -> list[Right]:
    """What a process needs, sorted. Writing includes idempotent writing since Kafka 2.8."""
    names = {"<trigger>": list(triggers), "<kind>": list(kinds), "<delay>": list(DELAYS)}
    found = set(_everywhere(process, topics))
    for spec in CATALOG:
        for operation, words in ((_READ, spec.read_by), (_WRITE, spec.written_by)):
            if process in meant(words):
                found |= set(_of_topic(spec, topics, operation, names=names))
    return sorted(found)


def process_of(stage: str) -> str:
    """The process that hosts a stage: `action` for `action.crm-enrich`."""
    return stage.partition(".")[0]


def _everywhere(process: str, topics: Topics) -> Iterator[Right]:
    """What has nothing to do with single topics."""
    ours = f"{topics.prefix}."
    # A worker looks at start whether all topics are there, with the right number of partitions.
    yield Right("Topic", ours, Operation.DESCRIBE, prefixed=True)
    yield Right("Group", NO_GROUP, Operation.DESCRIBE)
    if process in STAGES:
        several = process in {"action", "effect"}
        group = f"{ours}{process}{'.' if several else ''}"
        yield Right("Group", group, _READ, prefixed=several)
    if process == "ingest":
        # What it reads is the provider's own topic, of a name that the catalogue does not know.
        yield Right("Group", f"{ours}ingest.", _READ, prefixed=True)
    if process == "provider":
        yield Right("Group", f"{ours}{READER_GROUPS}", _READ, prefixed=True)
    if process == "control":
        # A new action has a topic of its own.
        yield Right("Topic", f"{ours}action.", Operation.CREATE, prefixed=True)
    if process == "operator":
        # Makes topics, replays what was set aside under the name of whoever wrote it, erases.
        yield Right("Topic", ours, Operation.ALL, prefixed=True)
        yield Right("Group", ours, Operation.ALL, prefixed=True)


def _of_topic(
    spec: TopicSpec, topics: Topics, operation: Operation, *, names: dict[str, list[str]]
) -> Iterator[Right]:
    pattern = f"{topics.prefix}.{spec.pattern}"
    if "<action>" in pattern:
        # Actions come and go without anybody touching the cluster's rights.
        yield Right("Topic", pattern.partition("<action>")[0], operation, prefixed=True)
        return
    found: list[str] = [pattern]
    for placeholder, values in names.items():
        if placeholder in pattern:
            found = [name.replace(placeholder, value) for name in found for value in values]
    yield from (Right("Topic", name, operation) for name in found)
