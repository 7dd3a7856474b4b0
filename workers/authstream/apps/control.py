"""Opens the control plane of a process: its store, and doors for people and programs."""

from __future__ import annotations

import asyncio
import getpass
import os
import socket
from collections.abc import Callable, Sequence

from authstream.apps.build import program, say_nothing
from authstream.apps.stages import Guests, chosen, guests_of, most, triggers, wrapper
from authstream.broker import embedded
from authstream.broker.kafka_log import KafkaLog
from authstream.broker.kafka_topics import KafkaTopics, wanted
from authstream.contracts.topics import Topics
from authstream.control.door import Door
from authstream.control.folder import DeployedAction
from authstream.control.seal import keyring
from authstream.control.signing import Signing
from authstream.control.store import Store
from authstream.errors import ConfigurationError
from authstream.sandbox.ending import GuestError
from authstream.settings import Settings

#: Who does what a command does, where it is not the system's user.
ACTOR = "AUTHSTREAM_ACTOR"


def opened(settings: Settings) -> Store:
    """The store of the settings' cluster, not yet started. Raises ConfigurationError."""
    topics = Topics(settings.prefix)
    private = settings.control_signing_key
    signing = Signing(private.get_secret_value() if private else None, settings.control_public_keys)
    if settings.embedded:
        embedded.touch(settings, [topics.control, topics.blobs])
    control, blobs = KafkaLog(settings, topics.control), KafkaLog(settings, topics.blobs)
    return Store(control, blobs, signing=signing)


def door(
    store: Store, settings: Settings, *, actor: str = "", say: Callable[[str], None] = say_nothing
) -> Door:
    """A way in with everything that a deploy needs. Raises SealError for a wrong key."""
    return Door(
        store,
        actor or person(),
        triggers(),
        topics=Topics(settings.prefix),
        keyring=keyring(settings),
        quotas=settings.quotas,
        most=most(settings),
        builder=SandboxBuilder(settings),
        make_topics=lambda names: make_topics(settings, names),
        say=say,
    )


def person() -> str:
    """Who runs this command."""
    try:
        user = getpass.getuser()
    except (OSError, KeyError):  # a container's user may have no name
        user = f"uid {os.getuid()}"
    return os.environ.get(ACTOR) or f"{user}@{socket.gethostname()}"


def make_topics(settings: Settings, names: Sequence[str]) -> None:
    """Create the topics of actions that are not there. Raises TopicMismatchError."""
    if settings.embedded:
        embedded.touch(settings, names)
        return
    every = wanted(Topics(settings.prefix), settings, triggers=(), actions=names, kinds=())
    KafkaTopics(settings).apply([topic for topic in every if topic.name in set(names)])


class SandboxBuilder:
    """Builds an action as a worker will, and loads it once in a guest as confined as there."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def build(self, action: DeployedAction, say: Callable[[str], None]) -> None:
        """Raises ConfigurationError for code that does not load or lacks the trigger's handler."""
        level = chosen(self._settings)
        made = program(action, say)
        guests = guests_of(action, made, level=level, wrapper=wrapper(self._settings))
        handlers = asyncio.run(_handlers(action.name, guests))
        wanted_one = triggers()[action.trigger].handler
        if wanted_one not in handlers:
            raise ConfigurationError(
                f"{action.name} handles {', '.join(handlers)}, but not {wanted_one}, which"
                f" {action.trigger} calls: export it"
            )
        say(f"{action.name} loads and handles {', '.join(handlers)}")


async def _handlers(name: str, guests: Guests) -> tuple[str, ...]:
    try:
        return (await guests.start()).handlers
    except GuestError as error:
        raise ConfigurationError(f"{name} cannot be loaded: {error}; correct the code") from None
    finally:
        await guests.stop()
