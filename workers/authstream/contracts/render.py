"""Renders schemas, topics and their reference pages: `python -m authstream.contracts.render`.

`--check` compares instead of writing. `--release X.Y.Z` keeps today's schemas for ever.
"""

from __future__ import annotations

import hashlib
import json
import re
import sys
from collections.abc import Sequence
from pathlib import Path

import yaml

from authstream.contracts.api_reference import api_page
from authstream.contracts.avro import RECORDS, fingerprint_of, schema_of
from authstream.contracts.golden import Golden, checkout, render
from authstream.contracts.model import Record
from authstream.contracts.reference import schemas_page, topics_page
from authstream.contracts.topics import CATALOG, Topics, TopicSpec

RELEASE = "--release"
RELEASED = "workers/authstream/contracts/released"
#: In the form that `sha256sum -c` reads.
SUMS = f"{RELEASED}/SHA256SUMS"
#: The schemas of each release.
RELEASES = f"{RELEASED}/releases.json"
_FROM_CODE = "# Rendered from contracts/topics.py by make contracts.\n"


def schema_file(model: type[Record]) -> str:
    """The file of a record's schema: `schemas/metadata-patch.avsc`."""
    return f"schemas/{re.sub('(?<=[a-z])(?=[A-Z])', '-', model.__name__).lower()}.avsc"


def schema_text(model: type[Record]) -> str:
    """A record's Avro schema as it is written to a file."""
    return json.dumps(schema_of(model), indent=2, ensure_ascii=False) + "\n"


def topic_file(spec: TopicSpec) -> str:
    """The file of a topic: its pattern without brackets."""
    return f"topics/{spec.pattern.replace('<', '').replace('>', '')}.yaml"


def topic_text(spec: TopicSpec) -> str:
    """All that is known of a topic, as YAML."""
    members = {
        "name": f"{Topics().prefix}.{spec.pattern}",
        "description": spec.description,
        "written_by": spec.written_by,
        "read_by": spec.read_by,
        "key": spec.key,
        "value": spec.value,
        "partitions": spec.partitions or "AUTHSTREAM_PARTITIONS, the same for all such topics",
        "config": spec.config(),
    }
    return _FROM_CODE + yaml.safe_dump(members, sort_keys=False, allow_unicode=True, width=100)


def golden() -> Golden:
    """Every file that the contracts alone say."""
    schemas = {schema_file(model): schema_text(model) for model in RECORDS}
    topics = {topic_file(spec): topic_text(spec) for spec in CATALOG}
    pages = {
        "docs/reference/topics.md": topics_page(),
        "docs/reference/api.md": api_page(),
        "docs/reference/schemas.md": schemas_page(),
    }
    return Golden({**schemas, **topics, **pages}, owned=("schemas/*.avsc", "topics/*"))


def release(root: Path, version: str) -> list[str]:
    """Keep today's schemas, so that bytes written under them stay readable; the new files.

    A file that is there is never touched: a schema is the same for as long as its fingerprint is.
    """
    names = {f"{one.__name__}-{fingerprint_of(schema_of(one)).hex()}.avsc": one for one in RECORDS}
    added = [name for name in names if not (root / RELEASED / name).exists()]
    for name in added:
        (root / RELEASED / name).write_text(schema_text(names[name]), encoding="utf-8")
    releases = root / RELEASES
    there: dict[str, list[str]] = (
        json.loads(releases.read_text(encoding="utf-8")) if releases.exists() else {}
    )
    there.setdefault(version, sorted(names))
    releases.write_text(json.dumps(there, indent=2) + "\n", encoding="utf-8")
    with (root / SUMS).open("a", encoding="utf-8") as sums:
        sums.writelines(f"{checksum(root / RELEASED / name)}  {name}\n" for name in added)
    return added


def checksum(file: Path) -> str:
    """SHA-256 of a file, hexadecimal."""
    return hashlib.sha256(file.read_bytes()).hexdigest()


def main(arguments: Sequence[str]) -> int:
    """Render, check or release; the exit status."""
    root = checkout()
    if RELEASE in arguments:
        for name in release(root, arguments[arguments.index(RELEASE) + 1]):
            sys.stdout.write(f"released {name}\n")
    return render(golden(), root, arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
