"""topic: the provider itself reads `auth.user-metadata.v1`, so that nothing is left to do."""

from __future__ import annotations

from authstream.contracts.effect import MetadataPatch
from authstream.engine.sink import Sink


class TopicSink(Sink):
    """Leaves patches where they are; a provider applies the first record of each id."""

    name = "topic"

    async def apply(self, patch: MetadataPatch, *, hops: int) -> None:
        """Nothing: the patch is in the topic."""


PLUGIN = TopicSink()
