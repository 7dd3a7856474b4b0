"""Authstream: Auth0 Actions for any identity provider, on your own Kafka."""

__version__ = "0.1.0"
