"""Reversible topic-safe names for (tenant, action): small letters, digits, dots and hyphens."""

from __future__ import annotations

import re

from authstream.errors import ConfigurationError

#: Its actions have no tenant in their topic names.
DEFAULT_TENANT = "default"
#: Separates action from tenant. Cannot be an escape: those are a dot and two hex digits.
_SEPARATOR = ".at."
_UNSAFE = re.compile(rb"[^a-z0-9-]")
_ESCAPE = re.compile(r"\.([0-9a-f]{2})")
#: Kafka's limit is 249 for the whole topic name; the rest is for prefix and suffix.
_LONGEST = 190


def _escape(name: str) -> str:
    return _UNSAFE.sub(lambda match: b".%02x" % match[0][0], name.encode()).decode()


def _unescape(slug: str) -> str:
    # Latin-1 keeps the bytes one to one until they are decoded together.
    return _ESCAPE.sub(lambda match: chr(int(match[1], 16)), slug).encode("latin-1").decode()


def slug(tenant: str, action: str) -> str:
    """A topic-safe name for an action, e.g. `crm-enrich`, or `claims.at.acme` with a tenant.

    Raises ConfigurationError when the name is empty or too long for a topic.
    """
    name = (
        _escape(action)
        if tenant == DEFAULT_TENANT
        else _SEPARATOR.join((_escape(action), _escape(tenant)))
    )
    if not action or not tenant or len(name) > _LONGEST:
        raise ConfigurationError(
            f"action {action!r} of tenant {tenant!r} cannot be a topic name: "
            f"use 1 to {_LONGEST} plain characters"
        )
    return name


def unslug(name: str) -> tuple[str, str]:
    """Tenant and action of a slug."""
    action, separator, tenant = name.partition(_SEPARATOR)
    return (_unescape(tenant) if separator else DEFAULT_TENANT), _unescape(action)
