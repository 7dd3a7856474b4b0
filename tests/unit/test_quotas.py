"""What the operator allows: every quota holds to the last one allowed, through every door."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
import yaml

from authstream.control.actions import Actions
from authstream.control.apply import apply, desired
from authstream.control.door import Door
from authstream.control.drafts import Draft, ModuleDraft
from authstream.control.flows import Flows
from authstream.control.folder import load
from authstream.control.objects import BoundAction
from authstream.control.quotas import DEFAULT
from authstream.control.secrets import Secrets
from authstream.errors import ConfigurationError
from authstream.settings import QuotaSettings
from tests.control_plane import CODE, PL, door, draft, memory_store
from tests.samples import TOPICS, TRIGGERS

JAVASCRIPT = b"exports.onExecutePostLogin = async (event, api) => {};\n"
#: What each door is asked for: so many of one thing.
Ask = Callable[[Door, int], object]


@pytest.fixture
def opened() -> Iterator[Callable[..., Door]]:
    """Doors to control planes that allow what a test says."""
    with ExitStack() as stack:

        def made(**allowed: int) -> Door:
            store = stack.enter_context(memory_store())
            return door(store, quotas=QuotaSettings(**allowed))

        yield made


def names(count: int, prefix: str = "n") -> list[str]:
    """So many different names."""
    return [f"{prefix}{number}" for number in range(count)]


def modules(count: int, prefix: str = "m", **members: Any) -> tuple[ModuleDraft, ...]:
    """So many modules."""
    return tuple(
        ModuleDraft(name, "module.js", b"module.exports = 1;\n", **members)
        for name in names(count, prefix)
    )


def javascript(*loaded: ModuleDraft) -> Draft:
    """An action that loads modules."""
    return Draft(PL, "action.js", JAVASCRIPT, modules=loaded)


def create(ada: Door, made: Draft, name: str = "one") -> None:
    """An action of acme."""
    Actions(ada, "acme").create(name, made)


def actions(ada: Door, count: int) -> None:
    """So many actions of a tenant, none of them deployed."""
    for name in names(count):
        create(ada, draft(name), name)


def tenants_modules(ada: Door, count: int) -> None:
    """So many modules of a tenant, one in each action, and each in a second one as well."""
    for number, one in enumerate(modules(count)):
        create(ada, javascript(one), f"a{number}")
        create(ada, javascript(one), f"b{number}")


def flow(ada: Door, count: int) -> None:
    """So many actions in a flow, added one by one."""
    for name in names(count):
        create(ada, draft(name), name)
        Actions(ada, "acme").deploy(name)
        Flows(ada).add("acme", PL, BoundAction(action=name, version=0))


def secrets(ada: Door, count: int) -> None:
    """So many values of an action, and of a module."""
    create(ada, draft())
    for owner in ("actions:shared", "one"):
        for name in names(count):
            Secrets(ada, "acme").put(owner, name, "value")


def secret_value(ada: Door, count: int) -> None:
    """A value of so many characters."""
    create(ada, draft())
    Secrets(ada, "acme").put("one", "KEY", "x" * count)


def secret_name(ada: Door, count: int) -> None:
    """A name of so many characters."""
    create(ada, draft())
    Secrets(ada, "acme").put("one", "K" * count, "value")


def packages(count: int) -> dict[str, str]:
    """So many dependencies."""
    return dict.fromkeys(names(count), "1.0.0")


ASKS: dict[str, tuple[str, Ask]] = {
    "actions": ("actions", actions),
    "modules": ("modules", tenants_modules),
    "flow": ("flow", flow),
    "code": ("code_bytes", lambda ada, n: create(ada, Draft(PL, "action.py", b"#" * n))),
    "code of a module": (
        "code_bytes",
        lambda ada, n: create(
            ada, Draft(PL, "action.js", b"", modules=(ModuleDraft("m", "module.js", b"/" * n),))
        ),
    ),
    "packages": ("dependencies", lambda ada, n: create(ada, draft(dependencies=packages(n)))),
    "packages of a module": (
        "dependencies",
        lambda ada, n: create(ada, javascript(*modules(1, dependencies=packages(n)))),
    ),
    "modules of an action": ("action_modules", lambda ada, n: create(ada, javascript(*modules(n)))),
    "secrets that an action names": (
        "secrets",
        lambda ada, n: create(ada, draft(secrets=tuple(names(n)))),
    ),
    "secrets that a module names": (
        "secrets",
        lambda ada, n: create(ada, javascript(*modules(1, secrets=tuple(names(n))))),
    ),
    "values": ("secrets", secrets),
    "a secret's name": ("secret_name", secret_name),
    "a secret's value": ("secret_value", secret_value),
}
#: Small ones, so that a test of 100 actions needs three.
SMALL = {"actions": 3, "modules": 3, "flow": 3, "code_bytes": 60, "secret_value": 8}


@pytest.mark.parametrize("ask", ASKS)
def test_the_last_one_allowed_is_taken_and_one_more_refused(
    ask: str, opened: Callable[..., Door]
) -> None:
    """The error names the count, the limit, what to do, and the setting."""
    quota, asked = ASKS[ask]
    limit = SMALL.get(quota, 3)
    asked(opened(**{quota: limit}), limit)
    with pytest.raises(
        ConfigurationError,
        match=rf"{limit + 1} .*limit is {limit}: .*, or raise AUTHSTREAM_QUOTAS__{quota.upper()}$",
    ):
        asked(opened(**{quota: limit}), limit + 1)


def test_every_quota_has_its_test() -> None:
    """A new setting without one fails here; versions are pruned, not refused."""
    assert {quota for quota, _ in ASKS.values()} == set(QuotaSettings.model_fields) - {"versions"}


def test_the_defaults_are_those_of_auth0() -> None:
    """As its documentation of entity limits says them."""
    assert DEFAULT.model_dump() == {
        "actions": 100,
        "modules": 100,
        "versions": 50,
        "flow": 20,
        "code_bytes": 100_000,
        "dependencies": 10,
        "action_modules": 3,
        "secrets": 30,
        "secret_name": 128,
        "secret_value": 4096,
    }


def test_a_value_that_is_too_long_is_not_in_the_error(opened: Callable[..., Door]) -> None:
    """Only its length is."""
    ada = opened(secret_value=8)
    create(ada, draft())
    with pytest.raises(ConfigurationError, match="the value of KEY would have 9 characters") as one:
        Secrets(ada, "acme").put("one", "KEY", "topsecret")
    assert "topsecret" not in str(one.value)


def test_edits_stay_possible_when_a_limit_is_lowered(opened: Callable[..., Door]) -> None:
    """Who has more than is allowed by now can still correct an action, but make no other."""
    ada = opened(actions=3, modules=3)
    tenants_modules(ada, 1)
    strict = door(ada.store, quotas=QuotaSettings(actions=1, modules=0))
    Actions(strict, "acme").edit("a0", javascript(*modules(1)))
    with pytest.raises(ConfigurationError, match="limit is 1"):
        create(strict, draft(), "other")
    with pytest.raises(ConfigurationError, match="limit is 0"):
        Actions(strict, "acme").edit("a0", javascript(*modules(1, "new")))


def written(root: Path, count: int) -> Path:
    """A folder of so many actions, each bound; one module for each."""
    for name in names(count):
        action = root / "actions" / name
        action.mkdir(parents=True)
        (action / "action.yaml").write_text("trigger: post-login\n")
        (action / "action.py").write_text(CODE.format(name))
        (root / "modules" / name).mkdir(parents=True)
        (root / "modules" / name / "module.js").write_text("module.exports = 1;\n")
    (root / "flows").mkdir()
    bindings = [{"action": name} for name in names(count)]
    flow = {"trigger": "post-login", "actions": bindings}
    (root / "flows" / "post-login.yaml").write_text(yaml.safe_dump(flow))
    return root


@pytest.mark.parametrize("quota", ["actions", "modules", "flow"])
def test_a_folder_is_counted_when_it_is_read(tmp_path: Path, quota: str) -> None:
    """So `test` and `up` refuse what `apply` would; the operator's figure goes both ways."""
    root = written(tmp_path, 3)

    def loaded(limit: int) -> int:
        allowed = QuotaSettings(**{quota: limit})
        return len(load(root, triggers=TRIGGERS, topics=TOPICS, allowed=allowed).actions)

    assert loaded(3) == 3
    with pytest.raises(ConfigurationError, match=rf"3 .*limit is 2: .*QUOTAS__{quota.upper()}$"):
        loaded(2)


def test_more_than_auth0s_figure_is_one_setting_away(tmp_path: Path) -> None:
    """A flow of 21 actions, which nothing else then refuses."""
    root = written(tmp_path, 21)
    allowed = QuotaSettings(flow=21)
    found = load(root, triggers=TRIGGERS, topics=TOPICS, allowed=allowed)
    with memory_store() as store:
        ada = door(store, quotas=allowed)
        apply(desired(root, ada), ada)
        assert len(Flows(ada).get("default", PL).bindings) == len(found.actions) == 21


def test_a_full_tenant_can_be_replaced_by_a_folder(
    tmp_path: Path, opened: Callable[..., Door]
) -> None:
    """What is deleted last is not in the way of what is made first: the outcome is counted."""
    ada = opened(actions=2, modules=2)
    for name in ("old", "older"):
        Actions(ada, "default").create(name, javascript(*modules(1, name)))
    apply(desired(written(tmp_path, 2), ada), ada)
    assert [one.key.name for one in Actions(ada, "default").all()] == names(2)
