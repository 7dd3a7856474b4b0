"""`api.samlResponse`: attributes and configuration of a SAML answer."""

from __future__ import annotations

from typing import Any

from authstream.contracts.api.method import Method, Quota, Total
from authstream.contracts.api.triggers import POST_LOGIN
from authstream.contracts.parameter import Parameter

ATTRIBUTE_CHANGES = 100
NAME_CHARACTERS = 1024
VALUE_CHARACTERS = 2048
#: As Auth0's own test harness has it; its documentation says 10 kB.
ATTRIBUTES_BYTES = 102_400
SHORT, LONG, KEY = 512, 2048, 4096
PROBES = 10
UNSPECIFIED = "urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified"

_PL = frozenset({POST_LOGIN})


def _setting(name: str, parameter: Parameter, about: str) -> Method:
    return Method(f"samlResponse.set{name}", (parameter,), _PL, about=about)


def _parameter(name: str, *types: Any, **limits: Any) -> Parameter:  # noqa: ANN401 - as Parameter declares them
    return Parameter(name[:1].lower() + name[1:], types, **limits)


def _text(name: str, characters: int, about: str) -> Method:
    return _setting(name, _parameter(name, "string", max_length=characters), about)


def _flag(name: str, about: str) -> Method:
    return _setting(name, _parameter(name, "boolean"), about)


def _choice(name: str, values: tuple[str, ...], about: str) -> Method:
    return _setting(name, _parameter(name, "string", enum=values), about)


METHODS = (
    Method(
        "samlResponse.setAttribute",
        (
            Parameter("attribute", ("string",), max_length=NAME_CHARACTERS),
            Parameter(
                "value",
                ("string", "number", "boolean", "array", "null"),
                default=None,
                max_length=VALUE_CHARACTERS,
                items=Parameter(
                    "item", ("string", "number", "boolean"), max_length=VALUE_CHARACTERS
                ),
            ),
        ),
        _PL,
        quota=Quota(
            "samlResponse.setAttribute",
            ATTRIBUTE_CHANGES,
            f"No more than {ATTRIBUTE_CHANGES} SAML attribute changes are allowed.",
        ),
        total=Total(
            "samlResponse.setAttribute",
            ATTRIBUTES_BYTES,
            f"The total size of the SAML attributes exceeds the limit of {ATTRIBUTES_BYTES} bytes.",
        ),
        about="Sets an attribute of the assertion; null removes it.",
        differs=f"{ATTRIBUTES_BYTES} bytes in all, as Auth0's test harness; its documentation says"
        " 10 kB",
    ),
    _text("Audience", LONG, "The audience of the assertion."),
    _text("Recipient", LONG, "The recipient of the assertion."),
    _flag("CreateUpnClaim", "Whether a UPN claim is made."),
    _flag("PassthroughClaimsWithNoMapping", "Whether claims without a mapping are passed on."),
    _flag("MapUnknownClaimsAsIs", "Whether those keep their names."),
    _flag("MapIdentities", "Whether the identities are passed on."),
    _choice("SignatureAlgorithm", ("rsa-sha256", "rsa-sha1"), "How it is signed."),
    _choice("DigestAlgorithm", ("sha256", "sha1"), "How its digest is made."),
    _text("Destination", LONG, "Where the response goes."),
    _setting(
        "LifetimeInSeconds",
        _parameter("LifetimeInSeconds", "number"),
        "How long the assertion is valid.",
    ),
    _flag("SignResponse", "Whether the response is signed instead of the assertion."),
    _setting(
        "NameIdentifierFormat",
        _parameter("NameIdentifierFormat", "string", max_length=SHORT, default=UNSPECIFIED),
        "The format of the name identifier.",
    ),
    _setting(
        "NameIdentifierProbes",
        _parameter(
            "NameIdentifierProbes",
            "array",
            max_items=PROBES,
            items=Parameter("probe", ("string",), max_length=SHORT),
        ),
        "The attributes that may be the name identifier, in order.",
    ),
    _text("AuthnContextClassRef", SHORT, "The class of authentication."),
    _text("SigningCert", KEY, "The certificate that requests are checked with."),
    _flag("IncludeAttributeNameFormat", "Whether attributes have a name format."),
    _flag("TypedAttributes", "Whether attributes have types."),
    _text("EncryptionCert", KEY, "The certificate the assertion is encrypted with."),
    _text("EncryptionPublicKey", KEY, "The public key the assertion is encrypted with."),
    _text("Cert", KEY, "The certificate of the key it is signed with."),
    _text("Key", KEY, "The private key it is signed with."),
    _text("RelayState", SHORT, "The state returned to the service provider."),
    _text("Issuer", SHORT, "The issuer of the assertion."),
    _choice("EncryptionAlgorithm", ("aes256-gcm", "aes256-cbc"), "How it is encrypted."),
)
