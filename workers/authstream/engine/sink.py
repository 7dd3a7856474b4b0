"""What a metadata sink is: where users' metadata is kept, and how a patch is applied there."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from authstream.contracts.effect import MetadataPatch

JsonMembers = Mapping[str, Any]


class Profile(NamedTuple):
    """A user's metadata."""

    app_metadata: dict[str, Any]
    user_metadata: dict[str, Any]


class Sink(ABC):
    """One place that keeps metadata. One file in `sinks/` makes one of these."""

    name: str

    async def start(self) -> None:  # noqa: B027 - some sinks have nothing to prepare
        """Prepare; called once before the first patch. Raises ConfigurationError."""

    async def stop(self) -> None:  # noqa: B027 - some sinks have nothing to release
        """Release what `start` took."""

    @abstractmethod
    async def apply(self, patch: MetadataPatch, *, hops: int) -> None:
        """Merge each top-level key; `null` removes one. Applied twice, it is as applied once.

        `hops` goes to the provider, so that an event that comes of this write says so. Raises
        DeliveryError, which says whether another try can help.
        """


class ProfileStore(Sink):
    """A sink of our own, which can be read."""

    @abstractmethod
    async def read(self, tenant: str, subject: str) -> Profile | None:
        """A user's metadata, None when there is none. Raises DeliveryError."""

    @abstractmethod
    async def erase(self, tenant: str, subject: str) -> bool:
        """Forget a user; whether there was anything. Raises DeliveryError."""


def merged(there: JsonMembers, patch: JsonMembers) -> dict[str, Any]:
    """An object after a patch: a value replaces its whole key, `null` removes it."""
    return {key: value for key, value in {**there, **patch}.items() if value is not None}


def overlaid(profile: Profile | None, patches: Iterable[MetadataPatch]) -> Profile:
    """A profile as it will be when these patches are applied, in order."""
    app, user = profile or Profile({}, {})
    for patch in patches:
        app, user = merged(app, patch.app_metadata), merged(user, patch.user_metadata)
    return Profile(app, user)
