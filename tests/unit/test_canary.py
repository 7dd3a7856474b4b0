"""When a canary is taken back."""

from __future__ import annotations

from authstream.contracts.avro import encode
from authstream.contracts.envelope import Run, RunStatus
from authstream.contracts.execution import Execution
from authstream.control.actions import Actions
from authstream.control.door import Door
from authstream.control.flows import Flows
from authstream.control.objects import BoundAction, Canary
from authstream.stages.canary import CanaryWatch
from tests.control_plane import PL, door, draft, memory_store
from tests.samples import NOW, TOPICS, message

CANARY = Canary(version=0, share=0.5, min_runs=3, max_errors=0.5)


def watched(ada: Door, tenant: str) -> CanaryWatch:
    """A flow of this tenant whose one action has a canary of version 2."""
    actions, flows = Actions(ada, tenant), Flows(ada)
    actions.create("claims", draft("one"))
    actions.deploy("claims")
    flows.add(tenant, PL, BoundAction(action="claims", version=0))
    actions.edit("claims", draft("two"))
    actions.deploy("claims", canary=CANARY)
    return CanaryWatch(topics=TOPICS, flows=flows)


async def ran(
    watch: CanaryWatch, status: RunStatus, *, of: str, owner: str | None, version: int = 2
) -> None:
    """One login of a tenant, in which an action of another or the same one ran."""
    run = Run(
        action="claims",
        version=version,
        started_at=NOW,
        duration_ms=1.0,
        status=status,
        owner=owner,
    )
    execution = Execution(
        flow_id="f",
        leg=0,
        tenant=of,
        trigger=PL,
        outcome="allowed",
        code=None,
        reason=None,
        requested_at=NOW,
        decided_at=NOW,
        runs=(run,),
    )
    await watch.handle(message(TOPICS.executions, encode(execution)))


def has_canary(ada: Door, tenant: str) -> bool:
    """Whether it is still there."""
    return Flows(ada).get(tenant, PL).bindings[0].canary is not None


async def test_runs_of_every_tenant_that_the_flow_serves_count() -> None:
    """The default tenant's flow runs for others: a majority of failures ends its canary."""
    with memory_store() as store:
        watch = watched(ada := door(store), "default")
        await ran(watch, "ok", of="acme", owner="default")
        await ran(watch, "error", of="acme", owner="default")
        await ran(watch, "ok", of="default", owner="default", version=1)
        assert has_canary(ada, "default")
        await ran(watch, "timeout", of="other", owner="default")
        assert not has_canary(ada, "default")


async def test_runs_of_another_tenants_action_of_that_name_do_not_count() -> None:
    """Until a moment ago acme's logins ran the default tenant's action, also in a version 2."""
    with memory_store() as store:
        watch = watched(ada := door(store), "acme")
        for _ in range(3):
            await ran(watch, "error", of="acme", owner="default")
        assert has_canary(ada, "acme")
        for _ in range(3):
            await ran(watch, "error", of="acme", owner="acme")
        assert not has_canary(ada, "acme")


async def test_records_that_do_not_say_whose_action_ran_count() -> None:
    """As they did when they were written."""
    with memory_store() as store:
        watch = watched(ada := door(store), "acme")
        for _ in range(3):
            await ran(watch, "error", of="acme", owner=None)
        assert not has_canary(ada, "acme")
