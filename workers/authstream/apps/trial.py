"""Test runs of flows that the control log has: drafts or versions, and nothing is sent."""

from __future__ import annotations

import asyncio
import threading
from datetime import timedelta
from typing import Any

import orjson

from authstream.apps.rehearsal import rehearse
from authstream.contracts.slug import DEFAULT_TENANT
from authstream.contracts.topics import Topics
from authstream.control.actions import Actions
from authstream.control.door import Door
from authstream.control.folder import DeployedAction, Folder
from authstream.control.objects import BoundAction
from authstream.control.stored_action import opened_secrets, stored_action
from authstream.engine.plan import Binding, Flow
from authstream.errors import BackPressureError
from authstream.gateway.admin.trials import Asked
from authstream.settings import Settings

#: Test runs at a time; each starts a guest for every action of its flow.
TRIALS = 2
#: One more waits so long for its turn.
TURN_WITHIN = timedelta(seconds=20)
#: The version of a draft in a test run.
DRAFT = 0


class LocalTrial:
    """Runs flows in this process's own guests, on a broker in memory."""

    def __init__(self, settings: Settings) -> None:
        self._topics = Topics(settings.prefix)
        self._turns = threading.BoundedSemaphore(TRIALS)

    def __call__(self, door: Door, asked: Asked, /) -> dict[str, Any]:
        """`{verdict, commands, runs, effects}`, as `authstream test --json` prints it.

        Blocks. Raises ConfigurationError, NotFoundError, BackPressureError.
        """
        if not self._turns.acquire(timeout=TURN_WITHIN.total_seconds()):
            raise BackPressureError(f"{TRIALS} test runs are under way: try again in a moment")
        try:
            event = orjson.dumps(asked.event)
            folder = tried(door, asked, self._topics)
            return asyncio.run(rehearse(folder, event, trigger=asked.trigger))
        finally:
            self._turns.release()


def tried(door: Door, asked: Asked, topics: Topics) -> Folder:
    """The flow of what is asked for, as a folder that serves every tenant.

    An event may say another one than whose flow is tried. Raises ConfigurationError,
    NotFoundError.
    """
    bindings = [bound for bound in asked.bindings if bound.enabled]
    actions = {bound.action: _action(door, asked, bound, topics=topics) for bound in bindings}
    flow = Flow(
        DEFAULT_TENANT,
        asked.trigger,
        tuple(_binding(bound, actions[bound.action]) for bound in bindings),
    )
    return Folder(actions, {(flow.tenant, flow.trigger): flow})


def _action(door: Door, asked: Asked, bound: BoundAction, *, topics: Topics) -> DeployedAction:
    actions = Actions(door, asked.owner)
    one = actions.get(bound.action)
    version = bound.version or one.deployed or DRAFT
    if bound.action in asked.drafts or version == DRAFT:
        version, spec = DRAFT, one.draft
    else:
        spec = actions.version(bound.action, version).spec
    return stored_action(
        door.store,
        spec,
        tenant=asked.owner,
        name=bound.action,
        version=version,
        topics=topics,
        secrets_of=opened_secrets(door.store, door.keyring, asked.owner),
    )


def _binding(bound: BoundAction, action: DeployedAction) -> Binding:
    return Binding(
        bound.action,
        action.version,
        action.topic,
        bound.when,
        timedelta(milliseconds=bound.timeout_ms),
        bound.on_error,
    )
