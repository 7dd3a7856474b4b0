"""The schema registry: where public schemas are registered, and which ids they have there.

The interface is Confluent's REST API, which Apicurio, Karapace and others speak too.
"""

from __future__ import annotations

import json
import ssl
from collections.abc import Iterable, Iterator
from functools import cache
from http import HTTPStatus
from urllib.parse import quote

import httpx

from authstream.contracts.avro import fingerprint_of, known_schemas, without_docs
from authstream.contracts.avro_writer import Schema
from authstream.contracts.framing import PUBLIC, Framing
from authstream.errors import ConfigurationError, RegistryError
from authstream.settings import SchemaRegistrySettings, Settings

_SECONDS = 10.0
_TYPE = {"content-type": "application/vnd.schemaregistry.v1+json"}
#: An id is the schema's, whatever its subject: workers ask for those of one trigger.
_ANY_TRIGGER = "post-login"


def framing_of(settings: Settings) -> Framing | None:
    """The ids of our schemas, asked for once in a process; None without a registry.

    Raises RegistryError, ConfigurationError.
    """
    said = settings.schema_registry
    if not said.url:
        return None
    return _asked(said, settings.prefix)  # pyright: ignore[reportArgumentType] - frozen: hashable


def written(value: bytes | None, framing: Framing | None) -> bytes | None:
    """A record's bytes as they go to the broker."""
    return value if framing is None else framing.framed(value)


def register(settings: Settings, triggers: Iterable[str]) -> int:
    """Register every public schema under its topics, oldest first; how many subjects.

    Raises RegistryError: the registry is away, refuses a schema, or numbers by subject.
    """
    ids: dict[bytes, int] = {}
    subjects = list(_subjects(settings.prefix, triggers))
    with _client(settings.schema_registry) as client:
        for subject, schema in ((one, schema) for one, said in subjects for schema in said):
            number = _id(client, f"/subjects/{quote(subject)}/versions", schema)
            if number is None or ids.setdefault(fingerprint_of(schema), number) != number:
                raise RegistryError(
                    f"the schema registry gave subject {subject} an id of its own for a schema "
                    "that it has already: let it number schemas by their content"
                )
    return len(subjects)


@cache
def _asked(said: SchemaRegistrySettings, prefix: str) -> Framing:
    ids: dict[bytes, int] = {}
    with _client(said) as client:
        for subject, schemas in _subjects(prefix, [_ANY_TRIGGER]):
            for schema in schemas:
                number = _id(client, f"/subjects/{quote(subject)}", schema)
                if number is None:
                    raise ConfigurationError(
                        f"the schema registry does not have this version's schema of {subject}: "
                        "run `authstream topics apply` with this version first"
                    )
                ids[fingerprint_of(schema)] = number
    return Framing(ids, writes=said.write)


def _subjects(prefix: str, triggers: Iterable[str]) -> Iterator[tuple[str, list[Schema]]]:
    """Subjects as Confluent's serializers name them, each with its schemas, oldest first."""
    of_triggers = list(triggers)
    for pattern, model in PUBLIC.items():
        schemas = [schema for schema in known_schemas() if schema["name"] == model.__name__]
        for trigger in of_triggers if "<trigger>" in pattern else [""]:
            yield f"{prefix}.{pattern.replace('<trigger>', trigger)}-value", schemas


def _text(schema: Schema) -> str:
    """The schema as it is registered: without descriptions, so that a word more is no other one.

    Apicurio (3.3.3) finds no type for a text that has the two characters of an empty object in it,
    which is the default of our JSON members; escaped they are the same text to every parser.
    """
    return json.dumps(without_docs(schema)).replace('"{}"', r'"\u007b\u007d"')


def _client(said: SchemaRegistrySettings) -> httpx.Client:
    password = said.password.get_secret_value() if said.password else ""
    return httpx.Client(
        base_url=said.url,
        auth=(said.username, password) if said.username else None,
        verify=ssl.create_default_context(cafile=said.ca) if said.ca else True,
        timeout=_SECONDS,
    )


def _id(client: httpx.Client, path: str, schema: Schema) -> int | None:
    """The id that the registry answers with, or None where it has no such schema."""
    body = json.dumps({"schema": _text(schema), "schemaType": "AVRO"})
    try:
        answer = client.post(path, content=body, headers=_TYPE)
    except httpx.HTTPError as error:
        raise RegistryError(
            f"no schema registry answers at {client.base_url} ({error}): start it, or set "
            "AUTHSTREAM_SCHEMA_REGISTRY__URL"
        ) from error
    if answer.status_code == HTTPStatus.NOT_FOUND:
        return None
    if answer.is_error:
        raise RegistryError(
            f"the schema registry refused {path} with {answer.status_code}: {answer.text[:200]}"
        )
    number: int = answer.json()["id"]
    return number
