"""An operator's command that confines what follows it: `python jail.py COMMAND…`, for tests.

It stands for a container runtime: a process of its own between the worker and the guest.
"""

from __future__ import annotations

import os
import socket
import sys
from pathlib import Path

WORKERS = Path(__file__).parents[1] / "workers"
sys.path.insert(0, str(WORKERS))

from authstream.engine.egress import Egress  # noqa: E402 - found by the line above
from authstream.sandbox.egress import EgressThread  # noqa: E402 - as above
from authstream.sandbox.launch import Confined, policy, python_argv  # noqa: E402 - as above
from authstream.sandbox.notifications import Notifications  # noqa: E402 - as above
from authstream.sandbox.runtimes import NODE_RESERVED_BYTES, dies_with_worker  # noqa: E402 - as above

#: What an operator sets AUTHSTREAM_SANDBOX_COMMAND to.
COMMAND = dies_with_worker((sys.executable, __file__))


def main(argv: list[str]) -> int:
    """Confine the command as Authstream would, wait for its end, give its status."""
    _, interpreter = python_argv(sys.executable, Path(__file__))
    wanted = policy(
        "namespaces",
        argv,
        readable=[*interpreter, "/usr/bin", WORKERS],
        folder=Path.cwd(),
        action="jail",
        reserved_bytes=NODE_RESERVED_BYTES,
    )
    process = Confined(wanted, channel=socket.socket(fileno=os.dup(0)))
    process.confirm()
    listener = process.take_listener()
    assert listener is not None
    EgressThread(Notifications(listener, uid=wanted.uid), Egress(), denied=lambda _: None)
    os.close(0)  # the guest has it
    with process.output as output:
        sys.stdout.buffer.write(output.read())
    _, status = os.waitpid(process.pid, 0)
    return os.waitstatus_to_exitcode(status) & 0xFF


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
