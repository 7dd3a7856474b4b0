"""Operations of the control plane: draft, deploy, bind, roll back, delete, within limits."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from authstream.control.actions import Actions
from authstream.control.door import Door
from authstream.control.emergencies import Emergencies, banners
from authstream.control.flows import Flows
from authstream.control.objects import BoundAction, Canary
from authstream.control.tokens import Tokens, holder
from authstream.engine.ports import ManualClock
from authstream.errors import ConfigurationError, ConflictError, NotFoundError
from authstream.settings import QuotaSettings
from tests.control_plane import PL, Refusing, door, draft, memory_store


@pytest.fixture
def clock() -> ManualClock:
    """A time that tests move."""
    return ManualClock()


@pytest.fixture
def ada(clock: ManualClock) -> Iterator[Door]:
    """A door that builds nothing."""
    with memory_store(clock) as store:
        yield door(store, quotas=QuotaSettings(actions=3, versions=3, flow=2))


def bound(action: str, version: int = 0) -> BoundAction:
    """A binding to the deployed version."""
    return BoundAction(action=action, version=version)


def deployed(ada: Door, *names: str) -> Actions:
    """Actions of acme, one version each."""
    actions = Actions(ada, "acme")
    for name in names:
        actions.create(name, draft(name))
        actions.deploy(name)
    return actions


def pinned(ada: Door) -> list[tuple[str, int]]:
    """What acme's flow runs."""
    return [(one.action, one.version) for one in Flows(ada).get("acme", PL).bindings]


def test_a_deploy_moves_the_flows_that_bind_the_action(ada: Door) -> None:
    """A new version is made once, and every flow that binds the action names it."""
    actions = deployed(ada, "claims")
    Flows(ada).add("acme", PL, bound("claims"))
    actions.edit("claims", draft("two"))
    assert pinned(ada) == [("claims", 1)]
    done = actions.deploy("claims")
    assert (done.version, done.new, pinned(ada)) == (2, True, [("claims", 2)])
    again = actions.deploy("claims")
    assert (again.version, again.new, again.flows) == (2, False, ())


def test_what_does_not_build_is_not_deployed(ada: Door) -> None:
    """No version is made, and the flow goes on with the old one."""
    actions = deployed(ada, "claims")
    careful = Actions(door(ada.store, builder=Refusing()), "acme")
    careful.edit("claims", draft("broken"))
    with pytest.raises(ConfigurationError, match="broken"):
        careful.deploy("claims")
    assert [number for number, _ in actions.versions("claims")] == [1]


def test_roll_back_is_to_the_version_before_or_the_one_named(ada: Door) -> None:
    """No new version is made: flows name the old one again, the draft stays."""
    actions = deployed(ada, "claims")
    Flows(ada).add("acme", PL, bound("claims"))
    for text in ("two", "three"):
        actions.edit("claims", draft(text))
        actions.deploy("claims")
    assert actions.roll_back("claims").version == 2
    assert pinned(ada) == [("claims", 2)]
    assert actions.roll_back("claims", 1).version == 1
    assert pinned(ada) == [("claims", 1)]
    assert "three" in actions.code(actions.get("claims").draft)
    with pytest.raises(NotFoundError, match="no version claims@9"):
        actions.roll_back("claims", 9)


def test_a_diff_shows_code_and_settings(ada: Door) -> None:
    """Two versions, or a version and the draft."""
    actions = deployed(ada, "claims")
    actions.edit("claims", draft("two", egress=("crm.example.com:443",)))
    shown = actions.diff("claims", 1, None)
    assert "+- crm.example.com:443" in shown
    assert "-    api.id_token.set_custom_claim('claims', 'claims')" in shown


def test_old_versions_that_nothing_uses_are_pruned(ada: Door) -> None:
    """Over the limit the oldest goes, but never one that a flow runs."""
    actions = deployed(ada, "claims")
    Flows(ada).add("acme", PL, bound("claims"))
    Flows(ada).rebind("acme", PL, "claims", lambda one: one)
    for text in ("two", "three", "four"):
        actions.edit("claims", draft(text))
        actions.deploy("claims", canary=Canary(version=0, share=0.5))
    assert [number for number, _ in actions.versions("claims")] == [1, 3, 4]
    actions.edit("claims", draft("five"))
    assert actions.deploy("claims").version == 5


