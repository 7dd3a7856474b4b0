"""Starts the guest: `python -I -S -B guest_python/__main__.py`, socket on descriptor 0."""

import importlib.util
import sys
from pathlib import Path

# As a package by its own folder: the folder above is none of an action's business.
_FOLDER = Path(__file__).resolve().parent
_spec = importlib.util.spec_from_file_location(
    _FOLDER.name, _FOLDER / "__init__.py", submodule_search_locations=[str(_FOLDER)]
)
assert _spec is not None  # noqa: S101 - a .py file always has one
sys.modules[_FOLDER.name] = importlib.util.module_from_spec(_spec)
importlib.import_module(f"{_FOLDER.name}.runner").main()
