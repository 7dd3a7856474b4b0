"""`api.groups` and `api.roles`: questions that the worker answers, in both languages."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from typing import Any

from authstream.engine.lookup import Entry, Kind, Subject
from authstream.sandbox.guest import Guest
from tests.contract.test_api_contract import CALLS, EVENT, spelled
from tests.guests import NewGuest, in_both_languages, invocation, texts

ROLES = [
    {"id": "r2", "name": "Editor"},
    {"id": "r1", "name": "Admin", "description": "all"},
    {"id": "r3", "name": "Partner", "organization": "org_1"},
]
GROUPS = [{"id": f"g{n:02}", "name": f"Group {n}"} for n in range(60)]
LOOKUPS = {"roles": ROLES, "groups": GROUPS}


async def _asked(guest: Guest, language: str, path: str, *arguments: Any, **members: Any) -> Any:
    called = [(spelled(path, language), list(arguments))]
    event = {**EVENT, "lookups": LOOKUPS, **members, "calls": called}
    outcome = await guest.run(invocation(event, "onExecuteCalls"))
    assert (outcome.error, outcome.commands) == (None, ())
    said: Any = json.loads(texts(outcome)[0])
    try:
        return said["answer"]
    except TypeError:  # an error is a list
        return said


@in_both_languages
async def test_roles_are_those_of_the_event(new_guest: NewGuest, language: str) -> None:
    """All of them or those asked for; a role of an organization only in a login to it."""
    guest = new_guest(CALLS, language=language)
    every = await _asked(guest, language, "roles.getUserEffectiveRoles")
    assert [role["id"] for role in every["roles"]] == ["r1", "r2"]
    assert every["roles"][0]["description"] == "all"
    there = await _asked(
        guest, language, "roles.getUserEffectiveRoles", organization={"id": "org_1"}
    )
    assert [role["id"] for role in there["roles"]] == ["r1", "r2", "r3"]
    by_id = await _asked(guest, language, "roles.getUserEffectiveRolesByIds", ["r2", "r9"])
    assert by_id == {"roles": [ROLES[0]]}
    by_name = await _asked(guest, language, "roles.getUserEffectiveRolesByNames", ["Admin"])
    assert by_name == {"roles": [ROLES[1]]}


@in_both_languages
async def test_pages_follow_each_other(new_guest: NewGuest, language: str) -> None:
    """`next` of one page is `from` of the following one; the last has none."""
    guest = new_guest(CALLS, language=language)
    first = await _asked(guest, language, "groups.getUserGroups")
    assert (len(first["groups"]), first["next"]) == (50, "g49")
    rest = await _asked(guest, language, "groups.getUserGroups", {"from": first["next"]})
    assert [group["id"] for group in rest["groups"]] == [f"g{n}" for n in range(50, 60)]
    assert "next" not in rest
    few = await _asked(guest, language, "groups.getUserGroups", {"take": 10, "from": "g49"})
    assert (len(few["groups"]), "next" in few) == (10, False)


@in_both_languages
async def test_membership_is_by_id_or_name(new_guest: NewGuest, language: str) -> None:
    """Each group asked for has an answer of its own."""
    guest = new_guest(CALLS, language=language)
    found = await _asked(guest, language, "groups.hasGroupMembership", ["g01", "Group 2", "none"])
    assert found == {
        "memberships": {
            "g01": {"is_member": True, "matches": [GROUPS[1]]},
            "Group 2": {"is_member": True, "matches": [GROUPS[2]]},
            "none": {"is_member": False, "matches": []},
        }
    }


@in_both_languages
async def test_without_a_source_there_is_an_error(new_guest: NewGuest, language: str) -> None:
    """Never an answer as if the user had no roles; it says where to publish them."""
    guest = new_guest(CALLS, language=language)
    for lookups in (None, {}, {"roles": "admin"}):
        name, message = await _asked(
            guest, language, "roles.getUserEffectiveRoles", lookups=lookups
        )
        method = spelled("roles.getUserEffectiveRoles", language)
        assert name == "ApiError"
        assert message == (
            f"api.{method}: no source knows the roles of users: publish them in the event as"
            " lookups.roles, or add lookups/roles.yaml to the folder"
        )


class Source:
    """A source that knows groups, counts how often it is asked, and takes its time."""

    def __init__(self, *, fails: bool = False) -> None:
        self.asked: list[tuple[Kind, Subject]] = []
        self._fails = fails

    async def find(self, kind: Kind, subject: Subject) -> Sequence[Entry] | None:
        """Groups after a moment."""
        self.asked.append((kind, subject))
        await asyncio.sleep(0.01)
        if self._fails:
            raise OSError("the password is 1234")
        return GROUPS[:1] if kind == "groups" else None


@in_both_languages
async def test_another_source_is_asked_when_the_event_knows_nothing(
    new_guest: NewGuest, language: str
) -> None:
    """It is told the user and the organization; many questions at a time are kept apart."""
    source = Source()
    guest = new_guest(CALLS, language=language, lookups=(source,))
    members = {"lookups": {"roles": ROLES}, "organization": {"id": "org_1"}}
    answers = await asyncio.gather(
        *(_asked(guest, language, "groups.getUserGroups", **members) for _ in range(20)),
        _asked(guest, language, "roles.getUserEffectiveRoles", **members),
    )
    assert [len(answer["groups"]) for answer in answers[:20]] == [1] * 20
    assert len(answers[20]["roles"]) == 3
    assert source.asked == [("groups", Subject("u1", "org_1"))] * 20


@in_both_languages
async def test_a_source_that_fails_does_not_say_why(new_guest: NewGuest, language: str) -> None:
    """The reason is in the worker's log: it may hold what actions must not see."""
    guest = new_guest(CALLS, language=language, lookups=(Source(fails=True),))
    said = await _asked(guest, language, "groups.getUserGroups", lookups=None)
    method = spelled("groups.getUserGroups", language)
    assert said == ["ApiError", f"api.{method}: the source failed: see the worker's log"]


