"""Looks, before a worker starts, whether its principal may do on Kafka what its stages do."""

from __future__ import annotations

from collections.abc import Sequence
from fnmatch import fnmatchcase

from authstream.apps.stages import deliveries, triggers
from authstream.broker.access import KafkaAccess
from authstream.contracts.access import STAGES, Operation, Right, process_of, rights
from authstream.contracts.topics import Topics
from authstream.errors import AccessDeniedError
from authstream.settings import Settings

#: Without authentication every client is the same nobody: there is nothing to tell.
_UNAUTHENTICATED = ("", "plaintext", "ssl")
#: Of a worker with a folder nothing follows the control log.
_LIVE_ONLY = frozenset({"canary"})


def check(settings: Settings, patterns: Sequence[str], *, live: bool) -> None:
    """Compare the cluster's answer with what the stages named need.

    Raises AccessDeniedError with everything that is lacking, BrokerUnreachableError.
    """
    if not authenticates(settings):
        return
    needed = needs(settings, patterns, live=live)
    groups = [
        right.name
        for right in needed
        if right.operation is Operation.READ and right.resource == "Group"
    ]
    lacking = KafkaAccess(settings).lacking(needed, groups=groups)
    if lacking:
        raise AccessDeniedError(
            f"this process may not: {'; '.join(lacking)}. Grant it: `authstream topics acls"
            f"{''.join(f' --process {name}' for name in hosted(patterns, live=live))}`"
        )


def authenticates(settings: Settings) -> bool:
    """Whether the cluster is told who we are: by SASL, or by a certificate of our own."""
    protocol = str(settings.kafka.get("security.protocol", "")).lower()
    return protocol not in _UNAUTHENTICATED or bool(
        {"ssl.certificate.location", "ssl.keystore.location"} & set(settings.kafka)
    )


def hosted(patterns: Sequence[str], *, live: bool) -> list[str]:
    """The processes, as the cluster's rights know them, whose stages these patterns name."""
    return [
        process
        for process in STAGES
        if (live or process not in _LIVE_ONLY)
        and (not patterns or any(fnmatchcase(process, process_of(pattern)) for pattern in patterns))
    ]


def needs(settings: Settings, patterns: Sequence[str], *, live: bool) -> list[Right]:
    """All rights of a worker's stages."""
    topics = Topics(settings.prefix)
    unused: set[str] = set() if live else {topics.control, topics.blobs}
    found = {
        right
        for process in hosted(patterns, live=live)
        for right in rights(process, topics, triggers=triggers(), kinds=deliveries())
        if right.name not in unused
    }
    return sorted(found)
