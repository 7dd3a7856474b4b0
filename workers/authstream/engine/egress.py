"""Which hosts an action may connect to: `host:port`, with `*.suffix`, addresses, and `*` ports."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable
from dataclasses import dataclass

from authstream.errors import ConfigurationError

_NAME = re.compile(r"(\*\.)?([a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?\.)*[a-z0-9_-]{1,63}\.?")
_HIGHEST_PORT = 65535
_ANY = "*"


@dataclass(frozen=True, slots=True)
class _Entry:
    name: str
    network: ipaddress.IPv4Network | None
    #: None: every port.
    port: int | None

    def has_port(self, port: int) -> bool:
        return self.port is None or self.port == port

    def has_name(self, name: str) -> bool:
        if self.name.startswith("*."):
            return name.endswith(self.name[1:]) and len(name) > len(self.name) - 1
        return name == self.name


class Egress:
    """The hosts of one action; none unless named."""

    def __init__(self, entries: Iterable[str] = ()) -> None:
        """Read entries such as `crm.example.com:443`, `*.example.com:443`, `10.0.0.0/8:5432`.

        Raises:
            ConfigurationError: An entry is none of these.
        """
        self._entries = tuple(_entry(text) for text in entries)

    def knows(self, name: str) -> bool:
        """Whether a name may be asked for, for any port."""
        return any(entry.has_name(name) for entry in self._entries if entry.network is None)

    def allows(self, name: str, port: int) -> bool:
        """Whether a host name may be connected to at a port."""
        return any(
            entry.has_name(name) and entry.has_port(port)
            for entry in self._entries
            if entry.network is None
        )

    def allows_address(self, address: str, port: int) -> bool:
        """Whether an address is named itself, alone or in a network."""
        wanted = ipaddress.IPv4Address(address)
        return any(
            entry.network is not None and wanted in entry.network and entry.has_port(port)
            for entry in self._entries
        )

    def allows_answer(self, address: str, port: int) -> bool:
        """Whether an allowed name may lead to this address: a private one must be named too."""
        return ipaddress.IPv4Address(address).is_global or self.allows_address(address, port)


def _entry(text: str) -> _Entry:
    host, _, port = text.strip().lower().rpartition(":")
    if port != _ANY and not (port.isdecimal() and 0 < int(port) <= _HIGHEST_PORT):
        raise ConfigurationError(f"egress {text!r} has no port: write host:port or host:*")
    number = None if port == _ANY else int(port)
    try:
        return _Entry("", ipaddress.IPv4Network(host), number)
    except ValueError:
        pass
    if not _NAME.fullmatch(host) or host.rstrip(".").rpartition(".")[2].isdecimal():
        raise ConfigurationError(
            f"egress {text!r} is no host name, *.suffix, IPv4 address or IPv4 network with a port:"
            " write for example api.example.com:443"
        )
    return _Entry(host.rstrip("."), None, number)
