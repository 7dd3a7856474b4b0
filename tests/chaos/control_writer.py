"""Writes to the control log as fast as it can, in competition; says what was acknowledged.

`python -m tests.chaos.control_writer BROKERS PREFIX NAME ATTEMPTS`
"""

from __future__ import annotations

import random
import sys

from authstream.apps.control import opened
from authstream.contracts.control import ObjectKey
from authstream.control.objects import VARIABLE, VariableObject
from authstream.control.store import Change
from authstream.errors import ConflictError
from authstream.settings import Settings

#: Few objects, so that most writes are in conflict.
OBJECTS = tuple(ObjectKey(VARIABLE, "acme", f"object-{number}") for number in range(3))


def main(brokers: str, prefix: str, name: str, attempts: int) -> None:
    """A line for each write: `won`, object, revision and value; or `lost`."""
    with opened(Settings(brokers=brokers, prefix=prefix)) as store:
        for number in range(attempts):
            key, value = random.choice(OBJECTS), f"{name}-{number}"
            after = store.view.revision(key)
            change = Change(key, VariableObject(value=value), after, "compete")
            try:
                revision = store.write(change, actor=name).record.revision
            except ConflictError:
                line = "lost"
            else:
                line = f"won {key.name} {revision} {value}"
            sys.stdout.write(f"{line}\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4]))
