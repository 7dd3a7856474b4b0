"""Runs the sample events of a folder, one after another, and compares with their snapshots."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from authstream.apps.build import say_nothing
from authstream.apps.rehearsal import Rehearsal
from authstream.apps.snapshots import Compared, Snapshots
from authstream.control.dependencies import Say
from authstream.control.sample_events import SampleEvent


@dataclass(frozen=True, slots=True)
class SampleRun:
    """What came of one sample event."""

    sample: SampleEvent
    #: As `authstream test --json` prints it.
    result: dict[str, Any]
    compared: Compared

    @property
    def failed(self) -> bool:
        """The flow failed, and no snapshot says that it should."""
        return self.compared.status == "none" and self.result["verdict"]["outcome"] == "failed"

    def public(self) -> dict[str, Any]:
        """JSON-ready: the event, its result, and how that stands to the snapshot."""
        return {
            "event": self.sample.name,
            "trigger": self.sample.trigger,
            **self.result,
            "snapshot": {
                "status": self.compared.status,
                "differences": list(self.compared.lines),
            },
        }


async def run_samples(
    folder: Path, samples: Sequence[SampleEvent], *, update: bool, say: Say = say_nothing
) -> AsyncGenerator[SampleRun]:
    """Each sample event through its flow, in the same guests.

    Raises ConfigurationError for a folder that cannot be loaded.
    """
    snapshots = Snapshots(folder, update=update)
    triggers = {sample.trigger for sample in samples}
    async with Rehearsal(folder, triggers=triggers, say=say) as rehearsal:
        for sample in samples:
            result = await rehearsal.run(
                sample.read(), trigger=sample.trigger, event_id=sample.name
            )
            yield SampleRun(sample, result, snapshots.compare(sample.name, result))
