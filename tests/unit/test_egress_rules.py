"""The hosts that an action names: what is read, what matches, what is refused."""

from __future__ import annotations

import pytest

from authstream.engine.egress import Egress
from authstream.errors import ConfigurationError


def test_nothing_is_allowed_by_default() -> None:
    """Neither names nor addresses."""
    egress = Egress()
    assert not egress.knows("example.com")
    assert not egress.allows("example.com", 443)
    assert not egress.allows_address("127.0.0.1", 53)


@pytest.mark.parametrize(
    ("entry", "name", "port", "allowed"),
    [
        ("crm.example.com:443", "crm.example.com", 443, True),
        ("CRM.example.com.:443", "crm.example.com", 443, True),
        ("crm.example.com:443", "crm.example.com", 80, False),
        ("crm.example.com:*", "crm.example.com", 80, True),
        ("crm.example.com:443", "example.com", 443, False),
        ("crm.example.com:443", "crm.example.com.evil.test", 443, False),
        ("*.example.com:443", "a.b.example.com", 443, True),
        ("*.example.com:443", "example.com", 443, False),
        ("*.example.com:443", "evilexample.com", 443, False),
        ("*.example.com:443", ".example.com", 443, False),
        ("localhost:80", "localhost", 80, True),
    ],
)
def test_names_match_whole_labels(entry: str, name: str, port: int, *, allowed: bool) -> None:
    """A suffix needs something before it; a port is exact or any."""
    assert Egress([entry]).allows(name, port) is allowed


@pytest.mark.parametrize(
    ("entry", "address", "port", "allowed"),
    [
        ("127.0.0.1:*", "127.0.0.1", 8080, True),
        ("127.0.0.1:80", "127.0.0.1", 8080, False),
        ("127.0.0.1:*", "127.0.0.2", 8080, False),
        ("10.0.0.0/8:5432", "10.20.30.40", 5432, True),
        ("10.0.0.0/8:5432", "11.0.0.1", 5432, False),
        ("crm.example.com:*", "10.0.0.1", 443, False),
    ],
)
def test_addresses_are_named_themselves(
    entry: str, address: str, port: int, *, allowed: bool
) -> None:
    """A name never stands for an address, nor an address for its neighbours."""
    assert Egress([entry]).allows_address(address, port) is allowed


@pytest.mark.parametrize(
    "address",
    ["127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "0.0.0.0"],  # noqa: S104 - an address that a name may lead to
)
def test_a_name_must_not_lead_to_a_private_address_unless_that_is_named(address: str) -> None:
    """So a DNS record cannot open the operator's own network."""
    assert not Egress(["crm.example.com:443"]).allows_answer(address, 443)
    assert Egress(["crm.example.com:443", f"{address}:443"]).allows_answer(address, 443)
    assert Egress(["crm.example.com:443"]).allows_answer("93.184.215.14", 443)


@pytest.mark.parametrize(
    "entry",
    ["example.com", "example.com:", "example.com:0", "example.com:65536", ":443", "*:443",
     "exa mple.com:443", "https://example.com:443", "*.*.com:443", "999.1.1.1:80", "[::1]:80",
     "10.0.0.1/8:80"],
)  # fmt: skip
def test_what_is_no_host_and_port_is_refused_by_name(entry: str) -> None:
    """The message quotes the entry and shows a right one."""
    with pytest.raises(ConfigurationError, match="write") as refused:
        Egress([entry])
    assert repr(entry) in str(refused.value)
