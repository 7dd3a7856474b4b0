"""Every method of `api` on every trigger, in both languages: what it takes and what it refuses."""

from __future__ import annotations

import json
from typing import Any

import pytest

from authstream.contracts.api import CommandRefusedError, check_command, methods, python_path
from tests.api_calls import Arguments, is_refused, legal
from tests.api_refusals import REFUSED
from tests.auth0 import INVENTORY
from tests.guests import NewGuest, in_both_languages, invocation, texts

CALLS = {
    "python": """
        import inspect, json
        async def on_execute_calls(event, api):
            for path, arguments in event.calls:
                target = api
                for name in path.split("."):
                    target = getattr(target, name)
                try:
                    answer = target(*arguments)
                    if inspect.isawaitable(answer):
                        answer = await answer
                    print(json.dumps("api" if answer is api else {"answer": answer}))
                except ValueError as error:
                    print(json.dumps([type(error).__name__, str(error)]))
        on_continue_post_login = on_execute_calls
        """,
    "javascript": """
        exports.onExecuteCalls = async (event, api) => {
          for (const [path, args] of event.calls) {
            const [owner, name] = path.split(".");
            try {
              const answer = await api[owner][name](...args);
              console.log(JSON.stringify(answer === api ? "api" : { answer: answer ?? null }));
            } catch (error) {
              console.log(JSON.stringify([error.name, error.message]));
            }
          }
        };
        exports.onContinuePostLogin = exports.onExecuteCalls;
        """,
}
EVENT: dict[str, Any] = {
    "request": {"hostname": "login.example.com", "ip": "10.0.0.1", "query": {}, "body": {}},
    "user": {"user_id": "u1", "app_metadata": {}, "user_metadata": {}},
    "session": {"id": "s1"},
    "refresh_token": {"id": "r1"},
    "lookups": {"groups": [{"id": "g1", "name": "g"}], "roles": [], "rules": ["rul_1"]},
}
#: Quotas are counted over a whole transaction, so each call has an event of its own.
TRIGGERS = [trigger for trigger, said in INVENTORY.items() if said["methods"]]


def spelled(path: str, language: str) -> str:
    """A path in the language of an action."""
    return python_path(path) if language == "python" else path


def samples(trigger: str) -> list[tuple[str, Arguments]]:
    """Every method of a trigger with every sample of its arguments."""
    return [(path, arguments) for path in methods(trigger) for arguments in legal(trigger, path)]


@in_both_languages
@pytest.mark.parametrize("trigger", TRIGGERS)
async def test_every_method_takes_what_the_documentation_allows(
    new_guest: NewGuest, language: str, trigger: str
) -> None:
    """Commands are recorded as they were called and return `api`; others answer."""
    guest = new_guest(CALLS, language=language, trigger=trigger)
    for path, arguments in samples(trigger):
        event = {**EVENT, "calls": [(spelled(path, language), arguments)]}
        outcome = await guest.run(invocation(event, "onContinuePostLogin"))
        answer = json.loads(texts(outcome)[0])
        if methods(trigger)[path].kind == "command":
            assert (answer, outcome.error) == ("api", None), path
            assert outcome.commands == ((path, tuple(arguments)),)
        else:
            assert "answer" in answer, (path, answer)
            assert outcome.commands == ()


@in_both_languages
@pytest.mark.parametrize("trigger", sorted({call.trigger for call in REFUSED}))
async def test_every_limit_throws_where_it_is_broken(
    new_guest: NewGuest, language: str, trigger: str
) -> None:
    """In Auth0's words where they are known; the action can catch it, and nothing is recorded."""
    guest = new_guest(CALLS, language=language, trigger=trigger)
    for call in (call for call in REFUSED if call.trigger == trigger):
        event = {**EVENT, "calls": [(spelled(call.path, language), call.arguments)]}
        outcome = await guest.run(invocation(event, "onContinuePostLogin"))
        name, message = json.loads(texts(outcome)[0])
        assert (outcome.error, outcome.commands) == (None, ())
        assert name == "ApiError", (call, message)
        assert is_refused(call, message), (call, message)


@pytest.mark.parametrize("call", REFUSED, ids=lambda call: f"{call.trigger} {call.path}")
def test_the_worker_refuses_the_same_commands(call: Any) -> None:
    """It does not trust a guest, so it checks by the same table, in the same words."""
    if methods(call.trigger)[call.path].kind == "command":
        with pytest.raises(CommandRefusedError) as refusal:
            check_command(call.trigger, call.path, call.arguments)
        assert is_refused(call, str(refusal.value))
