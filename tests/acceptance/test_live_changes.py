"""A worker follows the control log: the next login gets what is deployed, bound, switched off."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from authstream.apps import live
from authstream.control.actions import Actions
from authstream.control.drafts import Draft
from authstream.control.emergencies import Emergencies
from authstream.control.flows import Flows
from authstream.control.objects import BoundAction, Canary
from authstream.control.secrets import Secrets
from authstream.control.tenant_lookups import set_lookup
from authstream.engine.plan import Flow
from tests.confinement import open_to_others
from tests.control_plane import PL, draft
from tests.live_plane import PATIENCE, LivePlane, live_plane

pytestmark = pytest.mark.usefixtures("own_cache")


@pytest.fixture
def own_cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Code of actions is unpacked into a folder of this test's, which guests may enter."""
    folder = tmp_path_factory.mktemp("cache")
    open_to_others(folder)
    monkeypatch.setenv("XDG_CACHE_HOME", str(folder))


def deploy(plane: LivePlane, name: str, text: str, *, tenant: str = "default") -> int:
    """Make or change an action that sets a claim, and deploy it."""
    actions = Actions(plane.ada, tenant)
    known = plane.ada.view.find(actions.key(name)) is not None
    (actions.edit if known else actions.create)(name, draft(text))
    return actions.deploy(name).version


def bind(plane: LivePlane, name: str, *, tenant: str = "default") -> None:
    """Bind an action to the tenant's flow."""
    Flows(plane.ada).add(tenant, PL, BoundAction(action=name, version=0))


async def test_a_new_action_runs_without_a_restart() -> None:
    """Its stage is started in the running worker before the flow that binds it is in effect."""
    async with live_plane() as plane:
        assert await plane.claims() == {}
        deploy(plane, "claims", "one")
        bind(plane, "claims")
        await plane.until(lambda: flow(plane).bindings != ())
        assert plane.runner.works("action.claims")
        assert await plane.claims() == {"one": "one"}


async def test_a_deploy_and_a_roll_back_are_in_effect_for_the_next_login() -> None:
    """Within a second, and the verdict says which version ran."""
    async with live_plane() as plane:
        deploy(plane, "claims", "one")
        bind(plane, "claims")
        await plane.until(lambda: flow(plane).bindings != ())
        assert await plane.claims() == {"one": "one"}
        assert deploy(plane, "claims", "two") == 2
        await plane.until(lambda: version(plane) == 2)
        verdict = await plane.login()
        assert verdict.claims.id_token == {"two": "two"}
        assert [(step.action, step.version) for step in verdict.steps] == [("claims", 2)]
        Actions(plane.ada, "default").roll_back("claims")
        await plane.until(lambda: version(plane) == 1)
        assert await plane.claims() == {"one": "one"}


def flow(plane: LivePlane, tenant: str = "default") -> Flow:
    """What the next login is planned with."""
    return plane.live.flows.choose(tenant, PL) or Flow(tenant, PL, ())


def version(plane: LivePlane) -> int:
    """The version of its one action."""
    return flow(plane).bindings[0].version


async def test_tenants_with_actions_of_one_name_share_nothing() -> None:
    """Not code, secret, cache, guest or topic: each login has its own tenant's."""
    code = (
        b"def on_execute_post_login(event, api):\n"
        b"    seen = api.cache.get('k')\n"
        b"    api.cache.set('k', event.tenant.id)\n"
        b"    api.id_token.set_custom_claim('seen', seen.value if seen else 'nothing')\n"
        b"    api.id_token.set_custom_claim('secret', event.secrets.TOKEN)\n"
    )
    async with live_plane() as plane:
        for tenant in ("acme", "evil"):
            actions = Actions(plane.ada, tenant)
            other = code if tenant == "acme" else code + b"# theirs\n"
            actions.create("claims", draft_of(other))
            Secrets(plane.ada, tenant).put("claims", "TOKEN", f"secret of {tenant}")
            actions.deploy("claims")
            bind(plane, "claims", tenant=tenant)
        await plane.until(lambda: all(flow(plane, one).bindings for one in ("acme", "evil")))
        for seen in ("nothing", "itself"):
            for tenant in ("acme", "evil"):
                wanted = tenant if seen == "itself" else seen
                found = await plane.claims(tenant)
                assert found == {"seen": wanted, "secret": f"secret of {tenant}"}
        stages = ("action.claims.at.acme", "action.claims.at.evil")
        assert all(plane.runner.hosts(name) for name in stages)


def draft_of(code: bytes) -> Draft:
    """An action with a secret."""
    return replace(draft(secrets=("TOKEN",)), code=code)


