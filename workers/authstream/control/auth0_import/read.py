"""Reads an export: a folder of JSON files, one `tenant.yaml`, or Terraform's state."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, TypeVar, cast

import yaml
from pydantic import BaseModel, ValidationError

from authstream.control.auth0_import.export import (
    Bound,
    Export,
    ExportedAction,
    ExportedModule,
    Problem,
)
from authstream.control.auth0_import.keywords import Keywords
from authstream.control.auth0_import.terraform_state import as_export, is_state
from authstream.errors import ConfigurationError

#: Its keys are those of the YAML format.
Members = dict[str, Any]
M = TypeVar("M", bound=BaseModel)
_YAML_FILE = "tenant.yaml"
_STATE_SUFFIXES = (".tfstate", ".json")
_DIRECTORY = {"actions": "actions", "actionModules": "action-modules"}


def read_export(path: Path, keywords: Keywords) -> Export:
    """An export in any format; `path` is its folder, its YAML file, or a state of Terraform's.

    Raises ConfigurationError when it is none.
    """
    problems: list[Problem] = []
    file = path / _YAML_FILE if path.is_dir() else path
    if file.is_file():
        root, members = file.parent, _whole(file, keywords)
        if is_state(members):
            members = as_export(members, problems)
    elif any((path / name).is_dir() for name in (*_DIRECTORY.values(), "triggers")):
        root, members = path, _directory(path, keywords, problems)
    else:
        raise ConfigurationError(
            f"{path} is no export of auth0-deploy-cli: give a folder with actions/ and triggers/,"
            f" or with {_YAML_FILE}, or a state of Terraform's"
        )
    return Export(
        root,
        keywords,
        tuple(_items(members.get("actions"), ExportedAction, problems)),
        tuple(_items(members.get("actionModules"), ExportedModule, problems)),
        dict(_triggers(members.get("triggers"), problems)),
        tuple(problems),
    )


def _whole(file: Path, keywords: Keywords) -> Members:
    """A file that has all of it: YAML, or JSON of Terraform's."""
    json_file = file.suffix in _STATE_SUFFIXES
    try:
        text = keywords.replaced(_text(file))
        members: object = json.loads(text) if json_file else yaml.safe_load(text)
    except (yaml.YAMLError, json.JSONDecodeError) as error:
        mark = getattr(error, "problem_mark", None)
        place = f", line {mark.line + 1}" if mark else ""
        raise ConfigurationError(
            f"{file}{place}: not valid {'JSON' if json_file else 'YAML'}; correct it, or give the"
            " keywords it needs"
        ) from None
    return cast("Members", members) if isinstance(members, dict) else {}


def _directory(root: Path, keywords: Keywords, problems: list[Problem]) -> Members:
    members: Members = {
        key: list(_files(root / folder, keywords, problems)) for key, folder in _DIRECTORY.items()
    }
    found = sorted((root / "triggers").glob("*.json"))
    for file in found[:1]:
        members["triggers"] = _json(file, keywords, problems)
    for file in found[1:]:
        why = f"only {found[0].name} is read, as auth0-deploy-cli does"
        problems.append(Problem(f"triggers/{file.name}", why))
    return members


def _files(folder: Path, keywords: Keywords, problems: list[Problem]) -> Iterator[object]:
    for file in sorted(folder.glob("*.json")):
        read = _json(file, keywords, problems)
        if read is not None:
            yield read


def _json(file: Path, keywords: Keywords, problems: list[Problem]) -> Any:  # noqa: ANN401 - JSON
    try:
        return json.loads(keywords.replaced(_text(file)))
    except json.JSONDecodeError as error:
        why = f"not valid JSON, line {error.lineno}: {error.msg}"
        problems.append(Problem(f"{file.parent.name}/{file.name}", why))
        return None


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(
            f"{file} cannot be read ({type(error).__name__}): save it as UTF-8"
        ) from None


def _items(found: object, model: type[M], problems: list[Problem]) -> Iterator[M]:
    kind = "action" if model is ExportedAction else "module"
    for item in cast("Iterable[object]", found) if isinstance(found, list) else ():
        name = cast("Members", item).get("name") if isinstance(item, dict) else None
        try:
            yield model.model_validate(item)
        except ValidationError as error:
            problems.append(Problem(f"{kind} {name or item!r}", _because(error)))


def _triggers(found: object, problems: list[Problem]) -> Iterator[tuple[str, tuple[Bound, ...]]]:
    for trigger, bound in cast("Members", found).items() if isinstance(found, dict) else ():
        try:
            items = tuple(Bound.model_validate(item) for item in bound or ())
        except (ValidationError, TypeError) as error:
            why = _because(error) if isinstance(error, ValidationError) else "it is no list"
            problems.append(Problem(f"trigger {trigger}", why))
        else:
            yield str(trigger), items


def _because(error: ValidationError) -> str:
    problem = error.errors(include_input=False, include_url=False)[0]
    return f"{'.'.join(map(str, problem['loc']))}: {problem['msg']}"
