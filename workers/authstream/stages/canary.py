"""canary: reads what ran, and takes a canary back when it fails too often."""

from __future__ import annotations

import asyncio
from collections import defaultdict, deque
from typing import NamedTuple

import structlog

from authstream.contracts.avro import decode
from authstream.contracts.envelope import Run
from authstream.contracts.execution import Execution
from authstream.contracts.slug import DEFAULT_TENANT
from authstream.contracts.topics import Topics
from authstream.control.flows import Flows
from authstream.control.objects import Canary, FlowObject
from authstream.engine.ports import Message, Outputs, Stage
from authstream.errors import AuthstreamError, NotFoundError, RecordError

#: Runs of a canary that its error rate is taken over, at most.
WINDOW = 1000
_FAILED = frozenset(("error", "timeout", "crashed", "unavailable"))


class _Place(NamedTuple):
    """Where runs are counted."""

    #: The tenant whose flow it is.
    tenant: str
    trigger: str
    action: str
    version: int


class CanaryWatch(Stage):
    """Reads executions; writes nothing but the flow without a canary that failed."""

    name = "canary"

    def __init__(self, *, topics: Topics, flows: Flows) -> None:
        self.topics = (topics.executions,)
        self._flows = flows
        self._runs: dict[_Place, deque[bool]] = defaultdict(lambda: deque(maxlen=WINDOW))
        self._log = structlog.get_logger("authstream.canary")

    async def handle(self, message: Message) -> Outputs:
        """Counts the runs of canaries."""
        execution = decode(Execution, message.value)
        for tenant in (execution.tenant, DEFAULT_TENANT):
            if (flow := self._flow(tenant, execution.trigger)) is not None:
                await self._judge(tenant, flow, execution)
                break
        return ()

    def refuse(self, message: Message, error: RecordError) -> Outputs:
        """An execution that cannot be read counts for nobody."""
        self._log.warning("execution_not_counted", offset=message.offset, reason=str(error))
        return ()

    def _flow(self, tenant: str, trigger: str) -> FlowObject | None:
        try:
            return self._flows.get(tenant, trigger)
        except NotFoundError:
            return None

    async def _judge(self, tenant: str, flow: FlowObject, execution: Execution) -> None:
        """Take back each canary that fails too often.

        A run of another tenant's action of that name, before a flow was bound anew, does not count.
        """
        canaries = {bound.action: bound.canary for bound in flow.bindings if bound.canary}
        for run in execution.runs:
            canary = canaries.get(run.action)
            ours = run.owner in (flow.owner, None)
            if canary is None or not ours or canary.version != run.version:
                continue
            place = _Place(tenant, execution.trigger, run.action, run.version)
            if (why := self._too_many(place, run, canary)) is not None:
                await asyncio.to_thread(self._take_back, place, why)

    def _too_many(self, place: _Place, run: Run, canary: Canary) -> str | None:
        """Count a run; why the canary is to go, if it is."""
        runs = self._runs[place]
        runs.append(run.status in _FAILED)
        rate = sum(runs) / len(runs)
        if len(runs) < canary.min_runs or rate <= canary.max_errors:
            return None
        del self._runs[place]
        return f"{rate:.0%} of its runs failed"

    def _take_back(self, place: _Place, why: str) -> None:
        said = {"tenant": place.tenant, "action": place.action}
        self._log.error("canary_taken_back", **said, version=place.version, reason=why)
        try:
            self._flows.canary(place.tenant, place.trigger, place.action, None, why=why)
        except AuthstreamError as error:
            self._log.error("canary_not_taken_back", **said, reason=str(error))
