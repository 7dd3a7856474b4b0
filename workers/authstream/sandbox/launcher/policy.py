"""What a guest may have: the one thing the worker tells the launcher."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass

#: Stack of the main thread and default of each other one.
STACK_BYTES = 2 * 1024 * 1024
NICE = 5


@dataclass(frozen=True, slots=True)
class Policy:
    """One guest's confinement.

    `level` is `namespaces` or `landlock`. `uid` is the user and group a root worker's guest gets;
    None keeps the worker's own. Sizes in bytes. Paths are absolute and resolved.
    """

    level: str
    argv: tuple[str, ...]
    environment: dict[str, str]
    folder: str
    #: Files and folders that may be read, and executed.
    readable: tuple[str, ...]
    #: Private writable memory (RLIMIT_DATA), which includes the stacks of threads.
    data_bytes: int
    #: Counted by the kernel per user.
    threads: int
    descriptors: int
    #: The temporary folder, and the largest file in it. At level `landlock` there is none.
    tmp_bytes: int
    #: Those of them that the guest cannot do without.
    needed: tuple[str, ...] = ()
    uid: int | None = None
    stack_bytes: int = STACK_BYTES
    nice: int = NICE

    def encode(self) -> bytes:
        """As JSON."""
        return json.dumps(asdict(self)).encode()
