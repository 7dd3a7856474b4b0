"""stub."""
from typing import Any
Result = dict[str, Any]
def render(result): return str(result["rows"])
def targets(result): return []
