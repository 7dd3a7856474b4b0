"""What may be written after `api.` and `event.`, for editors that complete while one writes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from pydantic import BaseModel

from authstream.contracts.api import methods, python_path
from authstream.contracts.api.method import Method
from authstream.contracts.event_typings import Shape, members
from authstream.contracts.parameter import ABSENT
from authstream.contracts.runtime import Language


@dataclass(frozen=True, slots=True)
class Completion:
    """One place under `api` or `event`."""

    #: From the root down: `api.idToken.setCustomClaim`, `event.user.email`.
    path: str
    kind: Literal["method", "property"]
    #: A method's parameters, a member's type.
    detail: str
    about: str = ""


def completions(trigger: str, event: type[BaseModel], *, language: Language) -> list[Completion]:
    """All of a trigger, whose events have this model."""
    python = language == "python"
    called = [_method(method, python=python) for method in methods(trigger).values()]
    own = [Completion(f"event.{name}", "property", "object") for name in ("secrets",)]
    return [*called, *own, *_event("event", event)]


def _method(method: Method, *, python: bool) -> Completion:
    names = [
        (python_path(one.name) if python else one.name)
        + ("?" if one.optional or one.default != ABSENT else "")
        for one in method.parameters
    ]
    path = python_path(method.path) if python else method.path
    return Completion(f"api.{path}", "method", f"({', '.join(names)})", method.about)


def _event(path: str, model: type[BaseModel]) -> Iterator[Completion]:
    for name, shape, always in members(model):
        inner = f"{path}.{name}"
        yield Completion(inner, "property", f"{_type(shape)}{'' if always else ', optional'}")
        if shape.model is not None:
            yield from _event(inner, shape.model)


def _type(shape: Shape) -> str:
    if shape.kind == "choice":
        return " | ".join(shape.values)
    return f"array of {_type(shape.items)}" if shape.items is not None else shape.kind
