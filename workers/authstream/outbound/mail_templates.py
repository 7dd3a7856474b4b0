"""E-mail templates: Jinja2 in its sandbox, one file for the text with the subject, one for HTML.

`NAME.txt` begins with a line `Subject: …` and an empty one; `NAME.html` is optional. A folder of
the operator comes before the package's own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from jinja2 import (
    BaseLoader,
    ChoiceLoader,
    FileSystemLoader,
    PackageLoader,
    StrictUndefined,
    TemplateError,
    TemplateNotFound,
)
from jinja2.sandbox import ImmutableSandboxedEnvironment

from authstream.errors import DeliveryError

_SUBJECT = "Subject:"


@dataclass(frozen=True, slots=True)
class Rendered:
    """An e-mail's parts."""

    subject: str
    text: str
    html: str | None


def _escapes(name: str | None) -> bool:
    return name is not None and name.endswith(".html")


@cache
def _environment(folder: str) -> ImmutableSandboxedEnvironment:
    loaders: list[BaseLoader] = [FileSystemLoader(folder)] if folder else []
    loaders.append(PackageLoader("authstream.outbound"))
    return ImmutableSandboxedEnvironment(
        loader=ChoiceLoader(loaders),
        undefined=StrictUndefined,
        autoescape=_escapes,
        keep_trailing_newline=True,
    )


def names(folder: str = "") -> list[str]:
    """The templates there are."""
    found = _environment(folder).list_templates(filter_func=lambda name: name.endswith(".txt"))
    return sorted(Path(name).stem for name in found)


def render(name: str, values: Mapping[str, object], *, folder: str = "") -> Rendered:
    """A template with its values. Raises DeliveryError, permanent, when one is missing."""
    environment = _environment(folder)
    try:
        head, _, text = environment.get_template(f"{name}.txt").render(values).partition("\n")
        html = _html(environment, name, values)
    except TemplateNotFound as error:
        raise DeliveryError(
            f"there is no e-mail template {name!r}, only {', '.join(names(folder))}", permanent=True
        ) from error
    except (TemplateError, TypeError, ValueError) as error:
        # The text of the error names variables, never their values.
        reason = f"{error}" if isinstance(error, TemplateError) else type(error).__name__
        raise DeliveryError(f"e-mail template {name}: {reason}", permanent=True) from error
    if not head.startswith(_SUBJECT):
        raise DeliveryError(
            f"e-mail template {name}: the first line of {name}.txt must be `{_SUBJECT} …`",
            permanent=True,
        )
    return Rendered(head.removeprefix(_SUBJECT).strip(), text.lstrip("\n"), html)


def _html(
    environment: ImmutableSandboxedEnvironment, name: str, values: Mapping[str, object]
) -> str | None:
    try:
        template = environment.get_template(f"{name}.html")
    except TemplateNotFound:
        return None
    return template.render(values)
