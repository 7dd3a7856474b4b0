"""canary: reads what ran, and takes a canary back when it fails too often."""

from __future__ import annotations

import asyncio
from collections import deque

import structlog

from authstream.contracts.avro import decode
from authstream.contracts.envelope import Run
from authstream.contracts.execution import Execution
from authstream.contracts.slug import DEFAULT_TENANT
from authstream.contracts.topics import Topics
from authstream.control.flows import Flows
from authstream.control.objects import Canary
from authstream.engine.ports import Message, Outputs, Stage
from authstream.errors import AuthstreamError, NotFoundError, RecordError

#: Runs of a canary that its error rate is taken over, at most.
WINDOW = 1000
_FAILED = frozenset(("error", "timeout", "crashed", "unavailable"))
#: Tenant, trigger, action, version.
_Place = tuple[str, str, str, int]


class CanaryWatch(Stage):
    """Reads executions; writes nothing but the flow without a canary that failed."""

    name = "canary"

    def __init__(self, *, topics: Topics, flows: Flows) -> None:
        self.topics = (topics.executions,)
        self._flows = flows
        self._runs: dict[_Place, deque[bool]] = {}
        self._log = structlog.get_logger("authstream.canary")

    async def handle(self, message: Message) -> Outputs:
        """Counts the runs of canaries."""
        execution = decode(Execution, message.value)
        for tenant in (execution.tenant, DEFAULT_TENANT):
            if (canaries := self._canaries(tenant, execution.trigger)) is not None:
                for run in execution.runs:
                    await self._count(tenant, execution.trigger, run, canaries)
                break
        return ()

    def refuse(self, message: Message, error: RecordError) -> Outputs:
        """An execution that cannot be read counts for nobody."""
        self._log.warning("execution_not_counted", offset=message.offset, reason=str(error))
        return ()

    def _canaries(self, tenant: str, trigger: str) -> dict[str, Canary] | None:
        """The canaries of a flow by action; None when the tenant has no such flow."""
        try:
            flow = self._flows.get(tenant, trigger)
        except NotFoundError:
            return None
        return {bound.action: bound.canary for bound in flow.bindings if bound.canary}

    async def _count(
        self, tenant: str, trigger: str, run: Run, canaries: dict[str, Canary]
    ) -> None:
        canary = canaries.get(run.action)
        if canary is None or canary.version != run.version:
            return
        place = (tenant, trigger, run.action, run.version)
        runs = self._runs.setdefault(place, deque(maxlen=WINDOW))
        runs.append(run.status in _FAILED)
        rate = sum(runs) / len(runs)
        if len(runs) >= canary.min_runs and rate > canary.max_errors:
            del self._runs[place]
            await asyncio.to_thread(self._take_back, tenant, trigger, run, rate)

    def _take_back(self, tenant: str, trigger: str, run: Run, rate: float) -> None:
        why = f"{rate:.0%} of its runs failed"
        self._log.error(
            "canary_taken_back", tenant=tenant, action=run.action, version=run.version, reason=why
        )
        try:
            self._flows.canary(tenant, trigger, run.action, None, why=why)
        except AuthstreamError as error:
            self._log.error("canary_not_taken_back", action=run.action, reason=str(error))
