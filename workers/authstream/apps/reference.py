"""Renders what needs the plug-ins: pages of reference, and types for authors (`make contracts`)."""

from __future__ import annotations

import importlib
import inspect
import json
import pkgutil
import re
import sys
from collections.abc import Iterable, Iterator
from typing import Any, get_args

from pydantic import BaseModel, ByteSize, SecretStr
from pydantic.fields import FieldInfo

import authstream
from authstream.apps.admin import openapi
from authstream.apps.dashboard import dashboard
from authstream.apps.stages import triggers
from authstream.apps.trigger_limits import limits
from authstream.contracts.api import methods, python_path
from authstream.contracts.codes import MEANINGS
from authstream.contracts.golden import Golden, checkout, render
from authstream.contracts.markdown import code, page, table
from authstream.contracts.typings import python, typescript
from authstream.engine.trigger import OnFailure, Trigger, nobody
from authstream.errors import AuthstreamError
from authstream.gateway.app import Gateway
from authstream.metrics.names import INSTRUMENTS, SECONDS
from authstream.metrics.registry import MOST_SERIES, OTHER
from authstream.settings import Settings

_TRIGGERS = (
    "A trigger is a point at which a provider asks; one file each in "
    "`workers/authstream/triggers/`. Members of the event that are not listed are kept as they "
    "are. What the parts of a verdict hold is in [a page of their own](verdict.md), what the "
    "methods do in [the action api](api.md). Auth0's limits of a whole tenant are not here: 100 "
    "actions, 50 versions of an action, 30 secrets of one; nor are those of its profiles, as users "
    "are the provider's."
)
_VERDICT = (
    "A verdict is made of parts, one file each in `workers/authstream/engine/parts/`; "
    "[a trigger](triggers.md) names those it allows. Members of other parts are empty. Commands of "
    "an allowed or denied flow that do not take effect are in `dropped`, each with the action that "
    "asked and the reason. A denied flow keeps metadata, effects and changes of sessions, and has "
    "no claims; a failed one has nothing. All members are in [the schema](schemas.md)."
)
_METRICS = (
    "A worker serves them for Prometheus at `AUTHSTREAM_METRICS__PORT`, path `/metrics`; the "
    "gateway beside its other paths. Either pushes them by OTLP where "
    "`OTEL_EXPORTER_OTLP_METRICS_ENDPOINT` names an endpoint, or `OTEL_METRICS_EXPORTER=otlp` uses "
    "that of the traces; there `authstream_stage_queue_seconds` is `authstream.stage.queue` in "
    "seconds, and its label `stage` the attribute `authstream.stage`. Histograms are in seconds, "
    "with the bounds {bounds}. No label holds who logged in, nor anything that a caller chose; "
    "beyond {most} series of one metric the rest is counted together as `{other}`. Prometheus also "
    "gets the `process_*` metrics of its client library. What to do about which is in "
    "[on call](../how-to/on-call.md)."
)
_VERDICT_CODES = (
    "A verdict that is not `allowed` or `suspended` has one of these codes, of an error below, or, "
    "of a denied token exchange, the one that its action chose. A failed flow has none of what its "
    "actions asked for. Auth0's classes of errors are `action_error`, `action_timeout`, "
    "`platform_error` and `rate_limited`; name, message and stack of what an action threw are in "
    "its run (`thrown`), the verdict's `reason` has name and message only."
)
_FAILURES: dict[OnFailure, str] = {
    "refused": "the provider refuses what was asked for",
    "ignored": "what happened before stands",
    "unsent": "the message is not sent",
    "retried": "the event is published again,",
}
#: Modules that are programs, or run only inside a guest.
_NOT_IMPORTED = re.compile(r"__main__|\.guest_")
_COMMENTED = re.compile(r"((?:^ +#: .*\n)+) +(\w+):", re.MULTILINE)


def golden() -> Golden:
    """Every file that needs more than the contracts."""
    events = {name: trigger.event for name, trigger in triggers().items()}
    return Golden(
        {
            "schemas/authstream.d.ts": typescript(events),
            "schemas/actions.pyi": python(events),
            "docs/reference/triggers.md": triggers_page(),
            "docs/reference/verdict.md": verdict_page(),
            "docs/reference/settings.md": settings_page(),
            "docs/reference/errors.md": errors_page(),
            "docs/reference/metrics.md": metrics_page(),
            "deploy/grafana/authstream.json": dashboard(),
            "docs/reference/admin-openapi.json": openapi(),
            "docs/reference/gateway.openapi.json": openapi_text(),
        }
    )


def openapi_text() -> str:
    """`docs/reference/gateway.openapi.json`: a gateway without connections has every path."""
    gateway = Gateway(Settings(), connections={}, triggers=triggers())
    return json.dumps(gateway.app.openapi(), indent=2, ensure_ascii=False) + "\n"


def triggers_page() -> str:
    """`docs/reference/triggers.md`."""
    return page("Triggers", _TRIGGERS, *(_trigger(one) for _, one in sorted(triggers().items())))


def verdict_page() -> str:
    """`docs/reference/verdict.md`."""
    parts = {part.__name__: part for one in triggers().values() for part in one.parts}
    rows = [
        (code(name), " ".join((inspect.getdoc(part) or "").split()), _codes(part.rules))
        for name, part in sorted(parts.items())
    ]
    return page("The parts of a verdict", _VERDICT, table(("part", "members", "commands"), rows))


def _codes(names: Iterable[str]) -> str:
    return ", ".join(map(code, names))


