"""Starts the launcher: `python -I -S -B launcher/__main__.py FD`, its control socket on FD."""

import importlib
import os.path
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
importlib.import_module("launcher.confinement").main(int(sys.argv[1]))
