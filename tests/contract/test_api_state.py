"""Limits of `api` that go over several calls, and what calls change in the visible event."""

from __future__ import annotations

import json
from typing import Any

import pytest

from authstream.contracts.api import METHODS
from authstream.engine.visibility import calls, operations
from tests.api_calls import OTP, Arguments, own_words
from tests.api_refusals import REFUSED
from tests.contract.test_api_contract import CALLS, EVENT, spelled
from tests.guests import PL, NewGuest, in_both_languages, invocation, texts
from tests.samples import command, envelope

CE = "credentials-exchange"
Call = tuple[str, Arguments]

SCOPES = "The number of scopes exceeds the allowed maximum of 1000."
ENTRIES = "Invalid metadata: Metadata must not contain more than 25 entries"
MFA = "No more than 4 challenge and enrollment commands are allowed in a flow."
ONE_RENDER = "Only 1 render command per action is allowed."
BOTH = "Redirect and render commands cannot be used in the same action."
ONCE = "The primary user can only be altered once per transaction"
ATTRIBUTES = "No more than 100 SAML attribute changes are allowed."
SAML_BYTES = "The total size of the SAML attributes exceeds the limit of 102400 bytes."
NO_SESSION = "Failed to set session metadata: Cannot set metadata on a session that does not exist."
NO_OBJECT = "Unexpected {} format. Must be a valid JSON object"
ONLINE = "Cannot call {} on an online refresh token."

_CHALLENGE: Call = ("authentication.challengeWith", [OTP])
_ENROLL: Call = ("authentication.enrollWithAny", [[OTP]])
#: The calls before, all legal, and the one that is too many.
TOO_MANY: list[tuple[str, list[Call], Call, str]] = [
    (PL, [_CHALLENGE, _ENROLL, _CHALLENGE, _ENROLL], _CHALLENGE, MFA),
    (
        PL,
        [("authentication.setPrimaryUser", ["a"])],
        ("authentication.setPrimaryUser", ["b"]),
        ONCE,
    ),
    (
        PL,
        [("accessToken.addScope", [f"s{n}"]) for n in range(1000)],
        ("accessToken.addScope", ["one"]),
        SCOPES,
    ),
    (
        PL,
        [("samlResponse.setAttribute", ["a", n]) for n in range(100)],
        ("samlResponse.setAttribute", ["a", 1]),
        ATTRIBUTES,
    ),
    (
        PL,
        [("samlResponse.setAttribute", [f"a{n}", "v" * 2000]) for n in range(50)],
        ("samlResponse.setAttribute", ["b", "v" * 2000]),
        SAML_BYTES,
    ),
    (
        PL,
        [("session.setMetadata", [f"k{n}", "v"]) for n in range(25)],
        ("session.setMetadata", ["k", "v"]),
        f"Failed to set session metadata: {ENTRIES}",
    ),
    (
        PL,
        [("refreshToken.setMetadata", [f"k{n}", "v"]) for n in range(25)],
        ("refreshToken.setMetadata", ["k", "v"]),
        f"Failed to set refresh token metadata: {ENTRIES}",
    ),
    (
        CE,
        [("transaction.setTargetScopes", [[f"s{n}" for n in range(1000)]])],
        ("transaction.addTargetScope", ["one"]),
        SCOPES,
    ),
]
#: An event in which a call is refused, whatever its arguments.
GUARDED: list[tuple[dict[str, Any], Call, str]] = [
    ({"session": None}, ("session.setMetadata", ["k", "v"]), NO_SESSION),
    (
        {"user": {"app_metadata": "text"}},
        ("user.setAppMetadata", ["k", 1]),
        NO_OBJECT.format("app_metadata"),
    ),
    (
        {"user": {"user_metadata": []}},
        ("user.setUserMetadata", ["k", 1]),
        NO_OBJECT.format("user_metadata"),
    ),
    *(
        (
            {"refresh_token": {"access": "online"}},
            (f"refreshToken.{name}", arguments),
            f"{before}{ONLINE.format(name)}",
        )
        for name, arguments, before in (
            ("setExpiresAt", [1], ""),
            ("setIdleExpiresAt", [1], ""),
            ("setMetadata", ["k", "v"], "Failed to set refresh token metadata: "),
            ("deleteMetadata", ["k"], ""),
            ("evictMetadata", [], ""),
        )
    ),
]
EXCLUSIVE: list[tuple[Call, Call, str]] = [
    (("prompt.render", ["a"]), ("prompt.render", ["b"]), ONE_RENDER),
    (("prompt.render", ["a"]), ("redirect.sendUserTo", ["https://a.example"]), BOTH),
    (("redirect.sendUserTo", ["https://a.example"]), ("prompt.render", ["a"]), BOTH),
]


