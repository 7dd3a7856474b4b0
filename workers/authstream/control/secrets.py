"""Operations on secrets and variables; a secret goes in and is never given out again."""

from __future__ import annotations

from typing import Any

from authstream.contracts.control import ObjectKey
from authstream.control import quotas
from authstream.control.door import Door, checked_name
from authstream.control.modules import PREFIX
from authstream.control.objects import ACTION, SECRET, VARIABLE, SecretObject, VariableObject
from authstream.control.seal import Keyring
from authstream.control.view import Stored, View


def secret_key(tenant: str, action: str, name: str) -> ObjectKey:
    """The object of a secret: where it belongs is part of its seal."""
    return ObjectKey(SECRET, tenant, f"{action}/{name}")


def secrets_of(view: View, tenant: str, action: str) -> list[Stored]:
    """The sealed secrets of an action, by name."""
    found = view.of_kind(SECRET, tenant)
    return [stored for stored in found if stored.key.name.startswith(f"{action}/")]


def opened(view: View, ring: Keyring, *, tenant: str, action: str) -> dict[str, str]:
    """The values, for the process that runs the action. Raises SealError."""
    return {
        stored.key.name.removeprefix(f"{action}/"): ring.open(stored.key, stored.read(SecretObject))
        for stored in secrets_of(view, tenant, action)
    }


def variables(view: View, tenant: str) -> dict[str, Any]:
    """The plain values that every action of a tenant finds in its configuration."""
    found = view.of_kind(VARIABLE, tenant)
    return {stored.key.name: stored.read(VariableObject).value for stored in found}


class Secrets:
    """The secrets and variables of one tenant, through a door."""

    def __init__(self, door: Door, tenant: str) -> None:
        self._door = door
        self._tenant = tenant

    def all(self, action: str) -> list[Stored]:
        """Names, and when they were set: never a value. A module is `actions:<name>`.

        Raises NotFoundError.
        """
        if not action.startswith(PREFIX):
            self._door.view.get(ObjectKey(ACTION, self._tenant, action))
        return secrets_of(self._door.view, self._tenant, action)

    def put(self, action: str, name: str, value: str, *, after: int | None = None) -> bool:
        """Seal a value; False when it is that already.

        Raises NotFoundError, ConfigurationError over a limit, SealError without a key.
        """
        self._check(action, name, value)
        key = secret_key(self._tenant, action, name)
        found = self._door.view.find(key)
        ring = self._door.keyring
        if found is not None and after is None:
            secret = found.read(SecretObject)
            if secret.key_id == ring.first and ring.same(key, secret, value):
                return False
        revision = self._door.view.revision(key) if after is None else after
        self._door.write(key, ring.seal(key, value), after=revision, operation="set")
        return True

    def delete(self, action: str, name: str, *, after: int | None = None) -> None:
        """Forget a value; actions that name it get none. Raises NotFoundError."""
        stored = self._door.view.get(secret_key(self._tenant, action, name))
        revision = stored.record.revision if after is None else after
        self._door.write(stored.key, None, after=revision, operation="delete")

    def set_variable(self, name: str, value: object, *, after: int | None = None) -> None:
        """Set a plain value for every action of the tenant."""
        key = ObjectKey(VARIABLE, self._tenant, checked_name(name, "variable"))
        revision = self._door.view.revision(key) if after is None else after
        self._door.write(key, VariableObject(value=value), after=revision, operation="set")

    def delete_variable(self, name: str, *, after: int | None = None) -> None:
        """Take a plain value away. Raises NotFoundError."""
        stored = self._door.view.get(ObjectKey(VARIABLE, self._tenant, name))
        revision = stored.record.revision if after is None else after
        self._door.write(stored.key, None, after=revision, operation="delete")

    def _check(self, action: str, name: str, value: str) -> None:
        allowed = self._door.quotas
        quotas.check_secret(allowed, checked_name(name, "secret"), value)
        names = {stored.key.name for stored in self.all(action)} | {f"{action}/{name}"}
        quotas.check(allowed, "secrets", len(names), owner=action)


def rotate_key(door: Door) -> int:
    """Seal every secret of every tenant under the first key; how many were under another.

    Raises SealError when one cannot be opened.
    """
    ring, rotated = door.keyring, 0
    first = ring.first
    for stored in door.view.of_kind(SECRET):
        secret = stored.read(SecretObject)
        if secret.key_id != first:
            value = ring.open(stored.key, secret)
            door.write(
                stored.key,
                ring.seal(stored.key, value),
                after=stored.record.revision,
                operation=f"rotate to key {first}",
            )
            rotated += 1
    return rotated
