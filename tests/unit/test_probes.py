"""A worker's probes: live means progress, ready means that stages have caught up."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import timedelta

import httpx
import pytest

from authstream.apps import probes
from authstream.apps.probes import Probes, Progress
from authstream.errors import ConfigurationError


@pytest.fixture
def progress() -> Progress:
    """Of a worker that has just begun."""
    return Progress()


@pytest.fixture
def url(progress: Progress) -> Iterator[str]:
    """Where it is served."""
    with Probes("127.0.0.1:0", progress) as served:
        yield f"http://127.0.0.1:{served.port}"


def test_a_worker_is_live_at_once_and_ready_later(url: str, progress: Progress) -> None:
    """A start that takes long is not a hang."""
    assert httpx.get(f"{url}/livez").status_code == 200
    assert httpx.get(f"{url}/readyz").status_code == 503
    progress.ready = True
    assert httpx.get(f"{url}/readyz").text == "ready\n"
    assert httpx.get(f"{url}/other").status_code == 404


def test_a_loop_that_stands_still_is_not_live(
    url: str, progress: Progress, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Until it turns again."""
    monkeypatch.setattr(probes, "LOOP_SILENT", timedelta(seconds=-1))
    answer = httpx.get(f"{url}/livez")
    assert (answer.status_code, "the event loop" in answer.text) == (503, True)
    monkeypatch.setattr(probes, "LOOP_SILENT", timedelta(seconds=10))
    progress.beat()
    assert httpx.get(f"{url}/livez").status_code == 200


def test_a_consumer_that_polls_no_more_is_named(url: str, progress: Progress) -> None:
    """The loop may turn while a thread hangs."""
    stood = time.monotonic() - 100
    progress.consumers = lambda: {"entry": 0.1, "assemble": time.monotonic() - stood}
    answer = httpx.get(f"{url}/livez")
    assert (answer.status_code, answer.text) == (503, "the consumer of assemble, for 100 s\n")


@pytest.mark.parametrize("address", ["8081", "127.0.0.1:", "127.0.0.1:x", "127.0.0.1:99999"])
def test_an_address_that_is_none_is_refused(address: str, progress: Progress) -> None:
    """With the variable that says it."""
    with pytest.raises(ConfigurationError, match="AUTHSTREAM_PROBES"):
        Probes(address, progress)
