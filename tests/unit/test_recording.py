"""The record of an execution: all that a leg did, less what nobody is to read later."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from authstream.apps.stages import triggers
from authstream.contracts.avro import decode, encode
from authstream.contracts.envelope import Command, ConsoleLine, Envelope, Failure, Run
from authstream.contracts.execution import Execution
from authstream.contracts.verdict import Verdict
from authstream.engine.ports import Message
from authstream.engine.recording import LATE, Recorder
from authstream.engine.withheld import DROPPED, Withheld
from authstream.stages.execution_records import ExecutionRecords
from tests.samples import FLOW, NOW, TOPICS, command, envelope, event, fold, message, run, step

CRM, CLAIMS = step("crm"), step("claims")
RECORDER = Recorder(triggers())


def recorded(flow: Envelope, recorder: Recorder = RECORDER) -> Execution:
    """The record of a leg, as a reader has it."""
    return decode(Execution, encode(recorder.decided(flow, fold(flow, now=NOW + 12))))


def logged(*lines: str, **members: Any) -> Run:
    """A run that said this."""
    console = tuple(ConsoleLine(level="log", text=line) for line in lines)
    return run("crm").model_copy(update={"console": console, **members})


def test_a_record_is_whole() -> None:
    """Who, where, what came in, what ran, what was asked for, what came of it, what did not."""
    plan = command("idToken.setCustomClaim", "plan", "gold")
    reserved = command("idToken.setCustomClaim", "sub", "x")
    flow = envelope(plan, reserved, steps=(CRM,), client="shop", event_sha256="ab12")
    said = recorded(flow)
    assert (said.flow_id, said.subject, said.client) == (FLOW, "user-1", "shop")
    assert (said.event_sha256, said.deadline_at) == ("ab12", flow.deadline_at)
    assert (said.outcome, said.decided_at, said.runs) == ("allowed", NOW + 12, flow.runs)
    assert said.commands == flow.commands
    assert said.verdict["claims"]["id_token"] == {"plan": "gold"}
    assert [one["target"] for one in said.verdict["dropped"]] == ["sub"]
    assert said.verdict["steps"] == [{"action": "crm", "version": 1, "status": "ok", "ms": 3.0}]


def test_a_failed_leg_says_where_and_what_was_asked_before() -> None:
    """The verdict changes nothing, the record has it all the same."""
    failure = Failure(code="action_error", reason="Error: no\n  at action.js:3", action="crm")
    said = recorded(envelope(command("idToken.setCustomClaim", "a", 1), failure=failure))
    assert (said.outcome, said.failed_by, said.reason) == ("failed", "crm", failure.reason)
    assert [one.name for one in said.commands] == ["idToken.setCustomClaim"]


def test_what_the_event_keeps_secret_is_nowhere() -> None:
    """A password that an action logged, claimed and threw is in none of them."""
    body = {"ip": "192.0.2.1", "body": {"password": "hunter2hunter2"}}
    flow = envelope(
        command("idToken.setCustomClaim", "p", "hunter2hunter2"),
        event=orjson.dumps(event(request=body)),
        runs=(logged("was hunter2hunter2", error="Error: hunter2hunter2"),),
    )
    said = recorded(flow)
    assert "hunter2hunter2" not in said.model_dump_json()
    assert said.runs[0].console[0].text == f"was {DROPPED}"


def test_a_link_that_carries_a_token_is_cut() -> None:
    """Neither the state nor a session token is in the record: whoever has them can use them."""
    asked = command(
        "redirect.sendUserTo", "https://x.example/terms", {"query": {"session_token": "eyJ0eXAi"}}
    )
    flow = envelope(
        asked,
        slip={"steps": (step("claims"),), "position": 0},
        runs=(run("claims", "suspended"),),
        state="a-signed-state",
    )
    said = recorded(flow)
    assert said.outcome == "suspended"
    assert said.verdict["redirect"]["url"] == "https://x.example/terms?…"
    assert not {"eyJ0eXAi", "a-signed-state"} & set(said.model_dump_json().split('"'))
    assert "eyJ0eXAi" not in said.model_dump_json()


def test_a_private_key_is_not_recorded() -> None:
    """It is in the verdict, where the provider needs it."""
    flow = envelope(command("samlResponse.setKey", "-----BEGIN PRIVATE KEY-----x"))
    assert fold(flow, now=NOW).saml["configuration"]["key"].endswith("x")
    assert "PRIVATE KEY" not in recorded(flow).model_dump_json()


def test_an_operators_rules_count_too() -> None:
    """Before anything is written."""
    rules = Withheld({"event.user.email": "drop", "commands.arguments": "drop"})
    flow = envelope(
        command("idToken.setCustomClaim", "plan", "gold"), runs=(logged("ada@example.com"),)
    )
    said = recorded(flow, Recorder(triggers(), rules))
    assert said.runs[0].console[0].text == DROPPED
    assert orjson.loads(said.commands[0].arguments) == []


def test_only_the_runs_and_commands_of_the_leg_count() -> None:
    """Those before are in the records of their own legs."""
    first, second = command("idToken.setCustomClaim", "a", 1), run("crm")
    later = Command(action="crm", name="idToken.setCustomClaim", arguments=b'["b",2]', leg=1)
    flow = envelope(first, later, runs=(second, run("claims").model_copy(update={"leg": 1})), leg=1)
    said = recorded(flow)
    assert [one.action for one in said.runs] == ["claims"]
    assert said.commands == (later,)


@pytest.mark.parametrize("arguments", [b"not json", b"\xff", b"{}", b"5"])
def test_bytes_of_a_forger_do_not_break_a_record(arguments: bytes) -> None:
    """A failed leg is recorded whatever its commands and event hold."""
    odd = command("redirect.sendUserTo").model_copy(update={"arguments": arguments})
    failure = Failure(code="action_error", reason="no")
    rules = Withheld({"event.user.email": "drop"})
    said = recorded(envelope(odd, event=arguments, failure=failure), Recorder(triggers(), rules))
    assert said.outcome == "failed"


def test_what_comes_late_is_marked() -> None:
    """Its runs are told; its verdict is another record's."""
    said = RECORDER.late(envelope(steps=(CRM,)), now=NOW + 9)
    assert (said.late, said.code, said.decided_at, len(said.runs)) == (True, LATE, NOW + 9, 1)


def written(flow: Envelope, verdict: Verdict) -> Execution:
    """The record that the stage would write."""
    records = ExecutionRecords(TOPICS.executions, RECORDER)
    source: Message = message(TOPICS.assemble, b"")
    return decode(Execution, records.decided(source, flow, verdict).value)


def test_a_record_that_would_be_too_large_has_less_in_it() -> None:
    """First without its commands, then without the verdict's members; it says which."""
    large = [command("idToken.setCustomClaim", f"c{n}", "x" * 90_000) for n in range(11)]
    flow = envelope(*large, failure=Failure(code="action_error", reason="no"), steps=(CRM,))
    said = written(flow, fold(flow, now=NOW))
    assert (said.cut, said.commands, len(said.runs)) == (("commands",), (), 1)
    small = envelope(steps=(CRM,))
    verdict = fold(small, now=NOW).model_copy(update={"session": {"x": "x" * 1_000_000}})
    assert written(small, verdict).cut == ("commands", "verdict")
