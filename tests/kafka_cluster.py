"""Three brokers that replicate each other, as in production, each of which tests may lose."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from typing import Final, Self

from tests.kafka_server import CHAOS_HEAP, KafkaServer

BROKERS: Final = 3
#: Goes after server.properties, of which later lines win. Time-outs are Kafka's own again.
_REPLICATED: Final = """
node.id={number}
controller.quorum.voters={voters}
default.replication.factor=3
min.insync.replicas=2
offsets.topic.replication.factor=3
broker.session.timeout.ms=9000
broker.heartbeat.interval.ms=2000
"""


class KafkaCluster:
    """Started on entry, gone on exit, as a single server is."""

    def __init__(self) -> None:
        self.nodes = [KafkaServer(CHAOS_HEAP) for _ in range(BROKERS)]
        self.bootstrap = ",".join(node.bootstrap for node in self.nodes)
        voters = ",".join(
            f"{number}@127.0.0.1:{_controller(node)}" for number, node in enumerate(self.nodes, 1)
        )
        for number, node in enumerate(self.nodes, 1):
            with (node.folder / "server.properties").open("a") as config:
                config.write(_REPLICATED.format(number=number, voters=voters))

    def __enter__(self) -> Self:
        with ThreadPoolExecutor(BROKERS) as together:  # none is ready before the second is there
            list(together.map(KafkaServer.start, self.nodes))
        return self

    def __exit__(self, *_: object) -> None:
        for node in self.nodes:
            node.__exit__()


def _controller(node: KafkaServer) -> str:
    found = re.search(r"@127\.0\.0\.1:(\d+)", (node.folder / "server.properties").read_text())
    assert found is not None
    return found[1]
