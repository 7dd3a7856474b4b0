"""Names that no custom claim and no metadata key may have.

Source: Auth0's documentation, pages create-custom-claims and metadata-fields-data.
"""

from __future__ import annotations

from functools import lru_cache
from urllib.parse import urlsplit

#: 60 names; a claim of that name is dropped and listed as dropped.
CLAIMS = frozenset(
    [
        "acr",
        "act",
        "active",
        "amr",
        "at_hash",
        "ath",
        "attest",
        "aud",
        "auth_time",
        "authorization_details",
        "azp",
        "c_hash",
        "client_id",
        "cnf",
        "cty",
        "dest",
        "entitlements",
        "events",
        "exp",
        "groups",
        "gty",
        "htm",
        "htu",
        "iat",
        "internalService",
        "iss",
        "jcard",
        "jku",
        "jti",
        "jwe",
        "jwk",
        "kid",
        "may_act",
        "mky",
        "nbf",
        "nonce",
        "object_id",
        "org_id",
        "org_name",
        "orig",
        "origid",
        "permissions",
        "roles",
        "rph",
        "s_hash",
        "sid",
        "sip_callid",
        "sip_cseq_num",
        "sip_date",
        "sip_from_tag",
        "sip_via_branch",
        "sub",
        "sub_jwk",
        "toe",
        "txn",
        "typ",
        "uuid",
        "vot",
        "vtm",
        "x5t#S256",
    ]
)
#: Claim names whose answer is kept: an action sets the same ones at each login.
_NAMES = 1024
#: Namespaced claims under these hosts (and below) are not allowed.
NAMESPACE_HOSTS = ("auth0.com", "webtask.io", "webtask.run")
NAMESPACE_URN = "urn:auth0"
#: 18 top-level keys that `app_metadata` must not have.
APP_METADATA = frozenset(
    [
        "__tenant",
        "_id",
        "blocked",
        "clientID",
        "created_at",
        "email_verified",
        "email",
        "globalClientID",
        "global_client_id",
        "identities",
        "lastIP",
        "lastLogin",
        "loginsCount",
        "metadata",
        "multifactor_last_modified",
        "multifactor",
        "updated_at",
        "user_id",
    ]
)


@lru_cache(_NAMES)
def claim_refusal(name: str) -> str | None:
    """Why a claim of this name is dropped, or None when it may be set."""
    if name in CLAIMS:
        return f"the claim name {name!r} is restricted"
    if name.lower() == NAMESPACE_URN or name.lower().startswith(f"{NAMESPACE_URN}:"):
        return f"claims under {NAMESPACE_URN} are reserved"
    host = _host(name)
    if any(host == reserved or host.endswith(f".{reserved}") for reserved in NAMESPACE_HOSTS):
        return f"claims under {host} are reserved"
    return None


def _host(name: str) -> str:
    try:
        return (urlsplit(name).hostname or "").lower().rstrip(".")
    except ValueError:
        return ""


def app_metadata_refusal(key: str) -> str | None:
    """Why a key of `app_metadata` is dropped, or None when it may be set."""
    return f"the app_metadata key {key!r} is reserved" if key in APP_METADATA else None
