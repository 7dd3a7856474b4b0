"""Programs are built before the tests, whose time-outs are for tests."""

from __future__ import annotations

import pytest

from tests.providers import apicurio_server, keycloak_server
from tests.providers.go_programs import PROGRAMS


def pytest_collection_finish(session: pytest.Session) -> None:
    """Build what the chosen tests start."""
    modules = {item.path.stem for item in session.items if item.path.parent.name == "providers"}
    if session.config.option.collectonly:
        return
    for program in (*PROGRAMS, keycloak_server, apicurio_server):
        if any(module.startswith(f"test_{program.name}") for module in modules):
            try:
                program.built()
            except RuntimeError as error:
                raise pytest.UsageError(f"{error}") from error
