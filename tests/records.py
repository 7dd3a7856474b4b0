"""Hypothesis strategies that make any record of a model."""

from __future__ import annotations

import builtins
import types
import typing
from typing import Any, TypeVar

from hypothesis import strategies as st
from pydantic import BaseModel

M = TypeVar("M", bound=BaseModel)
_TEXT = st.text(max_size=20)
_NUMBER = st.integers(min_value=-(2**63), max_value=2**63 - 1)
#: Any JSON value that is no container.
SCALARS = st.none() | st.booleans() | st.floats(allow_nan=False, allow_infinity=False) | _TEXT
#: Any small JSON value.
JSON = st.recursive(
    SCALARS | _NUMBER,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_TEXT, inner, max_size=3),
    max_leaves=8,
)
OBJECTS = st.dictionaries(_TEXT, JSON, max_size=2)
_SIMPLE: dict[object, st.SearchStrategy[Any]] = {
    str: _TEXT,
    int: _NUMBER,
    float: st.floats(allow_nan=False, allow_infinity=False),
    bool: st.booleans(),
    bytes: st.binary(max_size=20),
    type(None): st.none(),
}


def records(model: type[M]) -> st.SearchStrategy[M]:
    """Any record of a model; members with a default are left out of some."""
    kept = {name: _of(field.annotation) for name, field in model.model_fields.items()}
    spare = {name: kept.pop(name) for name in [*kept] if not model.model_fields[name].is_required()}
    return st.fixed_dictionaries(kept, optional=spare).map(lambda members: model(**members))


def _of(annotation: Any) -> st.SearchStrategy[Any]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return records(annotation)
    if annotation in _SIMPLE:
        return _SIMPLE[annotation]
    return _generic(annotation)


def _generic(annotation: Any) -> st.SearchStrategy[Any]:
    match typing.get_origin(annotation), typing.get_args(annotation):
        case (typing.Literal, values):
            return st.sampled_from(values)
        case (typing.Annotated, (inner, *_)):
            return _of(inner)
        case (typing.Union | types.UnionType, choices):
            return st.one_of([_of(choice) for choice in choices])
        case (builtins.tuple, (item, *_)):
            return st.lists(_of(item), max_size=3).map(tuple)
        case _:
            return OBJECTS
