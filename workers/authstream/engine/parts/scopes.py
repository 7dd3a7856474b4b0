"""Scopes of the access token: added and removed, or for machines the whole set."""

from __future__ import annotations

from authstream.contracts.api.tokens import SCOPES
from authstream.contracts.envelope import Failure
from authstream.contracts.verdict import TargetScopes
from authstream.engine.part import Call, Leg, Members, Part, command


class ScopeChanges(Part):
    """`scopes_added`, `scopes_removed`: in the order of first mention, the last call wins."""

    gives = ("scopes_added", "scopes_removed")

    def __init__(self, leg: Leg) -> None:
        super().__init__(leg)
        self._added: dict[str, None] = {}
        self._removed: dict[str, None] = {}

    @command("accessToken.addScope")
    def add(self, call: Call) -> None:
        """Grant a scope."""
        scope = call.arguments[0].strip()
        self._removed.pop(scope, None)
        if scope not in self._added and len(self._added) == SCOPES:
            self.leg.drop(call, scope, f"{SCOPES} scopes were added before")
        else:
            self._added[scope] = None

    @command("accessToken.removeScope")
    def remove(self, call: Call) -> None:
        """Do not grant a scope."""
        scope = call.arguments[0].strip()
        self._added.pop(scope, None)
        self._removed[scope] = None

    def members(self) -> Members:
        """Scopes that differ from what was requested."""
        return {"scopes_added": tuple(self._added), "scopes_removed": tuple(self._removed)}


class TargetScopeChanges(Part):
    """`target_scopes.scopes`: the set to intersect with the client's grant; null: as requested."""

    gives = ("target_scopes",)

    def __init__(self, leg: Leg) -> None:
        super().__init__(leg)
        self._changes: list[Call] = []
        self._scopes: dict[str, None] | None = None

    @command(
        "transaction.addTargetScope",
        "transaction.removeTargetScope",
        "transaction.setTargetScopes",
        "transaction.clearTargetScopes",
    )
    def change(self, call: Call) -> None:
        """One operation on the set."""
        self._changes.append(call)

    def settle(self) -> Failure | None:
        """Apply the operations, in order, to the set that the event says."""
        if self._changes:
            stated = self.leg.member("transaction", "target_scopes")
            if stated is None:
                granted = self.leg.member("accessToken", "scope")
                stated = granted or self.leg.member("transaction", "requested_scopes")
            self._scopes = dict.fromkeys(stated or ())
        for call in self._changes:
            self._scopes = self._changed(call, self._scopes or {})
        return None

    def _changed(self, call: Call, scopes: dict[str, None]) -> dict[str, None]:
        if call.name == "transaction.clearTargetScopes":
            return {}
        (said,) = call.arguments
        scopes_said: list[str] = [said] if isinstance(said, str) else said
        named = dict.fromkeys(scope.strip() for scope in scopes_said)
        if call.name == "transaction.removeTargetScope":
            return {scope: None for scope in scopes if scope not in named}
        changed = named if call.name == "transaction.setTargetScopes" else scopes | named
        if len(changed) > SCOPES:
            self.leg.drop(call, said, f"there would be more than {SCOPES} scopes")
            return scopes
        return changed

    def members(self) -> Members:
        """The set, in order."""
        changed = None if self._scopes is None else TargetScopes(scopes=tuple(self._scopes))
        return {"target_scopes": changed}
