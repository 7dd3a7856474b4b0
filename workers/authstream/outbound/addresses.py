"""Finds the address of a host that a stranger named, and refuses those of our own networks.

Guards against server-side request forgery: the address that was checked is the one connected to, so
a name that answers differently the second time gains nothing.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket

from authstream.engine.egress import Egress
from authstream.errors import DeliveryError


async def checked(host: str, port: int, private: Egress) -> str:
    """An address of the host that may be connected to.

    Raises DeliveryError: permanent for an address that is not public and not in `private`.
    """
    loop = asyncio.get_running_loop()
    try:
        found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except OSError as error:
        raise DeliveryError(f"the host {host} is not known", permanent=False) from error
    addresses = [str(answer[4][0]) for answer in found]
    for address in addresses:
        if not _allowed(address, port, private):
            raise DeliveryError(
                f"the host {host} leads to an address that is not public: name its network in "
                "AUTHSTREAM_WEBHOOK__PRIVATE if that is meant",
                permanent=True,
            )
    return addresses[0]


def _allowed(address: str, port: int, private: Egress) -> bool:
    parsed = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(parsed, ipaddress.IPv4Address):
        return private.allows_answer(address, port)
    embedded = parsed.ipv4_mapped or parsed.sixtofour
    return parsed.is_global and embedded is None