async def test_a_plain_python_handler_gets_the_answer_itself(new_guest: NewGuest) -> None:
    """It cannot await, so the call waits in the handler's own thread; keywords are members."""
    guest = new_guest(
        """
        def on_execute_post_login(event, api):
            page = api.groups.get_user_groups(take=2, from_="g00")
            print([group.id for group in page.groups], page.next)
            try:
                api.groups.get_user_groups(take=0)
            except ValueError as error:
                print(error)
        """
    )
    outcome = await guest.run(invocation({"lookups": LOOKUPS}))
    assert texts(outcome) == [
        "['g01', 'g02'] g02",
        'The "take" parameter must be a positive integer if provided.',
    ]


async def test_a_javascript_promise_is_rejected_not_thrown(new_guest: NewGuest) -> None:
    """Auth0's methods are async functions, so `.catch` sees every error."""
    guest = new_guest(
        """
        exports.onExecutePostLogin = async (event, api) => {
          const said = [];
          await api.groups.getUserGroups({ take: 0 }).catch((error) => said.push(error.name));
          const [one, two] = await Promise.all([
            api.groups.getUserGroups({ take: 1 }),
            api.roles.getUserEffectiveRoles(),
          ]);
          console.log(said.join(), one.groups.length, two.roles.length);
        };
        """,
        language="javascript",
    )
    assert texts(await guest.run(invocation({"lookups": LOOKUPS}))) == ["ApiError 1 2"]


@in_both_languages
async def test_what_the_provider_published_for_questions_is_not_in_the_event(
    new_guest: NewGuest, language: str
) -> None:
    """An action sees Auth0's members; `lookups` is between provider and worker."""
    guest = new_guest(
        {
            "python": """
                async def on_execute_post_login(event, api):
                    print("lookups" in event, api.rules.was_executed("rul_1"))
                    print(api.rules.was_executed("rul_2"))
                """,
            "javascript": """
                exports.onExecutePostLogin = async (event, api) => {
                  const said = (value) => (value ? "True" : "False");
                  console.log(said("lookups" in event), said(api.rules.wasExecuted("rul_1")));
                  console.log(said(api.rules.wasExecuted("rul_2")));
                };
                """,
        },
        language=language,
    )
    outcome = await guest.run(invocation({"lookups": {"rules": ["rul_1"]}}))
    assert texts(outcome) == ["False True", "False"]
    assert texts(await guest.run(invocation()))[0] == "False False"


class Slow:
    """A source that answers when it is told to."""

    def __init__(self) -> None:
        self.answers, self.answered = asyncio.Event(), asyncio.Event()

    async def find(self, kind: Kind, subject: Subject) -> Sequence[Entry] | None:  # noqa: ARG002 - of the port
        """Nothing, late."""
        await self.answers.wait()
        self.answered.set()
        return []


@in_both_languages
async def test_an_action_that_ends_while_it_waits_hurts_nobody(
    new_guest: NewGuest, language: str
) -> None:
    """Its time is over while the source still thinks; the late answer is dropped."""
    source = Slow()
    guest = new_guest(CALLS, language=language, lookups=(source,))
    await guest.start()
    pid = guest.pid
    called: list[tuple[str, list[Any]]] = [(spelled("groups.getUserGroups", language), [])]
    event = {**EVENT, "lookups": None, "calls": called}
    late = await guest.run(invocation(event, "onExecuteCalls", timeout=0.1))
    assert late.status == "timeout"
    source.answers.set()
    assert (await _asked(guest, language, "roles.getUserEffectiveRoles"))["roles"]
    await asyncio.wait_for(source.answered.wait(), 5)
    assert (await _asked(guest, language, "roles.getUserEffectiveRoles"))["roles"]
    assert guest.pid == pid


async def test_plain_handlers_whose_time_is_over_leave_no_thread(new_guest: NewGuest) -> None:
    """A guest gives itself up with more than 32 stuck threads; this one serves on."""
    source = Slow()
    guest = new_guest(
        """
        def on_execute_post_login(event, api):
            if event.get("asks"):
                api.groups.get_user_groups()
        """,
        lookups=(source,),
    )
    await guest.start()
    pid = guest.pid
    asks = invocation({"asks": True}, timeout=0.1)
    outcomes = await asyncio.gather(*(guest.run(asks) for _ in range(48)))
    assert {outcome.status for outcome in outcomes} == {"timeout"}
    assert ((await guest.run(invocation())).status, guest.pid) == ("ok", pid)


@in_both_languages
async def test_a_run_cannot_ask_without_end(new_guest: NewGuest, language: str) -> None:
    """Each question costs the worker's time, so a hundred are enough for one run."""
    guest = new_guest(
        {
            "python": """
                async def on_execute_post_login(event, api):
                    for _ in range(101):
                        try:
                            await api.groups.get_user_groups(take=1)
                        except ValueError as error:
                            print(str(error).partition(": ")[2])
                """,
            "javascript": """
                exports.onExecutePostLogin = async (event, api) => {
                  for (let i = 0; i < 101; i++) {
                    await api.groups
                      .getUserGroups({ take: 1 })
                      .catch((error) => console.log(error.message.split(": ")[1]));
                  }
                };
                """,
        },
        language=language,
    )
    for _ in range(2):  # the next run has a hundred of its own
        outcome = await guest.run(invocation({"lookups": LOOKUPS}))
        assert texts(outcome) == ["more than 100 questions in one run"]
