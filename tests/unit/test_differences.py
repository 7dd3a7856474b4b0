"""Differences of JSON values: one line for each place, that a person finds again."""

from __future__ import annotations

import pytest

from authstream.control.differences import SHOWN, differences


@pytest.mark.parametrize(
    ("before", "after", "lines"),
    [
        ({"a": 1, "b": [1, 2]}, {"a": 1, "b": [1, 2]}, []),
        ({"a": 1}, {"a": 2}, ["~ a: 1 → 2"]),
        ({"a": 1}, {}, ["- a: 1"]),
        ({}, {"a": None}, ["+ a: null"]),
        ({"a": {"b": 1}}, {"a": {"b": "1"}}, ['~ a.b: 1 → "1"']),
        ({"a": [1, 2]}, {"a": [1, 3, 4]}, ["~ a[1]: 2 → 3", "+ a[2]: 4"]),
        ({"a": [1, 2]}, {"a": [1]}, ["- a[1]: 2"]),
        ({"https://x": 1}, {"https://x": 2}, ['~ ["https://x"]: 1 → 2']),
        ({"a": 1}, {"a": True}, ["~ a: 1 → true"]),
        ({"a": [1]}, {"a": {"0": 1}}, ['~ a: [1] → {"0": 1}']),
        ("x", "y", ['~ value: "x" → "y"']),
    ],
)
def test_each_place_that_differs_is_a_line(before: object, after: object, lines: list[str]) -> None:
    """Changed, lost and new members and items, by their path."""
    assert [str(one) for one in differences(before, after)] == lines


def test_long_values_are_cut() -> None:
    """A line stays readable."""
    (line,) = [str(one) for one in differences({"a": "x" * 500}, {"a": 1})]
    assert line == f'~ a: "{"x" * (SHOWN - 2)}… → 1'