def _trigger(trigger: Trigger) -> str:
    about = (inspect.getdoc(inspect.getmodule(trigger.event)) or "").partition("\n")[0]
    said = (
        ("handler", _handler(trigger.handler)),
        ("after a suspension", _handler(trigger.continues) if trigger.continues else "none"),
        ("the provider waits", "yes" if trigger.blocking else "no"),
        ("flows stay in order", "for each user" if trigger.subject is not nobody else "no"),
        ("when a flow fails", f"{_FAILURES[trigger.on_failure]}{_retry(trigger)}"),
        ("parts of its verdict", _codes(part.__name__ for part in trigger.parts)),
        ("never in a dead letter", _codes(trigger.sensitive) or "nothing is taken out"),
        ("api methods", _codes(methods(trigger.name))),
        ("a sample event", f"`deploy/events/{trigger.name}.json`"),
        ("differs from Auth0", trigger.differs or "nothing known"),
    )
    limited = table(("limit", "at most"), limits(trigger))
    members = table(("member", "type", "required"), _members(trigger.event))
    return "\n\n".join([f"## {trigger.name}", about, table(("", ""), said), limited, members])


def _handler(name: str) -> str:
    return f"`{name}`, in Python `{python_path(name)}`"


def _retry(trigger: Trigger) -> str:
    waits = trigger.retry.waits_ms if trigger.retry else ()
    return f" {', '.join(f'{wait / 1000:g}' for wait in waits)} s later" if waits else ""


def _members(model: type[BaseModel], within: str = "event.") -> Iterator[tuple[str, str, str]]:
    for name, field in model.model_fields.items():
        inner = _model(field.annotation)
        required = "yes" if field.is_required() else ""
        path = f"{within}{field.alias or name}"
        yield code(path), "object" if inner else _type(field), required
        if inner:
            yield from _members(inner, f"{path}.")


def _model(annotation: Any) -> type[BaseModel] | None:  # noqa: ANN401 - typing forms have no common type
    """The model of a member, of an optional one, or of the items of a list."""
    for one in (annotation, *get_args(annotation)):
        if inspect.isclass(one) and issubclass(one, BaseModel):
            return one
    return None


def settings_page() -> str:
    """`docs/reference/settings.md`."""
    prefix = Settings.model_config.get("env_prefix", "")
    heads = ("variable", "type", "default", "meaning")
    intro = "Settings are environment variables; each process reads them once, at its start."
    return page("Settings", intro, table(heads, _settings(Settings, prefix)))


def _settings(model: type[BaseModel], prefix: str) -> Iterator[tuple[str, str, str, str]]:
    meanings = _comments(model)
    for name, field in model.model_fields.items():
        variable = f"{prefix}{name.upper()}"
        inner = _model(field.annotation)
        if inner:
            yield from _settings(inner, f"{variable}__")
        else:
            yield code(variable), _type(field), _default(field), meanings[name]


def _comments(model: type[BaseModel]) -> dict[str, str]:
    """The `#:` comments above the members of a class. KeyError later: a member has none."""
    found = _COMMENTED.findall(inspect.getsource(model))
    return {name: " ".join(re.findall(r"#: (.*)", comment)) for comment, name in found}


def _type(field: FieldInfo) -> str:
    annotation: Any = field.annotation
    text = annotation.__name__ if inspect.isclass(annotation) and not get_args(annotation) else ""
    text = text or re.sub(r"typing\.|pydantic\.types\.|authstream\.(\w+\.)+", "", str(annotation))
    return code(text.replace(SecretStr.__name__, "secret"))


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "required"
    default = field.get_default(call_default_factory=True, validated_data={})
    if isinstance(default, ByteSize):
        return code(default.human_readable())
    return "none" if default is None else code(f"{default!r}")


def metrics_page() -> str:
    """`docs/reference/metrics.md`."""
    rows = [
        (
            code(f"{one.prometheus}{'_total' if one.kind == 'counter' else ''}"),
            one.kind,
            _codes(one.labels) or "none",
            f"{one.about}.",
        )
        for _, one in sorted(INSTRUMENTS.items())
    ]
    bounds = ", ".join(f"{bound:g}" for bound in SECONDS)
    labels = table(("metric", "kind", "labels", "meaning"), rows)
    return page("Metrics", _METRICS.format(bounds=bounds, most=MOST_SERIES, other=OTHER), labels)


def errors_page() -> str:
    """`docs/reference/errors.md`."""
    intro = (
        "The code of an error is in dead letters (header `authstream-dead-reason`) and in verdicts "
        "(`code`). The exit status is that of a command that the error ends (sysexits.h)."
    )
    verdicts = [(code(one), meaning.outcome, meaning.about) for one, meaning in MEANINGS.items()]
    rows = [
        (code(error.code), (inspect.getdoc(error) or "").partition("\n")[0], f"{error.exit_status}")
        for error in _errors()
    ]
    return page(
        "Errors",
        f"## Verdicts\n\n{_VERDICT_CODES}",
        table(("code", "outcome", "meaning"), verdicts),
        f"## Errors\n\n{intro}",
        table(("code", "meaning", "exit status"), rows),
    )


def _errors() -> list[type[AuthstreamError]]:
    """Every error with a code of its own, by code."""
    for module in pkgutil.walk_packages(authstream.__path__, "authstream."):
        if not _NOT_IMPORTED.search(module.name):
            importlib.import_module(module.name)
    known = {error for error in _below(AuthstreamError) if "code" in vars(error)}
    return sorted(known, key=lambda error: (error.code, error.__name__))


def _below(kind: type[AuthstreamError]) -> Iterator[type[AuthstreamError]]:
    yield kind
    for inner in kind.__subclasses__():
        yield from _below(inner)


if __name__ == "__main__":
    sys.exit(render(golden(), checkout(), sys.argv[1:]))
