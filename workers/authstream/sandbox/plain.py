"""Says of most commands, without a walk through the table, that `check_command` takes them.

A guest's answer comes out of a JSON parser, so its values are JSON. What is left to ask of most of
them are the types of the arguments. Anything else is for `check_command`, which has the last word.
"""

from __future__ import annotations

from dataclasses import fields
from functools import cache
from itertools import product
from math import prod
from typing import Any

from authstream.contracts.api import Method, methods
from authstream.contracts.json_value import JSON_INTEGER
from authstream.contracts.parameter import Parameter

_TYPES: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "number": (int, float),
    "boolean": (bool,),
    "null": (type(None),),
    "array": (list,),
    "object": (dict,),
}
_ANY = tuple(kind for kinds in _TYPES.values() for kind in kinds)
#: Types whose values need a look: a number may be too large, the others may have one inside.
_LOOKED_AT = frozenset({int, list, dict})
#: Rules of a parameter that are understood here; a command with others is never plain.
_KNOWN = frozenset(
    {"name", "types", "optional", "default", "says", "suggests", "hint", "limited", "forbidden"}
)
#: A command with more legal combinations of types is not worth the memory.
_SHAPES = 512

#: The types of all arguments, for every combination that is legal, with the positions of values
#: that need a look; and the texts that no argument may be.
_Command = tuple[dict[tuple[type, ...], tuple[int, ...]], tuple[object, ...]]


def is_legal(trigger: str, name: str, arguments: tuple[Any, ...]) -> bool:
    """Whether a command with values out of a JSON text is certainly legal.

    False: ask `check_command`.
    """
    command = _commands(trigger).get(name)
    if command is None:
        return False
    shapes, forbidden = command
    look = shapes.get(tuple(map(type, arguments)))
    if look is None:
        return False
    for text in forbidden:
        if text in arguments:
            return False
    return not look or all(_is_flat(arguments[position]) for position in look)


def _is_flat(value: float | list[object] | dict[str, object]) -> bool:
    """Whether a number is not too large, and a container holds neither one nor another."""
    if isinstance(value, int | float):
        return -JSON_INTEGER <= value <= JSON_INTEGER
    held = value.values() if isinstance(value, dict) else value
    return _LOOKED_AT.isdisjoint(map(type, held))


@cache
def _commands(trigger: str) -> dict[str, _Command]:
    found = ((path, _command(method)) for path, method in methods(trigger).items())
    return {path: command for path, command in found if command is not None}


def _command(method: Method) -> _Command | None:
    rules = method.parameters
    if method.kind != "command" or not all(map(_is_understood, rules)):
        return None
    kinds = [tuple(kind for name in rule.types for kind in _TYPES[name]) or _ANY for rule in rules]
    if prod(map(len, kinds)) > _SHAPES:
        return None
    least = max((number for number, rule in enumerate(rules, 1) if not rule.optional), default=0)
    shapes = {
        shape: tuple(position for position, kind in enumerate(shape) if kind in _LOOKED_AT)
        for count in range(least, len(rules) + 1)
        for shape in product(*kinds[:count])
    }
    return shapes, tuple(one.value for rule in rules for one in rule.forbidden)


def _is_understood(parameter: Parameter) -> bool:
    return all(
        rule.name in _KNOWN or getattr(parameter, rule.name) == rule.default
        for rule in fields(parameter)
    )
