"""What is read from an action's JavaScript: handlers, packages, and the hosts it speaks to."""

from __future__ import annotations

import pytest

from authstream.control.auth0_import import javascript
from authstream.control.auth0_import.names import FolderNames


@pytest.mark.parametrize(
    ("code", "named", "computed"),
    [
        ('await fetch("https://api.example.com/x");', ("api.example.com:443",), ()),
        ("axios.get('http://10.0.0.7:8080')", ("10.0.0.7:8080",), ()),
        ("fetch(`https://${event.secrets.HOST}/x`)", (), ("${event.secrets.HOST}",)),
        ("fetch(`https://eu.${region}.example.com/x`)", (), ("eu.${region}.example.com",)),
        ("// see https://docs.example.com\n/* https://a.example */", (), ()),
        ('const s = "a // b"; fetch("https://b.example")', ("b.example:443",), ()),
        ('api.idToken.setCustomClaim("https://acme.example/roles", 1)', (), ()),
        ('const NAMESPACE = "https://acme.example"', (), ()),
        ('const sg = require("@sendgrid/mail")', ("api.sendgrid.com:443",), ()),
        ('const url = "https://"', (), ()),
        ('fetch("https://{yourDomain}/oauth/token")', (), ("{yourDomain}",)),
        ('fetch("http://[::1]:8080/")', (), ("[::1]:8080",)),
        ('fetch("https://a.example:99999/")', (), ("a.example:99999",)),
    ],
)
def test_hosts_are_found_in_texts(
    code: str, named: tuple[str, ...], computed: tuple[str, ...]
) -> None:
    """Addresses that are fixed, and those that are made at run time; no claims, no comments."""
    assert javascript.hosts(code) == javascript.Hosts(named, computed)


def test_required_packages_are_found() -> None:
    """By any way to load one; files beside the code are not packages."""
    code = """
    const a = require("axios"); import b from 'lodash/fp'; await import(`@acme/x/y`);
    require("./near"); // require("commented")
    """
    assert javascript.required(code) == ["@acme/x/y", "axios", "lodash/fp"]
    assert [javascript.package(name) for name in javascript.required(code)] == [
        "@acme/x",
        "axios",
        "lodash",
    ]


@pytest.mark.parametrize(
    ("code", "legacy"),
    [
        ("module.exports = async (event, context) => {}", True),
        ("module.exports = function (user, context, cb) {}", True),
        ("module.exports = { onExecutePostLogin: async () => {} }", False),
        ("exports.onExecutePostLogin = async () => {}", False),
        ("const x = 1;", False),
    ],
)
def test_the_first_version_of_actions_is_recognised(code: str, *, legacy: bool) -> None:
    """A module that is one function, and names no handler."""
    assert javascript.is_legacy(code) is legacy


def test_every_name_has_a_folder_of_its_own() -> None:
    """Names that differ only in what no folder's name can hold are told apart."""
    names = FolderNames()
    given = [names.take(name) for name in ("My Action", "a/b", "a:b", "..", "A-B")]
    assert given == ["My Action", "a-b", "a-b-2", "-", "A-B-3"]
