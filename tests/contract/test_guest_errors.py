"""What an action throws: its parts, and what its author is told to do about it."""

from __future__ import annotations

import pytest

from authstream.contracts.envelope import Thrown
from authstream.sandbox.guest import GuestLoadError
from tests.guests import NewGuest, in_both_languages, invocation, texts

BROKEN = {
    "python": """
        class CrmError(Exception): pass
        def lookup():
            raise CrmError("CRM is down")
        async def on_execute_post_login(event, api):
            lookup()
        """,
    "javascript": """
        class CrmError extends Error { get name() { return "CrmError"; } }
        function lookup() {
          throw new CrmError("CRM is down");
        }
        exports.onExecutePostLogin = async (event, api) => {
          lookup();
        };
        """,
}


@in_both_languages
async def test_an_error_has_a_name_a_message_and_a_stack(
    new_guest: NewGuest, language: str
) -> None:
    """Apart from each other, as Auth0 records them; the stack is of the action's own files."""
    outcome = await new_guest(BROKEN, language=language).run(invocation())
    thrown = outcome.thrown
    assert thrown is not None
    assert (thrown.name, thrown.message) == ("CrmError", "CRM is down")
    lines = thrown.stack.splitlines()
    assert len(lines) == 2
    assert all(line.startswith(("action.py:", "action.js:")) for line in lines)
    assert outcome.error == f"CrmError: CRM is down\n{thrown.stack}"


@in_both_languages
async def test_a_time_out_is_nothing_that_the_action_threw(
    new_guest: NewGuest, language: str
) -> None:
    """The worker says how it ended."""
    waits = {
        "python": "import asyncio\nasync def on_execute_post_login():\n await asyncio.sleep(60)",
        "javascript": "exports.onExecutePostLogin = async () => new Promise(() => {});",
    }
    outcome = await new_guest(waits, language=language).run(invocation(timeout=0.1))
    assert (outcome.status, outcome.thrown) == ("timeout", None)


#: What is written, and what the author reads.
LOAD_ERRORS = {
    "javascript": [
        (
            "require('axios');",
            (
                "Error: Cannot find module 'axios': add it to dependencies: in action.yaml, then "
                "run authstream deps lock"
            ),
        ),
        (
            "require('./claims');",
            "Error: Cannot find module './claims': there is no such file beside the action",
        ),
        (
            "require('actions:tiers');",
            (
                "Error: Cannot find module 'actions:tiers': name the module under modules: in "
                "action.yaml"
            ),
        ),
        (
            "import axios from 'axios';",
            "SyntaxError: Cannot use import statement outside a module: write CommonJS",
        ),
        (
            "export const onExecutePostLogin = async () => {};",
            "SyntaxError: Unexpected token 'export': write CommonJS",
        ),
    ],
    "python": [
        (
            "import httpx_that_is_not_there",
            (
                "ModuleNotFoundError: No module named 'httpx_that_is_not_there': add it to "
                "dependencies: in action.yaml, then run authstream deps lock"
            ),
        ),
    ],
}


@pytest.mark.parametrize(
    ("language", "code", "said"),
    [(language, *case) for language, cases in LOAD_ERRORS.items() for case in cases],
)
async def test_an_action_that_cannot_be_loaded_says_what_to_do(
    new_guest: NewGuest, language: str, code: str, said: str
) -> None:
    """To who starts it, and to every event, with the place."""
    guest = new_guest({language: code}, language=language)
    with pytest.raises(GuestLoadError) as failed:
        await guest.start()
    outcome = await guest.run(invocation())
    thrown = outcome.thrown
    assert thrown == failed.value.thrown
    assert isinstance(thrown, Thrown)
    assert thrown.text.startswith(said)
    assert thrown.stack.startswith("action.")


MISSING = """
    async def on_execute_post_login(event, api):
        for ask in (
            lambda: event.user.emial,
            lambda: event.user.shoe_size,
            lambda: event.secrets.TOKN,
            lambda: event.secrets.CRM_KEY,
            lambda: api.id_token.setCustomClaim,
            lambda: api.accesToken,
        ):
            try:
                ask()
            except AttributeError as error:
                print(error)
    """


async def test_python_names_what_was_meant(new_guest: NewGuest) -> None:
    """The name that is near, the other spelling, or all there is; of a secret, where to name it."""
    outcome = await new_guest(MISSING).run(invocation())
    assert texts(outcome) == [
        "there is no 'emial' here: did you mean email?",
        (
            "there is no 'shoe_size' here, there is app_metadata, email; "
            '.get("shoe_size") if it may be absent'
        ),
        "there is no 'TOKN' here: did you mean TOKEN?",
        (
            "there is no 'CRM_KEY' here, there is TOKEN; "
            "name it under secrets: in action.yaml and set it"
        ),
        "there is no 'setCustomClaim' here: did you mean set_custom_claim?",
        "there is no 'accesToken' here: did you mean access_token?",
    ]


UNDEFINED = """
    exports.onExecutePostLogin = async (event, api) => {
      const calls = [
        () => api.access.deny(event.reason),
        () => api.session.setExpiresAt(event.end),
        () => api.redirect.encodeToken({ payload: {}, secret: event.secrets.NOT_NAMED }),
      ];
      for (const call of calls) {
        try {
          call();
        } catch (error) {
          console.log(error.message);
        }
      }
    };
    """


async def test_javascript_is_told_what_was_undefined(new_guest: NewGuest) -> None:
    """JSON has no such value, so that it is not there is all that could be said."""
    outcome = await new_guest(UNDEFINED, language="javascript").run(invocation())
    assert texts(outcome) == [
        "api.access.deny: reason must be of type string, not undefined",
        "Either inactivity or absolute expiration time must be provided",
        (
            "api.redirect.encodeToken: options needs the member secret: if it comes from "
            "event.secrets, name it under secrets: in action.yaml and set it"
        ),
    ]
