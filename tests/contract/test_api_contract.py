"""Every method of `api` on every trigger, in both languages: what it takes and what it refuses."""

from __future__ import annotations

import json
from typing import Any

import pytest

from authstream.contracts.api import CommandRefusedError, check_command, methods, python_path
from authstream.sandbox.guest import Guest, Outcome
from tests.api_calls import Arguments, Refused, is_refused, legal
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


async def _called(guest: Guest, path: str, arguments: Arguments) -> tuple[Any, Outcome]:
    """What one call answered, and the outcome of the run that made it."""
    event = {**EVENT, "calls": [(path, arguments)]}
    outcome = await guest.run(invocation(event, "onContinuePostLogin"))
    assert outcome.error is None
    return json.loads(texts(outcome)[0]), outcome


@in_both_languages
@pytest.mark.parametrize("trigger", TRIGGERS)
async def test_every_method_takes_what_is_documented_and_refuses_the_rest(
    new_guest: NewGuest, language: str, trigger: str
) -> None:
    """Commands are recorded as called and return `api`; a broken limit throws where it is broken.

    It throws in Auth0's words where they are known; the action can catch it; nothing is recorded.
    """
    guest = new_guest(CALLS, language=language, trigger=trigger)
    for path, arguments in samples(trigger):
        answer, outcome = await _called(guest, spelled(path, language), arguments)
        if methods(trigger)[path].kind == "command":
            assert answer == "api", path
            assert outcome.commands == ((path, tuple(arguments)),)
        else:
            assert "answer" in answer, (path, answer)
            assert outcome.commands == ()
    for call in (call for call in REFUSED if call.trigger == trigger):
        answer, outcome = await _called(guest, spelled(call.path, language), call.arguments)
        assert (answer[0], outcome.commands) == ("ApiError", ()), call
        assert is_refused(call, answer[1]), (call, answer)
        if methods(trigger)[call.path].kind == "command":
            assert answer[1] == _worker_says(call, language)


#: Calls with more arguments than their method has, and what is recorded of them.
SURPLUS: list[tuple[str, str, Arguments, Arguments]] = [
    ("post-login", "access.deny", ["no", "for the user"], ["no"]),
    ("password-reset-post-challenge", "access.deny", ["no", 7], ["no"]),
    ("pre-user-registration", "access.deny", ["log", "user", "more"], ["log", "user"]),
    (
        "credentials-exchange",
        "access.deny",
        ["invalid_scope", "why", None],
        ["invalid_scope", "why"],
    ),
    ("post-login", "session.evictMetadata", [7], []),
    (
        "post-login",
        "session.revoke",
        ["no", {"preserveRefreshTokens": True}, {}],
        ["no", {"preserveRefreshTokens": True}],
    ),
]


@in_both_languages
@pytest.mark.parametrize("trigger", sorted({case[0] for case in SURPLUS}))
async def test_surplus_arguments_say_nothing(
    new_guest: NewGuest, language: str, trigger: str
) -> None:
    """Auth0's methods are JavaScript functions: they look at the arguments they have."""
    guest = new_guest(CALLS, language=language, trigger=trigger)
    for _, path, arguments, recorded in (case for case in SURPLUS if case[0] == trigger):
        answer, outcome = await _called(guest, spelled(path, language), arguments)
        assert (answer, outcome.commands) == ("api", ((path, tuple(recorded)),))


def _worker_says(call: Refused, language: str) -> str:
    """It does not trust a guest, so it checks by the same table; only the spelling differs."""
    with pytest.raises(CommandRefusedError) as refusal:
        check_command(call.trigger, call.path, call.arguments)
    said = str(refusal.value)
    if language == "python":
        names = {parameter.name for parameter in methods(call.trigger)[call.path].parameters}
        said = said.replace(call.path, python_path(call.path))
        for name in names:
            said = said.replace(
                f"needs the argument {name}", f"needs the argument {python_path(name)}"
            )
    return said