def _named(calls: list[Call], language: str) -> list[Call]:
    return [(spelled(path, language), arguments) for path, arguments in calls]


@in_both_languages
@pytest.mark.parametrize("case", TOO_MANY, ids=lambda case: case[2][0])
async def test_one_call_too_many_throws(
    new_guest: NewGuest, language: str, case: tuple[str, list[Call], Call, str]
) -> None:
    """The others stay, whether they were made in this action or in earlier ones."""
    trigger, before, last, message = case
    quiet = {
        "python": CALLS["python"].replace(
            'print(json.dumps("api" if answer is api else {"answer": answer}))', "pass"
        ),
        "javascript": CALLS["javascript"].replace(
            'console.log(JSON.stringify(answer === api ? "api" : { answer: answer ?? null }));', ""
        ),
    }
    guest = new_guest(quiet, language=language, trigger=trigger)
    event = {**EVENT, "calls": _named([*before, last], language)}
    outcome = await guest.run(invocation(event, "onContinuePostLogin"))
    assert [json.loads(line) for line in texts(outcome)] == [["ApiError", message]]
    assert len(outcome.commands) == len(before)
    earlier = [command(path, *arguments) for path, arguments in before]
    later = await guest.run(
        invocation(
            {**EVENT, "calls": _named([last], language)},
            "onContinuePostLogin",
            operations=operations(envelope(*earlier, trigger=trigger)),
            calls=calls(trigger, earlier),
        )
    )
    if message != SAML_BYTES:  # counted for each action
        assert [json.loads(line) for line in texts(later)] == [["ApiError", message]]


@in_both_languages
async def test_what_the_event_is_can_forbid_a_call(new_guest: NewGuest, language: str) -> None:
    """A session that does not exist, metadata that is no object, a token of the online kind."""
    guest = new_guest(CALLS, language=language)
    for members, call, message in GUARDED:
        event = {**EVENT, **members, "calls": _named([call], language)}
        outcome = await guest.run(invocation(event, "onContinuePostLogin"))
        assert [json.loads(line) for line in texts(outcome)] == [["ApiError", message]], call


@in_both_languages
async def test_a_method_may_be_for_resumed_actions_only(new_guest: NewGuest, language: str) -> None:
    """`recordMethod` tells of something that happened while the browser was away."""
    guest = new_guest(CALLS, language=language)
    call: Call = ("authentication.recordMethod", ["https://example.com/mfa"])
    event = {**EVENT, "calls": _named([call], language)}
    early, resumed = [
        await guest.run(invocation(event, handler))
        for handler in ("onExecuteCalls", "onContinuePostLogin")
    ]
    method, handler = spelled(call[0], language), spelled("onContinuePostLogin", language)
    said = json.loads(texts(early)[0])
    assert said == ["ApiError", f"api.{method} can only be called in {handler}"]
    assert (early.commands, len(resumed.commands)) == ((), 1)


@in_both_languages
@pytest.mark.parametrize("case", EXCLUSIVE, ids=lambda case: case[2])
async def test_commands_that_exclude_each_other_end_the_action(
    new_guest: NewGuest, language: str, case: tuple[Call, Call, str]
) -> None:
    """Also if the action catches what is thrown: two ways to go are none."""
    first, second, message = case
    guest = new_guest(CALLS, language=language)
    event = {**EVENT, "calls": _named([first, second], language)}
    outcome = await guest.run(invocation(event, "onExecuteCalls"))
    assert (outcome.status, outcome.commands) == ("error", ())
    assert (outcome.error or "").startswith(f"ApiError: {message}")


