"""A control plane in memory: doors to it, and actions to put through them."""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Any

from authstream.broker.memory_log import MemoryLog
from authstream.control.door import Builder, Door, Unchecked
from authstream.control.drafts import Draft
from authstream.control.folder import DeployedAction
from authstream.control.seal import Keyring
from authstream.control.store import Store
from authstream.engine.ports import Clock
from authstream.errors import ConfigurationError
from authstream.triggers.post_login import PLUGIN as POST_LOGIN

PL = POST_LOGIN.name
KEY = base64.b64encode(b"k" * 32).decode()
RING = Keyring({"k1": b"k" * 32})
CODE = "def on_execute_post_login(event, api):\n    api.id_token.set_custom_claim('{0}', '{0}')\n"


class Refusing:
    """A build that fails for code with this word in it."""

    def build(self, action: DeployedAction, say: Callable[[str], None]) -> None:
        """Say so, as a real one does."""
        if "broken" in action.code.read_text():
            say("it is broken")
            raise ConfigurationError("the code is broken; correct it")


def memory_store(clock: Clock | None = None, log: MemoryLog | None = None, **options: Any) -> Store:
    """A store on a log in memory, its own unless one is given."""
    return Store(log or MemoryLog(clock), MemoryLog(clock), clock=clock, **options)


def door(store: Store, actor: str = "ada", builder: Builder | None = None, **options: Any) -> Door:
    """A way in."""
    members: dict[str, Any] = {"keyring": RING, "builder": builder or Unchecked(), **options}
    return Door(store, actor, {PL: POST_LOGIN}, **members)


def draft(text: str = "one", **members: Any) -> Draft:
    """An action that sets a claim of this name."""
    return Draft(PL, "action.py", CODE.format(text).encode(), **members)
