"""What an import did, what is left to do, and what it could not do and why."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Imported:
    """An action or module of the export, and the folder it is in now."""

    name: str
    folder: str
    trigger: str | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ImportedFlow:
    """The order of one trigger."""

    trigger: str
    actions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ToDo:
    """Something that somebody must give: secret values, hosts, keywords."""

    #: An action, `actions:<name>` for a module, or a file.
    owner: str
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class NotSupported:
    """A part that is left out, and why."""

    what: str
    why: str


@dataclass(slots=True)
class Files:
    """What became of the files in the folder."""

    written: list[str] = field(default_factory=list[str])
    unchanged: list[str] = field(default_factory=list[str])
    #: Changed since the last import, so left as they are.
    kept: list[str] = field(default_factory=list[str])
    #: No longer in the export.
    removed: list[str] = field(default_factory=list[str])


@dataclass(slots=True)
class Report:
    """The whole of it."""

    actions: list[Imported] = field(default_factory=list[Imported])
    modules: list[Imported] = field(default_factory=list[Imported])
    flows: list[ImportedFlow] = field(default_factory=list[ImportedFlow])
    secrets_to_set: list[ToDo] = field(default_factory=list[ToDo])
    #: Hosts that were found in the code and are allowed now.
    egress: list[ToDo] = field(default_factory=list[ToDo])
    #: Addresses that the code makes at run time, whose hosts somebody must add.
    egress_to_set: list[ToDo] = field(default_factory=list[ToDo])
    keywords_to_set: list[ToDo] = field(default_factory=list[ToDo])
    not_supported: list[NotSupported] = field(default_factory=list[NotSupported])
    files: Files = field(default_factory=Files)

    def refuse(self, what: str, why: str) -> None:
        """Note a part that is left out."""
        self.not_supported.append(NotSupported(what, why))

    def public(self) -> dict[str, Any]:
        """JSON-ready members."""
        return asdict(self)

    def lines(self) -> Iterator[str]:
        """For people, one fact a line."""
        for action in self.actions:
            yield f"imported  action {action.name} ({action.trigger}) as {action.folder}"
            yield from (f"          note: {note}" for note in action.notes)
        for module in self.modules:
            yield f"imported  module {module.name} as {module.folder}"
        for flow in self.flows:
            yield f"imported  flow {flow.trigger}: {', '.join(flow.actions) or 'no actions'}"
        yield from _listed("allowed   egress of", self.egress)
        yield from _listed("to do     secret values of", self.secrets_to_set)
        yield from _listed("to do     egress of", self.egress_to_set)
        yield from _listed("to do     keyword in", self.keywords_to_set)
        for left_out in self.not_supported:
            yield f"left out  {left_out.what}: {left_out.why}"
        for state in ("written", "kept", "removed"):
            yield from (f"{state:9} {path}" for path in getattr(self.files, state))
        yield f"{len(self.files.unchanged)} files unchanged"


def _listed(label: str, todos: list[ToDo]) -> Iterator[str]:
    return (f"{label} {todo.owner}: {', '.join(todo.names)}" for todo in todos)
