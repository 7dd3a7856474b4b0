"""The rights of each process follow from the topic catalogue, and are the least that it needs."""

from __future__ import annotations

import re

import pytest

from authstream.apps.access import authenticates, hosted
from authstream.contracts.access import PROCESSES, STAGES, Operation, Right, meant, rights
from authstream.contracts.topics import CATALOG, Topics, TopicSpec
from authstream.settings import Settings

TOPICS = Topics("auth")


def of(process: str) -> set[tuple[str, str]]:
    """Operation and topic of what a process may, beside looking at topics."""
    found = rights(process, TOPICS, triggers=("post-login",), kinds=("email",))
    return {(one.operation, one.name) for one in found if one.operation != "Describe"}


@pytest.mark.parametrize("spec", CATALOG, ids=[spec.pattern for spec in CATALOG])
def test_every_word_of_the_catalogue_is_understood(spec: TopicSpec) -> None:
    """A topic that names somebody unknown would give rights to nobody."""
    assert meant(spec.written_by) | meant(spec.read_by) <= set(PROCESSES)
    assert meant(spec.written_by)


def test_an_entry_worker_reads_events_and_sends_them_on() -> None:
    """And nothing else: it decides nothing, and sees no verdict."""
    assert of("entry") == {
        ("Read", "auth.entry"),
        ("Read", "auth.post-login.requested.v1"),
        ("Read", "auth.user-metadata.v1"),
        ("Read", "auth.user-metadata.done.v1"),
        ("Read", "auth.control.v1"),
        ("Read", "auth.blobs.v1"),
        ("Write", "auth.action."),
        ("Write", "auth.assemble.v1"),
        ("Write", "auth.dead-letter.v1"),
    }


def test_a_provider_asks_and_hears_and_no_more() -> None:
    """It cannot start an action, decide, or read what others ordered."""
    assert of("provider") == {
        ("Read", "auth.reader."),
        ("Read", "auth.post-login.decided.v1"),
        ("Read", "auth.replies.v1"),
        ("Write", "auth.post-login.requested.v1"),
        ("Write", "auth.resume.v1"),
    }


def test_only_two_stages_decide_or_change_what_runs() -> None:
    """Verdicts are assemble's; the control log is the control plane's, and a canary's watch."""
    writers = {
        name: {process for process in PROCESSES if ("Write", name) in of(process)}
        for name in ("auth.post-login.decided.v1", "auth.control.v1", "auth.blobs.v1")
    }
    assert writers == {
        "auth.post-login.decided.v1": {"assemble"},
        "auth.control.v1": {"control", "canary"},
        "auth.blobs.v1": {"control"},
    }


def test_names_are_literal_but_for_actions() -> None:
    """An action's topic appears when it is deployed; everything else is known before."""
    for process in STAGES:
        found = rights(process, TOPICS, triggers=("post-login",), kinds=("email",))
        prefixed = {(one.resource, one.name) for one in found if one.prefixed}
        assert prefixed <= {
            ("Topic", "auth."),  # to look at
            ("Topic", "auth.action."),
            ("Group", "auth.action."),
            ("Group", "auth.effect."),
        }
        assert not any(re.search("[<>]", one.name) for one in found)


def test_rights_are_sorted_and_said_once() -> None:
    """So that two runs can be compared."""
    found = rights("effect", TOPICS, triggers=("post-login",), kinds=("email", "webhook"))
    assert found == sorted(set(found))
    assert Right("Topic", "auth.effects.email.retry-5s.v1", Operation.WRITE) in found


@pytest.mark.parametrize(
    ("patterns", "live", "wanted"),
    [
        ((), True, list(STAGES)),
        ((), False, [name for name in STAGES if name != "canary"]),
        (("action.*",), True, ["action"]),
        (("action.crm-enrich", "effect.email", "assemble"), True, ["action", "assemble", "effect"]),
        (("*",), True, list(STAGES)),
        (("e*",), True, ["entry", "effect"]),
    ],
)
def test_stages_by_name_or_glob_are_processes(
    patterns: tuple[str, ...], live: object, wanted: list[str]
) -> None:
    """What a worker is told to host says which rights it needs."""
    assert hosted(patterns, live=bool(live)) == wanted


@pytest.mark.parametrize(
    ("kafka", "said"),
    [
        ({}, False),
        ({"security.protocol": "ssl"}, False),
        ({"security.protocol": "SASL_SSL"}, True),
        ({"security.protocol": "SSL", "ssl.certificate.location": "us.pem"}, True),
    ],
)
def test_rights_are_looked_at_where_we_say_who_we_are(
    kafka: dict[str, str | int | float | bool], said: object
) -> None:
    """On a cluster that asks nobody, there is nothing to look at."""
    assert authenticates(Settings(kafka=kafka)) is said
