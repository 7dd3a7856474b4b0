"""Types of events for authors of actions, rendered from the triggers' models."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from dataclasses import dataclass
from keyword import iskeyword
from textwrap import indent
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel

#: The guest puts these in, whatever a provider publishes.
_OF_THE_ACTION = frozenset({"secrets", "configuration"})
_TYPESCRIPT = {"string": "string", "number": "number", "boolean": "boolean", "any": "any"}
_PYTHON = {"string": "str", "number": "float", "boolean": "bool", "any": "Any"}


@dataclass(frozen=True, slots=True)
class Shape:
    """What a member of an event is, in the words of neither language."""

    kind: Literal["string", "number", "boolean", "any", "map", "array", "object", "choice"]
    items: Shape | None = None
    model: type[BaseModel] | None = None
    values: tuple[str, ...] = ()


def typescript_event(name: str, model: type[BaseModel]) -> str:
    """An interface; members that a provider may leave out are optional."""
    body = indent(_typescript_members(model), "  ")
    return f"/** {_about(model)} */\nexport interface {name} extends Event {{\n{body}}}\n"


def python_event(name: str, model: type[BaseModel]) -> str:
    """Classes of stubs; one that is absent raises, so `get` is for what may be."""
    classes: list[str] = []
    _python_class(name, model, "Event", classes)
    return "\n".join(classes)


def _typescript_members(model: type[BaseModel]) -> str:
    return "".join(
        f"{name}{'' if required else '?'}: {_typescript(shape)};\n"
        for name, shape, required in members(model)
    )


def _typescript(shape: Shape) -> str:
    if shape.kind == "choice":
        return " | ".join(f'"{value}"' for value in shape.values)
    if shape.items is not None:
        return f"({_typescript(shape.items)})[]"
    if shape.model is not None:
        members = indent(_typescript_members(shape.model), "  ")
        return f"{{\n{members}  [member: string]: any;\n}}"
    return _TYPESCRIPT.get(shape.kind, "{ [name: string]: any }")


def _python_class(name: str, model: type[BaseModel], base: str, classes: list[str]) -> None:
    """The class of a model, after those of its members."""
    lines = [f'"""{_about(model)}"""', ""]
    for member, shape, _ in members(model):
        if not iskeyword(member):
            lines.append(
                f"{member}: {_python(shape, f'{_private(name)}{_pascal(member)}', classes)}"
            )
    body = indent("\n".join(lines), "    ")
    classes.append(f"class {name}({base}):\n{body}\n")


def _python(shape: Shape, name: str, classes: list[str]) -> str:
    """The type of a member; makes the class that it needs."""
    if shape.kind == "choice":
        values = ", ".join(f'"{value}"' for value in shape.values)
        return f"Literal[{values}]"
    if shape.items is not None:
        return f"list[{_python(shape.items, name, classes)}]"
    if shape.model is not None:
        _python_class(name, shape.model, "Record", classes)
        return name
    return _PYTHON.get(shape.kind, "Record")


def members(model: type[BaseModel]) -> Iterator[tuple[str, Shape, bool]]:
    """Name, shape, and whether it is always there, of each member that a provider publishes."""
    for name, field in model.model_fields.items():
        if name not in _OF_THE_ACTION:
            yield field.alias or name, _shape(field.annotation), field.is_required()


def _shape(annotation: Any) -> Shape:  # noqa: ANN401 - typing forms have no common type
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin in (Union, UnionType):
        kinds = [_shape(one) for one in arguments if one is not NoneType]
        return kinds[0] if len(kinds) == 1 else Shape("any")
    if origin is Literal:
        return Shape("choice", values=arguments)
    if origin in (list, tuple):
        return Shape("array", items=_shape(arguments[0]))
    return _plain(origin or annotation)


def _plain(kind: Any) -> Shape:  # noqa: ANN401 - as above
    if inspect.isclass(kind) and issubclass(kind, BaseModel):
        return Shape("object", model=kind)
    if kind is dict:
        return Shape("map")
    words: dict[Any, Literal["string", "number", "boolean"]] = {
        str: "string",
        int: "number",
        float: "number",
        bool: "boolean",
    }
    return Shape(words.get(kind, "any"))


def _about(model: type[BaseModel]) -> str:
    return (inspect.getdoc(model) or "").partition("\n")[0]


def _private(name: str) -> str:
    return name if name.startswith("_") else f"_{name}"


def _pascal(name: str) -> str:
    return "".join(part[:1].upper() + part[1:] for part in name.split("_"))
