"""pytest plugin: whole flows in your own tests, with real actions and no broker.

Installed with Authstream, it gives every project the fixtures `flow`, `make_event` and `stub_http`.
Nothing of the engine is imported before a test asks for one of them.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from authstream.testing.event import Event, MakeEvent
    from authstream.testing.flow import Flow, Rehearsals
    from authstream.testing.result import Result
    from authstream.testing.stub_http import StubHttp

__all__ = ["Event", "Flow", "MakeEvent", "Result", "StubHttp"]

#: Where the classes are that tests annotate with, loaded when somebody names one.
_MODULES = {
    "Event": "event",
    "Flow": "flow",
    "MakeEvent": "event",
    "Result": "result",
    "StubHttp": "stub_http",
}
_INI = "authstream_folder"


def __getattr__(name: str) -> object:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_MODULES[name]}"), name)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Where the actions and flows are."""
    parser.addini(_INI, "Folder with actions/ and flows/, from the root folder.", default="")


@pytest.fixture(scope="session")
def authstream_folder(pytestconfig: pytest.Config) -> Path:
    """The folder whose flows are tested: the root folder, or the nearest above it with flows/.

    Set `authstream_folder` for pytest, or override this fixture, to name another.
    """
    said, root = str(pytestconfig.getini(_INI)), pytestconfig.rootpath
    if said:
        return root / said
    above = (root, *root.parents)
    return next((folder for folder in above if (folder / "flows").is_dir()), root)


@pytest.fixture(scope="session")
def _authstream_rehearsals() -> Iterator[Rehearsals]:
    """Guests that are up, kept from test to test."""
    from authstream.testing.flow import Rehearsals  # noqa: PLC0415 - loads the engine

    rehearsals = Rehearsals()
    yield rehearsals
    rehearsals.close()


@pytest.fixture(scope="session")
def _authstream_server() -> Iterator[StubHttp]:
    """One server for the run, so that its address stays the same."""
    from authstream.testing.stub_http import StubHttp  # noqa: PLC0415 - as above

    server = StubHttp()
    yield server
    server.close()


@pytest.fixture
def make_event(authstream_folder: Path) -> MakeEvent:
    """Makes valid events: `make_event("post-login", user={"email": "eve@example.org"})`."""
    from authstream.testing.event import MakeEvent  # noqa: PLC0415 - as above

    return MakeEvent(authstream_folder)


@pytest.fixture
def stub_http(_authstream_server: StubHttp) -> StubHttp:
    """A server that actions of `flow` may call, with the replies that a test gives it."""
    _authstream_server.reset()
    return _authstream_server


@pytest.fixture
def flow(
    authstream_folder: Path, _authstream_rehearsals: Rehearsals, _authstream_server: StubHttp
) -> Flow:
    """The flows of the folder: `flow.run(make_event())` gives what came of the event."""
    from authstream.testing.flow import Flow  # noqa: PLC0415 - as above

    return Flow(authstream_folder, _authstream_rehearsals, egress=(_authstream_server.address,))
