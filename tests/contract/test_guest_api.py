"""The `api` object in a guest: calls recorded, checked, and refused in the documented words."""

from __future__ import annotations

import json

import pytest

from authstream.contracts.api import python_path
from tests.guests import NewGuest, in_both_languages, invocation, texts


def _spelled(path: str, language: str) -> str:
    return python_path(path) if language == "python" else path


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("float('nan')", "finite number"),
        ("{1: 2}", "strings as the keys"),
        ("object()", "JSON value, not object"),
        ("'\\ud800'", "valid Unicode"),
        ("2**63", "64 bits"),
        ("deep", "nested deeper"),
        ("{1, 2}", "JSON value, not set"),
    ],
)
async def test_only_json_values_pass_from_python(
    new_guest: NewGuest, value: str, message: str
) -> None:
    """What JSON cannot carry is refused where the author wrote it."""
    guest = new_guest(
        f"""
        deep = []
        for _ in range(101):
            deep = [deep]
        async def on_execute_post_login(event, api):
            api.id_token.set_custom_claim("k", {value})
        """
    )
    outcome = await guest.run(invocation())
    assert outcome.status == "error"
    assert outcome.error is not None
    assert message in outcome.error
    assert "action.py:6" in outcome.error


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("NaN", "finite number: JSON has no NaN"),
        ("() => 1", "JSON value, not function"),
        ("Symbol('s')", "JSON value, not symbol"),
        ("1n", "JSON value, not bigint"),
        ("'\\ud800'", "valid Unicode"),
        ("2 ** 63", "64 bits"),
        ("deep", "nested deeper"),
        ("{ a: { b: new Set([1]) } }", "JSON value, not Set"),
        ("loop", "nested deeper"),
    ],
)
async def test_only_json_values_pass_from_javascript(
    new_guest: NewGuest, value: str, message: str
) -> None:
    """What JSON cannot carry is refused where the author wrote it."""
    guest = new_guest(
        f"""
        let deep = [];
        for (let i = 0; i < 101; i++) deep = [deep];
        const loop = {{}};
        loop.self = loop;
        exports.onExecutePostLogin = async (event, api) => {{
          api.idToken.setCustomClaim("k", {value});
        }};
        """,
        language="javascript",
    )
    outcome = await guest.run(invocation())
    assert outcome.status == "error"
    assert outcome.error is not None
    assert message in outcome.error
    assert "action.js:7 in onExecutePostLogin" in outcome.error


async def test_javascript_values_are_what_json_makes_of_them(new_guest: NewGuest) -> None:
    """Dates are text, undefined members are left out, and an undefined claim is no claim."""
    guest = new_guest(
        """
        exports.onExecutePostLogin = async (event, api) => {
          const { setCustomClaim } = api.idToken;
          setCustomClaim("date", new Date(0));
          setCustomClaim("members", { here: 1, gone: undefined, list: [undefined] });
          setCustomClaim("none", event.user.nothing);
          api.user.setAppMetadata({ a: 1, gone: undefined });
          api.effects.send("log", {}, undefined);
          setCustomClaim("__proto__", JSON.parse('{"__proto__": 1}'));
        };
        """,
        language="javascript",
    )
    outcome = await guest.run(invocation())
    assert outcome.error is None
    assert outcome.commands == (
        ("idToken.setCustomClaim", ("date", "1970-01-01T00:00:00.000Z")),
        ("idToken.setCustomClaim", ("members", {"here": 1, "list": [None]})),
        ("user.setAppMetadata", ("a", 1)),
        ("effects.send", ("log", {})),
        ("idToken.setCustomClaim", ("__proto__", {"__proto__": 1})),
    )


@in_both_languages
async def test_calls_are_recorded_in_order_under_auth0s_names(
    new_guest: NewGuest, language: str
) -> None:
    """Chaining, keywords, one object for several keys, and a snapshot of each value."""
    guest = new_guest(
        {
            "python": """
                async def on_execute_post_login(event, api):
                    roles = ["admin"]
                    api.id_token.set_custom_claim("roles", roles) \\
                        .access_token.set_custom_claim("a", "ü")
                    roles.append("late")
                    api.user.set_app_metadata({"welcome": True, "old": None})
                    api.user.set_user_metadata(key="k", value={"a": (1, 2.5)})
                    api.effects.send("email", {"to": event.user.email}, on="denied", key="once")
                    api.effects.send("log", {}, {"key": "once"})
                    api.access.deny(reason="no")
                """,
            "javascript": """
                exports.onExecutePostLogin = async (event, api) => {
                  const roles = ["admin"];
                  api.idToken.setCustomClaim("roles", roles).accessToken.setCustomClaim("a", "ü");
                  roles.push("late");
                  api.user.setAppMetadata({ welcome: true, old: null });
                  api.user.setUserMetadata("k", { a: [1, 2.5] });
                  const to = event.user.email;
                  api.effects.send("email", { to }, { on: "denied", key: "once" });
                  api.effects.send("log", {}, { key: "once" });
                  api.access.deny("no");
                };
                """,
        },
        language=language,
    )
    outcome = await guest.run(invocation())
    assert outcome.error is None
    assert outcome.commands == (
        ("idToken.setCustomClaim", ("roles", ["admin"])),
        ("accessToken.setCustomClaim", ("a", "ü")),
        ("user.setAppMetadata", ("welcome", True)),
        ("user.setAppMetadata", ("old", None)),
        ("user.setUserMetadata", ("k", {"a": [1, 2.5]})),
        ("effects.send", ("email", {"to": "ada@example.com"}, {"on": "denied", "key": "once"})),
        ("effects.send", ("log", {}, {"key": "once"})),
        ("access.deny", ("no",)),
    )


