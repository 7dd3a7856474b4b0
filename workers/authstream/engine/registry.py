"""Finds plug-ins: every module of a folder, then installed entry points."""

from __future__ import annotations

import importlib
import pkgutil
from importlib.metadata import entry_points
from types import ModuleType
from typing import Protocol, TypeVar

from authstream.errors import ConfigurationError


class Named(Protocol):
    """What every kind of plug-in has."""

    @property
    def name(self) -> str:
        """Unique among the plug-ins of its kind."""
        ...


P = TypeVar("P", bound=Named)


def plugins(package: ModuleType, kind: type[P], *, group: str) -> dict[str, P]:
    """Plug-ins by name: what each module of the package calls `PLUGIN`, and what entry points give.

    Raises ConfigurationError when one is of another kind or a name is taken twice.
    """
    found: list[object] = [
        importlib.import_module(f"{package.__name__}.{module.name}").PLUGIN
        for module in pkgutil.iter_modules(package.__path__)
        if not module.name.startswith("_")
    ]
    found += [point.load() for point in entry_points(group=group)]
    named: dict[str, P] = {}
    for plugin in found:
        if not isinstance(plugin, kind):
            msg = (
                f"plug-in {plugin!r} of {group} is not a {kind.__name__}: see docs/how-to/extend.md"
            )
            raise ConfigurationError(msg)
        name = plugin.name
        if name in named:
            msg = f"two plug-ins of {group} are called {name!r}: uninstall one"
            raise ConfigurationError(msg)
        named[name] = plugin
    return named