async def test_the_kill_switch_and_an_emergency() -> None:
    """Off, an action is skipped; deny-all denies without any action; the end is at once."""
    async with live_plane() as plane:
        deploy(plane, "claims", "one")
        bind(plane, "claims")
        await plane.until(lambda: flow(plane).bindings != ())
        Flows(plane.ada).enable("default", PL, "claims", enabled=False)
        await plane.until(lambda: not flow(plane).bindings[0].enabled)
        assert await plane.claims() == {}
        emergencies = Emergencies(plane.ada)
        emergencies.begin("default", PL, "deny-all", lasting=timedelta(minutes=1), reason="keys")
        await plane.until(lambda: flow(plane, "acme").break_glass is not None)
        verdict = await plane.login("acme")
        assert (verdict.outcome, verdict.denied_by) == ("denied", "break-glass")
        assert verdict.reason == "keys"
        emergencies.end("default", PL)
        await plane.until(lambda: flow(plane).break_glass is None)
        assert (await plane.login()).outcome == "allowed"


async def test_a_canary_that_fails_is_taken_back() -> None:
    """Only its share of the logins gets it, and after a few failures nobody does."""
    async with live_plane() as plane:
        deploy(plane, "claims", "one")
        bind(plane, "claims")
        actions = Actions(plane.ada, "default")
        actions.edit("claims", draft_of(b"def on_execute_post_login(event, api):\n    1 / 0\n"))
        actions.deploy("claims", canary=Canary(version=0, share=0.5, min_runs=3, max_errors=0.4))
        await plane.until(lambda: any(one.canary for one in flow(plane).bindings))
        outcomes = [(await plane.login(user=f"user-{n}")).outcome for n in range(20)]
        assert outcomes.count("failed") == 3
        bound = Flows(plane.ada).get("default", PL).bindings[0]
        assert (bound.version, bound.canary) == (1, None)
        assert "100% of its runs failed" in plane.ada.view.trail()[-1].record.operation


async def test_a_new_value_of_a_secret_is_used_soon() -> None:
    """The action is started anew with it, and what it logs does not show it."""
    async with live_plane() as plane:
        actions = Actions(plane.ada, "default")
        code = b"def on_execute_post_login(event, api):\n    print(event.secrets.TOKEN)\n"
        claim = b"    api.id_token.set_custom_claim('s', event.secrets.TOKEN[:3])\n"
        actions.create("claims", draft_of(code + claim))
        Secrets(plane.ada, "default").put("claims", "TOKEN", "old-value")
        actions.deploy("claims")
        bind(plane, "claims")
        await plane.until(lambda: flow(plane).bindings != ())
        assert await plane.claims() == {"s": "old"}
        Secrets(plane.ada, "default").put("claims", "TOKEN", "new-value")
        for _ in range(200):
            if await plane.claims() == {"s": "new"}:
                break
        else:
            pytest.fail("the new value was not used")
        assert b"-value" not in b"".join(
            one.value or b"" for one in plane.broker.records("auth.executions.v1")
        )


async def test_groups_of_the_control_log_are_answered_from_and_change_at_once() -> None:
    """An applied `lookups/groups.yaml` reaches a running action, and so does the next one."""
    code = (
        b"async def on_execute_post_login(event, api):\n"
        b"    found = await api.groups.get_user_groups()\n"
        b"    names = [group.name for group in found.groups]\n"
        b"    api.id_token.set_custom_claim('https://example.com/groups', names)\n"
    )
    async with live_plane() as plane:
        set_lookup(plane.ada, "default", "groups", b"user-1: [{id: g1, name: Staff}]", after=0)
        actions = Actions(plane.ada, "default")
        actions.create("claims", draft_of(code))
        actions.deploy("claims")
        bind(plane, "claims")
        await plane.until(lambda: flow(plane).bindings != ())
        assert await plane.claims() == {"https://example.com/groups": ["Staff"]}
        set_lookup(plane.ada, "default", "groups", b"user-1: [{id: g2, name: Board}]", after=1)
        wanted = {"https://example.com/groups": ["Board"]}
        async with asyncio.timeout(PATIENCE):
            while await plane.claims() != wanted:
                pass


async def test_a_deleted_actions_stage_goes_once_its_logins_are_done(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It is in no flow at once and drained after a while; made anew meanwhile, it stays."""
    monkeypatch.setattr(live, "DRAIN_AFTER", timedelta(milliseconds=200))
    async with live_plane() as plane:
        for name in ("gone", "back"):
            deploy(plane, name, name)
            bind(plane, name)
        await plane.until(lambda: len(flow(plane).bindings) == 2)
        for name in ("gone", "back"):
            Actions(plane.ada, "default").delete(name, force=True)
        deploy(plane, "back", "again")
        await plane.until(lambda: flow(plane).bindings == ())
        assert await plane.claims() == {}
        await plane.until(lambda: not plane.runner.hosts("action.gone"))
        assert plane.runner.hosts("action.back")
        bind(plane, "back")
        await plane.until(lambda: flow(plane).bindings != ())
        assert await plane.claims() == {"again": "again"}
