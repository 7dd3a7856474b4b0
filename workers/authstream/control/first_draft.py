"""The code that a new action begins with."""

from __future__ import annotations

from authstream.contracts.api import python_path
from authstream.engine.trigger import Trigger
from authstream.errors import ConfigurationError

_PYTHON = """# {name}: runs at every {trigger}: `event` says what happened, `api` takes wishes.
async def {handler}(event, api):
    pass
"""
_JAVASCRIPT = """// {name}: runs at every {trigger}: `event` says what happened, `api` takes wishes.
exports.{handler} = async (event, api) => {{
}};
"""


def code(name: str, trigger: Trigger, language: str) -> tuple[str, str]:
    """File name and text. Raises ConfigurationError for another language."""
    if language == "python":
        handler = python_path(trigger.handler)
        return "action.py", _PYTHON.format(name=name, trigger=trigger.name, handler=handler)
    if language == "javascript":
        text = _JAVASCRIPT.format(name=name, trigger=trigger.name, handler=trigger.handler)
        return "action.js", text
    raise ConfigurationError(f"no language {language!r}; there are python and javascript")
