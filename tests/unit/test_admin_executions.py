"""Executions over the admin API: searched, shown, told, streamed, for whoever may read."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from authstream.contracts.execution import Execution
from authstream.gateway.admin.app import admin_app
from authstream.gateway.admin.callers import Entrance
from tests.control_plane import door, memory_store
from tests.samples import NOW, TOPICS
from tests.unit.test_admin_api import Client, as_
from tests.unit.test_execution_index import TRACE, Filled, execution, opened, ran
from tests.unit.test_trend import answered

URL = "/v1/admin/executions"


@pytest.fixture
def filled(tmp_path: Path) -> Iterator[Filled]:
    """An index with three logins."""
    with opened(tmp_path / "index.sqlite") as index:
        made = Filled(index)
        made.add(
            execution("a", ran("crm", "hello ada", ms=900.0)),
            traceparent=f"00-{TRACE}-{'b' * 16}-01",
        )
        made.add(execution("b", subject="bob", outcome="denied", reason="no"), at=NOW + 20)
        made.add(execution("c"), at=NOW + 30)
        yield made


@pytest.fixture
def client(filled: Filled) -> Iterator[Client]:
    """The API with a viewer's token."""
    with memory_store() as store:
        ada = door(store)
        app = admin_app(
            Entrance(ada, executions=filled.index.search, trace_url="http://jaeger/{trace_id}")
        )
        client = Client(app)
        client.headers.update(as_(ada, "viewer"))
        yield client


def flows(client: Client, **wanted: Any) -> list[str]:
    """The flows of a list."""
    return [one["flow_id"] for one in client.get(URL, params=wanted).json()["items"]]


def test_a_list_takes_the_filters(client: Client) -> None:
    """Those of the command line, newest first."""
    assert flows(client) == ["c", "b", "a"]
    assert flows(client, user="bob") == flows(client, outcome="denied") == ["b"]
    assert flows(client, action="crm", slower_than_ms=500) == flows(client, text="hello") == ["a"]
    assert flows(client, since=NOW + 25) == ["c"]
    assert client.get(URL, params={"outcome": "odd"}).status_code == 422


def test_a_list_has_pages(client: Client) -> None:
    """`next` is the cursor of the next part."""
    first = client.get(URL, params={"limit": 2}).json()
    rest = client.get(URL, params={"limit": 2, "cursor": first["next"]}).json()
    assert [len(first["items"]), len(rest["items"]), rest["next"]] == [2, 1, None]
    assert client.get(URL, params={"cursor": "odd"}).json()["code"] == "bad_cursor"


def test_a_flow_is_shown_whole(client: Client) -> None:
    """And one that nobody knows is not found."""
    shown = client.get(f"{URL}/a").json()
    assert shown["executions"][0]["runs"][0]["console"][0]["text"] == "hello ada"
    assert client.get(f"{URL}/nobody").status_code == 404


def test_a_story_is_told(client: Client) -> None:
    """As sentences and as lines, with the address of the trace."""
    story = client.get(f"{URL}/a/story").json()
    assert story["trace"] == f"http://jaeger/{TRACE}"
    assert any("crm was slow" in line for line in story["why"])
    assert story["lines"][0] == story["headline"]


def test_what_comes_is_streamed(client: Client, filled: Filled) -> None:
    """From where the caller was, only what the filter takes; each has its number as id."""
    after = {"Last-Event-ID": f"{filled.index.search.newest() - 2}"}
    wanted = {"seconds": 0.2, "outcome": "denied"}
    answer = client.get(f"{URL}/tail", params=wanted, headers=after)
    assert answer.headers["content-type"].startswith("text/event-stream")
    (event,) = [part for part in answer.text.split("\n\n") if part.startswith("event: ")]
    name, number, data = event.split("\n")
    assert (name, number) == ("event: execution", "id: 2")
    assert json.loads(data.removeprefix("data: "))["flow_id"] == "b"


def test_a_stream_begins_now(client: Client) -> None:
    """Who was nowhere before gets nothing old."""
    answer = client.get(f"{URL}/tail", params={"seconds": 0.1})
    assert "event: execution" not in answer.text


def test_a_trend_is_counted(client: Client) -> None:
    """Of the span that is asked for; JSON-ready."""
    found = client.get(f"{URL}/trend", params={"since": NOW - 1, "until": NOW + 99}).json()
    counts = [one["counts"] for one in found["slices"] if one["counts"]]
    assert counts == [{"allowed": 2, "denied": 1}]
    assert [one["name"] for one in found["actions"]] == ["crm"]


def test_connections_have_their_last_call(client: Client, filled: Filled) -> None:
    """With what their providers were told in the last day."""
    now = int(time.time() * 1000)
    filled.note((TOPICS.answers, answered("failed_open", answered_at=now)))
    (shop,) = client.get("/v1/admin/connections").json()["items"]
    assert (shop["name"], shop["last_call"]["told"]) == ("shop", "failed_open")
    assert shop["last_day"] == {"failed_open": 1}


class Events:
    """Events that were kept."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, bool]] = []

    def __call__(self, said: Execution, /, *, whole: bool) -> dict[str, Any]:
        """An event that says whether it is whole."""
        self.asked.append((said.flow_id, whole))
        return {"whole": whole}


@pytest.mark.parametrize(
    ("role", "status", "whole"),
    [("viewer", 403, None), ("author", 200, False), ("operator", 200, True)],
)
def test_an_event_is_shown_by_role(
    filled: Filled, role: str, status: int, *, whole: bool | None
) -> None:
    """A viewer never, an author without personal data, an operator with it."""
    filled.add(execution("known", event_sha256="ab" * 32))
    events = Events()
    with memory_store() as store:
        ada = door(store)
        client = Client(admin_app(Entrance(ada, executions=filled.index.search, events=events)))
        client.headers.update(as_(ada, role))
        answer = client.get(f"{URL}/known/event")
        assert answer.status_code == status
        assert events.asked == ([] if whole is None else [("known", whole)])
        assert whole is None or answer.json()["personal"] == whole
        assert client.get(f"{URL}/a/event").status_code in (403, 404)


def test_without_an_index_there_is_nothing_to_ask() -> None:
    """Which is said."""
    with memory_store() as store:
        ada = door(store)
        client = Client(admin_app(Entrance(ada)))
        assert client.get(URL).status_code == 401
        client.headers.update(as_(ada, "viewer"))
        assert client.get(URL).status_code == 503