def test_order_and_the_kill_switch(ada: Door) -> None:
    """Actions move within a flow; one that is off keeps its place."""
    deployed(ada, "one", "two")
    flows = Flows(ada)
    flows.add("acme", PL, bound("one"))
    flows.add("acme", PL, bound("two"), at=0)
    assert pinned(ada) == [("two", 1), ("one", 1)]
    flows.move("acme", PL, "two", to=1)
    flows.enable("acme", PL, "one", enabled=False)
    found = flows.get("acme", PL).bindings
    assert [(one.action, one.enabled) for one in found] == [("one", False), ("two", True)]


def test_a_bound_action_is_not_deleted_unless_forced(ada: Door) -> None:
    """The conflict names the flow; by force it is taken out first."""
    actions = deployed(ada, "claims")
    Flows(ada).add("acme", PL, bound("claims"))
    with pytest.raises(ConflictError, match="bound to post-login of acme"):
        actions.delete("claims")
    actions.delete("claims", force=True)
    assert pinned(ada) == []
    with pytest.raises(NotFoundError):
        actions.get("claims")


def test_versions_of_an_action_made_anew_go_on_counting(ada: Door) -> None:
    """A number is never used twice, so a running login cannot get other code."""
    actions = deployed(ada, "claims")
    actions.delete("claims")
    actions.create("claims", draft("other"))
    assert actions.deploy("claims").version == 2


def test_limits(ada: Door) -> None:
    """Actions of a tenant and of a flow are limited; another tenant has its own limit."""
    deployed(ada, "one", "two", "three")
    with pytest.raises(ConfigurationError, match="limit is 3"):
        Actions(ada, "acme").create("four", draft())
    Actions(ada, "other").create("four", draft())
    with pytest.raises(ConfigurationError, match="limit is 2"):
        Flows(ada).replace("acme", PL, [bound("one"), bound("two"), bound("three")])


def test_only_what_can_run_is_bound(ada: Door) -> None:
    """An action that is not deployed, not there, or bound twice, is refused."""
    actions = deployed(ada, "one")
    actions.create("draft", draft())
    flows = Flows(ada)
    with pytest.raises(ConfigurationError, match="not deployed"):
        flows.add("acme", PL, bound("draft"))
    with pytest.raises(NotFoundError, match="no action absent of acme"):
        flows.add("acme", PL, bound("absent"))
    with pytest.raises(NotFoundError, match="one@7"):
        flows.add("acme", PL, bound("one", 7))
    with pytest.raises(ConfigurationError, match="condition"):
        flows.add("acme", PL, bound("one").model_copy(update={"when": "(("}))
    with pytest.raises(ConfigurationError, match="twice"):
        flows.replace("acme", PL, [bound("one"), bound("one")])


def test_if_match_is_held_to(ada: Door) -> None:
    """A change that names the revision it saw loses to any other change."""
    deployed(ada, "one")
    flows = Flows(ada)
    flows.add("acme", PL, bound("one"))
    flows.enable("acme", PL, "one", enabled=False, after=1)
    with pytest.raises(ConflictError):
        flows.enable("acme", PL, "one", enabled=True, after=1)


def test_an_emergency_ends_by_itself(ada: Door, clock: ManualClock) -> None:
    """It has a banner while it lasts, and a reason and a longest time."""
    emergencies = Emergencies(ada)
    emergencies.begin("acme", PL, "deny-all", lasting=timedelta(minutes=5), reason="stolen keys")
    assert "deny-all" in banners(ada.view, now=clock.now())[0]
    clock.advance(timedelta(minutes=5))
    assert banners(ada.view, now=clock.now()) == []
    with pytest.raises(ConfigurationError, match="24 hours"):
        emergencies.begin("acme", PL, "allow-all", lasting=timedelta(days=2), reason="x")
    with pytest.raises(ConfigurationError, match="reason"):
        emergencies.begin("acme", PL, "allow-all", lasting=timedelta(minutes=1), reason=" ")


def test_a_token_is_known_by_its_hash(ada: Door, clock: ManualClock) -> None:
    """It is in no record, ends when it says, and when it is revoked."""
    tokens = Tokens(ada)
    token = tokens.create("ci", "author", lasting=timedelta(hours=1))
    assert holder(ada.view, token, now=clock.now()) == ("ci", "author")
    assert holder(ada.view, token + "x", now=clock.now()) is None
    assert all(token.encode() not in (one.record.body or b"") for one in ada.view.trail())
    assert holder(ada.view, token, now=clock.now() + 3_600_000) is None
    tokens.revoke("ci")
    assert holder(ada.view, token, now=clock.now()) is None
