"""Authstream: Auth0 Actions for any identity provider, on your own Kafka."""

from importlib.metadata import version

#: The tag of the release; between two releases, the next one and the commit.
__version__ = version("authstream")
