"""User metadata: one patch by top-level key, kept when the flow is denied."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import orjson

from authstream.contracts.envelope import Failure
from authstream.contracts.verdict import Metadata
from authstream.engine.limits import USER_METADATA_BYTES
from authstream.engine.part import DECIDED, Call, Leg, Members, Part, command
from authstream.engine.restricted import app_metadata_refusal

_USER = "user.setUserMetadata"


class UserMetadata(Part):
    """`metadata.app_metadata`, `metadata.user_metadata`: patches; a null removes the key."""

    gives = ("metadata",)
    shown = DECIDED
    limits: ClassVar[Mapping[str, str]] = {
        "a patch of `app_metadata`, and one of `user_metadata`": (
            f"{USER_METADATA_BYTES // 1024} kB of JSON, what is over it is dropped"
        )
    }

    def __init__(self, leg: Leg) -> None:
        super().__init__(leg)
        self._calls: list[Call] = []
        #: At least the bytes of both patches.
        self._size = 0
        self._patches: dict[str, dict[str, Any]] = {}

    @command("user.setAppMetadata", _USER)
    def set(self, call: Call) -> None:
        """A value replaces the whole top-level key."""
        key = call.arguments[0]
        refusal = None if call.name == _USER else app_metadata_refusal(key)
        if refusal is None:
            self._calls.append(call)
            self._size += len(call.command.arguments)
        else:
            self.leg.drop(call, key, refusal)

    def settle(self) -> Failure | None:
        """Merge, now that it is known whether an action changed the subject."""
        for call in self._calls:
            self._merge(call)
        return None

    def _merge(self, call: Call) -> None:
        key, value = call.arguments
        if call.name == _USER and call.action == self.leg.linked_by:
            self.leg.drop(call, key, "user_metadata set with setPrimaryUser is lost")
            return
        patch = self._patches.get(call.name, {}) | {key: value}
        if self._size > USER_METADATA_BYTES and len(orjson.dumps(patch)) > USER_METADATA_BYTES:
            self.leg.drop(call, key, f"the patch would be over {USER_METADATA_BYTES} bytes")
        else:
            self._patches[call.name] = patch

    def members(self) -> Members:
        """Both patches."""
        app, user = (self._patches.get(name, {}) for name in ("user.setAppMetadata", _USER))
        return {"metadata": Metadata(app_metadata=app, user_metadata=user)}


class SharedMetadata(Part):
    """Nothing of the verdict: later actions of the flow see it in `event.transaction.metadata`."""

    shown = DECIDED

    @command("transaction.setMetadata")
    def set(self, call: Call) -> None:
        """Seen, not kept."""
