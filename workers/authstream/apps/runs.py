"""The latest runs of one action, read from the executions."""

from __future__ import annotations

from typing import Any

from authstream.broker.kafka_reader import KafkaReader
from authstream.broker.kafka_topics import KafkaTopics
from authstream.contracts.avro import decode
from authstream.contracts.envelope import Run
from authstream.contracts.execution import Execution
from authstream.contracts.topics import Topics
from authstream.control.described import moment
from authstream.engine.ports import Message
from authstream.errors import RecordError
from authstream.settings import Settings

#: Executions looked at in each partition, from the end.
_LOOKED_AT = 2000


def latest_runs(
    settings: Settings, *, tenant: str, action: str, count: int
) -> list[dict[str, Any]]:
    """The last runs, oldest first: of this tenant's action, whoever logged in.

    Raises BrokerUnreachableError.
    """
    topic = Topics(settings.prefix).executions
    partitions = KafkaTopics(settings).partitions().get(topic, 0)
    reader = KafkaReader(settings)
    found: list[dict[str, Any]] = []
    try:
        for partition in range(partitions):
            end = reader.span(topic, partition)[1]
            for batch in reader.between(topic, partition, max(0, end - _LOOKED_AT), end=end):
                for message in batch:
                    found += _runs(message, tenant, action)
    finally:
        reader.close()
    return sorted(found, key=lambda run: str(run["started_at"]))[-count:]


def _runs(message: Message, tenant: str, action: str) -> list[dict[str, Any]]:
    try:
        execution = decode(Execution, message.value)
    except RecordError:
        return []
    return [
        {
            **run.model_dump(mode="json"),
            "started_at": moment(run.started_at),
            "flow_id": execution.flow_id,
            "tenant": execution.tenant,
        }
        for run in execution.runs
        if run.action == action and _owner(run, execution) == tenant
    ]


def _owner(run: Run, execution: Execution) -> str:
    """Records before 0.2 do not say whose action ran: then it counts as the tenant's own."""
    return run.owner or execution.tenant