@in_both_languages
async def test_transaction_metadata_shows_at_once_and_user_metadata_does_not(
    new_guest: NewGuest, language: str
) -> None:
    """As Auth0: only the transaction's is updated in real time."""
    guest = new_guest(
        {
            "python": """
                import json
                async def on_execute_post_login(event, api):
                    api.transaction.set_metadata("a", 1).transaction.set_metadata("b", 2)
                    api.transaction.set_metadata("a", None)
                    api.user.set_app_metadata("new", 1)
                    print(json.dumps([event.transaction.metadata, event.user.app_metadata]))
                """,
            "javascript": """
                exports.onExecutePostLogin = async (event, api) => {
                  api.transaction.setMetadata("a", 1).transaction.setMetadata("b", 2);
                  api.transaction.setMetadata("a", null);
                  api.user.setAppMetadata("new", 1);
                  const { transaction, user } = event;
                  console.log(JSON.stringify([transaction.metadata, user.app_metadata]));
                };
                """,
        },
        language=language,
    )
    assert json.loads(texts(await guest.run(invocation()))[0]) == [{"b": 2}, {"old": 1}]


@in_both_languages
async def test_transaction_metadata_has_a_limit_in_all(new_guest: NewGuest, language: str) -> None:
    """Over 16 KB together the call throws and changes nothing."""
    guest = new_guest(
        {
            "python": """
                async def on_execute_post_login(event, api):
                    for key in "ab":
                        api.transaction.set_metadata(key, "x" * 8000)
                    try:
                        api.transaction.set_metadata("c", "x" * 1000)
                    except ValueError as error:
                        print(error, list(event.transaction.metadata))
                """,
            "javascript": """
                exports.onExecutePostLogin = async (event, api) => {
                  for (const key of "ab") api.transaction.setMetadata(key, "x".repeat(8000));
                  try {
                    api.transaction.setMetadata("c", "x".repeat(1000));
                  } catch (error) {
                    console.log(error.message, Object.keys(event.transaction.metadata));
                  }
                };
                """,
        },
        language=language,
    )
    outcome = await guest.run(invocation())
    method = _spelled("transaction.setMetadata", language)
    assert texts(outcome)[0].replace(" ", "") == (
        f"api.{method}: all of it together must not exceed 16384 bytes ['a', 'b']".replace(" ", "")
    )
    assert len(outcome.commands) == 2


async def test_a_method_that_is_not_there_names_its_neighbours(new_guest: NewGuest) -> None:
    """Auth0's spelling in Python is the likely mistake."""
    guest = new_guest(
        "async def on_execute_post_login(event, api): api.idToken.setCustomClaim('a', 1)"
    )
    outcome = await guest.run(invocation())
    assert outcome.error is not None
    assert "no 'idToken' here: did you mean id_token?" in outcome.error


@in_both_languages
async def test_too_many_commands_are_refused_where_they_are_made(
    new_guest: NewGuest, language: str
) -> None:
    """256 kB of commands fit, more throws; the guest lives on."""
    guest = new_guest(
        {
            "python": """
                async def on_execute_post_login(event, api):
                    for n in range(event.times):
                        api.id_token.set_custom_claim(f"k{n}", "x" * 100_000)
                """,
            "javascript": """
                exports.onExecutePostLogin = async (event, api) => {
                  for (let n = 0; n < event.times; n++)
                    api.idToken.setCustomClaim(`k${n}`, "x".repeat(100_000));
                };
                """,
        },
        language=language,
    )
    two, three = [await guest.run(invocation({"times": times})) for times in (2, 3)]
    assert (two.status, len(two.commands)) == ("ok", 2)
    assert (three.status, three.commands) == ("error", ())
    assert three.error is not None
    assert "too large together" in three.error


@in_both_languages
async def test_calls_after_the_end_are_refused(new_guest: NewGuest, language: str) -> None:
    """A task that an action leaves behind cannot add to a result that is sent."""
    guest = new_guest(
        {
            "python": """
                import asyncio
                said = []
                async def late(api):
                    await asyncio.sleep(0.01)
                    try:
                        api.access.deny("late")
                    except ValueError as error:
                        said.append(str(error))
                async def on_execute_post_login(event, api):
                    if said:
                        print(said)
                    else:
                        globals()["task"] = asyncio.ensure_future(late(api))
                """,
            "javascript": """
                let said;
                exports.onExecutePostLogin = async (event, api) => {
                  if (said) console.log(said);
                  else setTimeout(() => {
                    try { api.access.deny("late"); } catch (error) { said = error.message; }
                  }, 10);
                };
                """,
        },
        language=language,
    )
    assert (await guest.run(invocation())).commands == ()
    said: list[str] = []
    while not said:
        said = texts(await guest.run(invocation()))
    assert "after the action had ended" in said[0]