SHOWS = {
    "python": """
        import json
        async def on_execute_calls(event, api):
            for path, arguments in event.calls:
                owner, name = path.split(".")
                getattr(getattr(api, owner), name)(*arguments)
            del event["calls"]
            del event["secrets"], event["configuration"]
            print(json.dumps(event))
        """,
    "javascript": """
        exports.onExecuteCalls = async (event, api) => {
          for (const [path, args] of event.calls) {
            const [owner, name] = path.split(".");
            api[owner][name](...args);
          }
          delete event.calls;
          delete event.secrets;
          delete event.configuration;
          console.log(JSON.stringify(event));
        };
        """,
}
#: Event before, calls, the changed members as this action sees them, and as the next one does.
EFFECTS: list[tuple[str, dict[str, Any], list[Call], dict[str, Any], dict[str, Any]]] = [
    (
        PL,
        {"session": {"id": "s", "metadata": {"old": "1", "gone": "2"}}},
        [
            ("session.setMetadata", ["k", "v"]),
            ("session.setMetadata", ["gone", None]),
            ("session.deleteMetadata", ["none"]),
            ("session.setCookieMode", ["non-persistent"]),
        ],
        {
            "session": {
                "id": "s",
                "metadata": {"old": "1", "k": "v"},
                "cookie": {"mode": "non-persistent"},
            }
        },
        {},
    ),
    (
        PL,
        {"session": {"id": "s", "metadata": {"old": "1"}}},
        [("session.evictMetadata", []), ("session.setMetadata", ["k", "v"])],
        {"session": {"id": "s", "metadata": {"k": "v"}}},
        {},
    ),
    # There is no refresh token yet: the event does not get one.
    (PL, {}, [("refreshToken.setMetadata", ["k", "v"])], {}, {}),
    (PL, {}, [("session.setCookieMode", ["persistent"])], {}, {}),
    (
        PL,
        {"refresh_token": {"id": "r"}},
        [("refreshToken.setMetadata", ["k", "v"]), ("refreshToken.deleteMetadata", ["x"])],
        {"refresh_token": {"id": "r", "metadata": {"k": "v"}}},
        {},
    ),
    (
        CE,
        {"accessToken": {"scope": ["a", "b"]}},
        [
            ("transaction.addTargetScope", [" c "]),
            ("transaction.addTargetScope", ["c"]),
            ("transaction.removeTargetScope", ["a"]),
        ],
        {"transaction": {"target_scopes": ["b", "c"]}},
        {},
    ),
    (
        CE,
        {"accessToken": {"scope": ["a"]}},
        [("transaction.setTargetScopes", [[" x", "x", "y"]])],
        {"transaction": {"target_scopes": ["x", "y"]}},
        {},
    ),
    # What would be granted is not known: as it was asked for.
    (
        CE,
        {"accessToken": {"scope": []}, "transaction": {"requested_scopes": ["a", "b"]}},
        [("transaction.removeTargetScope", ["a"])],
        {"transaction": {"requested_scopes": ["a", "b"], "target_scopes": ["b"]}},
        {},
    ),
    (
        CE,
        {"transaction": {"requested_scopes": ["a"], "target_scopes": []}},
        [("transaction.addTargetScope", ["b"])],
        {"transaction": {"requested_scopes": ["a"], "target_scopes": ["b"]}},
        {},
    ),
    (
        CE,
        {"accessToken": {"scope": ["a"]}},
        [("transaction.clearTargetScopes", []), ("transaction.addTargetScope", ["z"])],
        {"transaction": {"target_scopes": ["z"]}},
        {},
    ),
    (
        PL,
        {"user": {"user_id": "u"}},
        [("user.setAppMetadata", [{"a": 1, "b": {"c": 2}}]), ("user.setUserMetadata", ["n", [1]])],
        {},
        {
            "user": {
                "user_id": "u",
                "app_metadata": {"a": 1, "b": {"c": 2}},
                "user_metadata": {"n": [1]},
            }
        },
    ),
    (
        PL,
        {"transaction": {"id": "t"}},
        [("transaction.setMetadata", ["a", 1]), ("transaction.setMetadata", ["b", "x"])],
        {"transaction": {"id": "t", "metadata": {"a": 1, "b": "x"}}},
        {},
    ),
]


