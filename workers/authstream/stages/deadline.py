"""Until when a leg must be decided."""

from __future__ import annotations

from datetime import timedelta

from authstream.contracts import headers as h
from authstream.engine.ports import Message
from authstream.engine.trigger import Trigger

MILLISECOND = timedelta(milliseconds=1)
#: Left for assemble and the way back, out of what the caller is ready to wait.
CALLER_MARGIN = timedelta(milliseconds=100)


def deadline(message: Message, trigger: Trigger) -> int:
    """The smaller of the trigger's deadline and what the caller will wait, less a margin.

    What need not be waited for goes on without its caller.
    """
    ours = message.timestamp + trigger.deadline // MILLISECOND
    caller = h.number(message.headers, h.DEADLINE) if trigger.blocking else None
    return ours if caller is None else min(ours, caller - CALLER_MARGIN // MILLISECOND)
