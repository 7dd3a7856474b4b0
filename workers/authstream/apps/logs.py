"""Structured logs: one line each, with component, trace and flow where there is one, no secrets."""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import Iterator, Mapping, MutableMapping
from typing import Any, cast

import structlog
from opentelemetry import trace
from pydantic import BaseModel, SecretStr

from authstream import telemetry
from authstream.contracts import headers as h
from authstream.engine.redaction import SHOWN, Redactor
from authstream.settings import Settings

_NOISY = ("faust", "mode", "aiokafka", "asyncio")
#: Said by nobody unless asked: what actions print may be personal.
_UNASKED = {"console": "off"}
_OFF = logging.CRITICAL + 1
_OURS = "authstream."
#: Members of a line that are never shown, whatever they hold.
_SECRET_NAME = re.compile(
    r"(?:.*[_-])?(?:password|secret|token|authorization|cookie|api[_-]?key)", re.IGNORECASE
)
_Line = MutableMapping[str, Any]


class Component(structlog.PrintLogger):
    """Where the lines of one component go; its name is that of `structlog.get_logger`."""

    def __init__(self, name: str = _OURS) -> None:
        super().__init__(sys.stderr)
        self.component = name.removeprefix(_OURS) or "authstream"


class _Levels:
    """Drops what a component is not to say."""

    def __init__(self, said: Mapping[str, str], *, default: int) -> None:
        self._default = default
        self._said = {name: _level(level) for name, level in {**_UNASKED, **said}.items()}
        self.lowest = min(default, *self._said.values())

    def __call__(self, logger: Component, method: str, event: _Line) -> _Line:
        level = self._said.get(logger.component, self._default)
        if _level(_METHODS.get(method, method)) < level:
            raise structlog.DropEvent
        event["component"] = logger.component
        return event

    def quieten(self) -> None:
        """The same for what libraries say."""
        for name in _NOISY:
            logging.getLogger(name).setLevel(logging.ERROR)
        for name, level in self._said.items():
            for full in (name, f"{_OURS}{name}"):
                if full in logging.Logger.manager.loggerDict:
                    logging.getLogger(full).setLevel(level)


#: What structlog calls a line's level otherwise than the standard library.
_METHODS = {"exception": "error", "warn": "warning", "msg": "info"}


def configure(settings: Settings) -> None:
    """Log to standard error as the settings say."""
    levels = _Levels(settings.log_levels, default=_level(settings.log_level))
    renderer = (
        structlog.processors.JSONRenderer()
        if settings.log_format == "json"
        else structlog.dev.ConsoleRenderer()
    )
    told: list[Any] = [
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _bind,
        structlog.processors.format_exc_info,
        _Redaction(settings),
    ]
    structlog.configure(
        processors=[levels, *told, renderer],
        wrapper_class=structlog.make_filtering_bound_logger(levels.lowest),
        logger_factory=Component,
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
            foreign_pre_chain=[_library, *told],
        )
    )
    logging.basicConfig(level=logging.WARNING, handlers=[handler])
    levels.quieten()


def _level(name: str) -> int:
    return _OFF if name == "off" else logging.getLevelNamesMapping()[name.upper()]


def _library(_logger: object, _method: str, event: _Line) -> _Line:
    """A line of a library, or of librdkafka through ours."""
    record: logging.LogRecord = event["_record"]
    event["component"] = record.name.removeprefix(_OURS)
    return event


def _bind(_logger: object, _method: str, event: _Line) -> _Line:
    """What the line is about: the trace, and the flow of the record in work."""
    made = trace.get_current_span().get_span_context()
    if made.is_valid:
        event["trace_id"] = f"{made.trace_id:032x}"
        event["span_id"] = f"{made.span_id:016x}"
    at_work = telemetry.AT_WORK.get()
    if at_work and "flow_id" not in event and (flow := h.text(at_work, h.FLOW_ID)):
        event["flow_id"] = flow
    return event


class _Redaction:
    """Takes out the secrets of the settings, and members named as secrets are."""

    def __init__(self, settings: Settings) -> None:
        self._redactor = Redactor(_secrets(settings))

    def __call__(self, _logger: object, _method: str, event: _Line) -> _Line:
        for name, value in event.items():
            event[name] = SHOWN if _SECRET_NAME.fullmatch(name) else self._shown(value)
        return event

    def _shown(self, value: object) -> object:
        if isinstance(value, str):
            return self._redactor.text(value)
        if isinstance(value, list | tuple):
            return [self._shown(one) for one in cast("list[object]", value)]
        if isinstance(value, dict):
            said = cast("dict[str, object]", value)
            return {name: self._shown(one) for name, one in said.items()}
        return value


def _secrets(said: object) -> Iterator[str]:
    """Every secret value in the settings."""
    if isinstance(said, SecretStr):
        yield said.get_secret_value()
    elif isinstance(said, BaseModel):
        for _, inner in said:
            yield from _secrets(inner)
    elif isinstance(said, list | tuple):
        for inner in cast("list[object]", said):
            yield from _secrets(inner)
    elif isinstance(said, dict):
        for inner in cast("dict[str, object]", said).values():
            yield from _secrets(inner)