@in_both_languages
@pytest.mark.parametrize("case", EFFECTS, ids=lambda case: case[2][0][0])
async def test_calls_change_the_visible_event_as_documented(
    new_guest: NewGuest, language: str, case: Any
) -> None:
    """Some at once, user metadata from the next action on; the next action sees all of it."""
    trigger, before, made, now, later = case
    base = {"user": {"user_id": "u"}, "stats": {}, **before}
    guest = new_guest(SHOWS, language=language, trigger=trigger)
    event = {**base, "calls": _named(made, language)}
    outcome = await guest.run(invocation(event, "onExecuteCalls"))
    assert outcome.error is None
    assert json.loads(texts(outcome)[0]) == {**base, **now}
    commands = [command(name, *arguments) for name, arguments in outcome.commands]
    following = await guest.run(
        invocation(
            {**base, "calls": []},
            "onExecuteCalls",
            operations=operations(envelope(*commands, trigger=trigger)),
        )
    )
    assert json.loads(texts(following)[0]) == {**base, **now, **later}


RECORDED = {"name": "https://example.com/mfa", "timestamp": "2026-01-01T00:00:00.000Z"}
PASSWORD = {"name": "pwd", "timestamp": "2025-12-31T23:59:00.000Z"}


@in_both_languages
@pytest.mark.parametrize(
    "before",
    [{}, {"authentication": {"methods": [{**RECORDED, "timestamp": "2025-01-01"}, PASSWORD]}}],
)
async def test_a_recorded_method_is_there_when_the_next_action_begins(
    new_guest: NewGuest, language: str, before: dict[str, Any]
) -> None:
    """With its time, once; not for the action that recorded it."""
    guest = new_guest(SHOWS, language=language)
    base = {"user": {"user_id": "u"}, "stats": {}, **before}
    made = ("record", "authentication.methods", *RECORDED.values())
    outcome = await guest.run(
        invocation({**base, "calls": []}, "onExecuteCalls", operations=[made])
    )
    kept = [PASSWORD] if before else []
    assert json.loads(texts(outcome)[0])["authentication"] == {"methods": [*kept, RECORDED]}


@in_both_languages
async def test_what_an_action_does_to_its_event_stays_with_it(
    new_guest: NewGuest, language: str
) -> None:
    """The next execution, in the same process, has the event as it was published."""
    guest = new_guest(
        {
            "python": """
                async def on_execute_post_login(event, api):
                    print(event.user.email, len(event.secrets), event.configuration.tier.name)
                    event.user.email = "changed"
                    event.secrets.clear()
                    event.configuration.tier.name = "lead"
                """,
            "javascript": """
                exports.onExecutePostLogin = async (event, api) => {
                  const count = Object.keys(event.secrets).length;
                  console.log(event.user.email, count, event.configuration.tier.name);
                  event.user.email = "changed";
                  event.secrets = {};
                  event.configuration.tier.name = "lead";
                };
                """,
        },
        language=language,
    )
    said = [texts(await guest.run(invocation())) for _ in range(2)]
    assert said == [["ada@example.com 1 gold"]] * 2


def test_every_text_of_auth0s_is_tested() -> None:
    """Each has a call that breaks its rule, here or among the refusals."""
    tested = {call.message for call in REFUSED}
    tested |= {message for _, _, _, message in TOO_MANY} | {said for _, _, said in GUARDED}
    tested |= {message for _, _, message in EXCLUSIVE}
    said = own_words(METHODS)
    assert sorted(said - tested) == []
