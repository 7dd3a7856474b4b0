"""Starts the guest: `python -I -S -B guest_python/__main__.py`, socket on descriptor 0."""

import importlib
import sys
from pathlib import Path

_PACKAGES = str(Path(__file__).resolve().parent.parent)
sys.path.insert(0, _PACKAGES)
_runner = importlib.import_module("guest_python.runner")
# What else is in that folder is none of an action's business.
sys.path.remove(_PACKAGES)
_runner.main()
