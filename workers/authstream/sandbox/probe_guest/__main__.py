"""Runs the attacks named by the worker and answers what came of each, on descriptor 0."""

import importlib.util
import json
import os
import sys
from pathlib import Path

# As a package by its own folder, as a guest does it.
_FOLDER = Path(__file__).resolve().parent
_spec = importlib.util.spec_from_file_location(
    _FOLDER.name, _FOLDER / "__init__.py", submodule_search_locations=[str(_FOLDER)]
)
assert _spec is not None  # noqa: S101 - a .py file always has one
sys.modules[_FOLDER.name] = importlib.util.module_from_spec(_spec)
_attacks = importlib.import_module(f"{_FOLDER.name}.attacks")
_ground = json.loads(os.read(0, 65536))
for _name, _outcome in _attacks.run(_ground):
    os.write(0, json.dumps([_name, _outcome]).encode() + b"\n")
