"""What can be told of an action's JavaScript by reading it: handlers, packages, hosts."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

from authstream.engine.egress import Egress
from authstream.errors import ConfigurationError

_TOKEN = re.compile(
    r"""(?P<comment>//[^\n]*|/\*.*?\*/)
      | (?P<text>"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|`(?:\\.|[^`\\])*`)""",
    re.VERBOSE | re.DOTALL,
)
_EXPORTED = re.compile(r"\b(on(?:Execute|Continue)[A-Z]\w*)\b")
_ONE_FUNCTION = re.compile(r"module\.exports\s*=\s*(?:async\b|function\b|\(|[\w$]+\s*=>)")
_REQUIRED = re.compile(r"""\b(?:require\(|import\(|from\b)\s*(['"`])([^'"`]+)\1""")
_URL = re.compile(r"^(https?)://([^/?#\s\"'`\\]+)", re.IGNORECASE)
#: What a text follows when it names a claim instead of a server.
_NAMES_A_CLAIM = re.compile(
    r"""(?:set\w*Claim\(\s*|\b\w*(?:namespace|claim|audience|\bns)\w*\s*[=:]\s*|\b(?:ns|NS)\s*[=:]\s*)$""",
    re.IGNORECASE,
)
#: Hosts of packages that have them built in.
_PACKAGE_HOSTS = {
    "@sendgrid/mail": "api.sendgrid.com:443",
    "@slack/web-api": "slack.com:443",
    "stripe": "api.stripe.com:443",
    "twilio": "api.twilio.com:443",
}
#: Node's own modules (its documentation, version 22).
BUILT_IN = frozenset(
    {
        *("assert", "async_hooks", "buffer", "child_process", "cluster", "console", "constants"),
        *("crypto", "dgram", "diagnostics_channel", "dns", "domain", "events", "fs"),
        *("http", "http2", "https", "inspector", "module", "net", "os"),
        *("path", "perf_hooks", "process", "punycode", "querystring", "readline", "repl"),
        *("stream", "string_decoder", "sys", "timers", "tls", "trace_events", "tty"),
        *("url", "util", "v8", "vm", "wasi", "worker_threads", "zlib"),
    }
)
_PORTS = {"http": 80, "https": 443}
#: Characters before a text that say what it is for.
_BEFORE = 80


@dataclass(frozen=True, slots=True)
class Hosts:
    """`host:port` of the addresses in the code, and expressions that are one only at run time."""

    named: tuple[str, ...]
    computed: tuple[str, ...]


def without_comments(code: str) -> str:
    """The code with its comments blanked out."""
    return _TOKEN.sub(lambda found: " " if found["comment"] else found[0], code)


def statements(code: str) -> str:
    """The code with its comments and texts blanked out."""
    return _TOKEN.sub(" ", code)


def handlers(code: str) -> set[str]:
    """Names of handlers that the code mentions, outside of comments."""
    return set(_EXPORTED.findall(without_comments(code)))


def is_legacy(code: str) -> bool:
    """Whether the module is one function: the shape of the first version of Actions."""
    return _ONE_FUNCTION.search(without_comments(code)) is not None and not handlers(code)


def required(code: str) -> list[str]:
    """What the code requires by a fixed name, relative files left out, sorted."""
    names = {name for _, name in _REQUIRED.findall(without_comments(code))}
    return sorted(name for name in names if not name.startswith("."))


def package(name: str) -> str:
    """The package of a required name: `lodash/fp` is of `lodash`."""
    parts = name.split("/")
    return "/".join(parts[:2]) if name.startswith("@") else parts[0]


def hosts(code: str) -> Hosts:
    """The servers that the code speaks to, as far as its texts say."""
    named: set[str] = {
        _PACKAGE_HOSTS[name] for name in map(package, required(code)) if name in _PACKAGE_HOSTS
    }
    computed: set[str] = set()
    for scheme, host in _addresses(code):
        entry = None if "${" in host else _entry(scheme, host)
        if entry is None:
            computed.add(host)
        else:
            named.add(entry)
    return Hosts(tuple(sorted(named)), tuple(sorted(computed)))


def _addresses(code: str) -> Iterator[tuple[str, str]]:
    for found in _TOKEN.finditer(code):
        text = found["text"]
        address = _URL.match(text[1:-1]) if text else None
        if address is None or _NAMES_A_CLAIM.search(
            code, max(0, found.start() - _BEFORE), found.start()
        ):
            continue
        yield address[1].lower(), address[2]


def _entry(scheme: str, host: str) -> str | None:
    """As `egress:` takes it; None for what is no host yet, such as `{yourDomain}`."""
    try:
        parts = urlsplit(f"{scheme}://{host}")
        entry = f"{parts.hostname}:{parts.port or _PORTS[scheme]}"
        Egress((entry,))
    except (ValueError, ConfigurationError):
        return None
    return entry
