"""Providers that prove themselves by a key in a header: most that can be given no better secret."""

from __future__ import annotations

from typing import ClassVar

from authstream.engine.authenticity import api_key
from authstream.engine.provider import Call, Peer, Provider


class KeyedProvider(Provider):
    """An adapter whose calls have one of the connection's secrets in a header, as it is."""

    #: The header's name, in small letters.
    header: ClassVar[str] = "x-api-key"

    def authenticate(self, call: Call, peer: Peer) -> None:
        """Compare the key, in constant time. Raises UnauthenticatedError."""
        api_key(call, self.header, peer.secrets)

    def sign(self, call: Call, peer: Peer) -> Call:
        """The first secret in the header."""
        return call.signed(**{self.header: peer.secrets[0]})
