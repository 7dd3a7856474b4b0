"""What a replay finds in two verdicts of one login."""

from __future__ import annotations

from typing import Any

import pytest

from authstream.apps.verdict_changes import changes
from authstream.contracts.verdict import Claims, Dropped, EffectOrder, Metadata, StepResult, Verdict


def result(**members: Any) -> dict[str, Any]:
    """A result as a rehearsal gives it."""
    error = members.pop("error", None)
    said: dict[str, Any] = {"outcome": "allowed", "requested_at": 1, "decided_at": 2, **members}
    verdict = Verdict(flow_id="f", leg=0, tenant="acme", trigger="post-login", **said)
    return {"verdict": verdict.public(), "runs": [{"action": "crm", "error": error}]}


def found(before: dict[str, Any], after: dict[str, Any]) -> list[tuple[str, str]]:
    """Kind and text of each change."""
    return [(one.kind, one.text) for one in changes(before, after)]


def claims(**members: Any) -> Claims:
    """Of the ID token."""
    return Claims(id_token=members)


def step(status: str) -> tuple[StepResult, ...]:
    """One action that ran."""
    return (StepResult(action="crm", version=1, status=status, ms=3.0),)


def test_times_ids_and_versions_are_no_change() -> None:
    """The same answer of another flow, at another time, from another version."""
    orders = [
        EffectOrder(id=name, kind="log", action="crm", payload={"message": "m"}) for name in "ab"
    ]
    before = result(effects=(orders[0],), steps=step("ok"))
    after = result(
        effects=(orders[1],),
        steps=(StepResult(action="crm", version=2, status="ok", ms=9.0),),
        decided_at=77,
    )
    assert found(before, after) == []


def test_claims_are_lost_changed_and_added() -> None:
    """Each in its token, a changed one with the place in it that changed."""
    before = result(claims=claims(gone=1, kept={"deep": [1, 2]}, same=0))
    after = result(
        claims=Claims(id_token={"kept": {"deep": [1, 3]}, "same": 0}, access_token={"new": "x"})
    )
    assert found(before, after) == [
        ("claims-lost", "- gone: 1 (id_token)"),
        ("claims-changed", "~ kept.deep[1]: 2 → 3 (id_token)"),
        ("claims-added", '+ new: "x" (access_token)'),
    ]


@pytest.mark.parametrize(
    ("before", "after", "kind"),
    [
        ("allowed", "denied", "denied"),
        ("denied", "allowed", "allowed"),
        ("suspended", "allowed", "allowed"),
        ("allowed", "suspended", "suspended"),
        ("allowed", "failed", "failed"),
        ("failed", "denied", "recovered"),
    ],
)
def test_another_outcome_is_all_that_counts(before: str, after: str, kind: str) -> None:
    """The claims that a denied login does not get are no loss of their own."""
    old, new = result(outcome=before, claims=claims(a=1)), result(outcome=after, denied_by="risk")
    assert found(old, new) == [(kind, f"outcome: {before} → {after} by risk")]


def test_an_error_counts_under_any_policy_but_not_twice() -> None:
    """A skipped action that fails is an error; one that failed before is none."""
    good, bad = result(steps=step("ok")), result(steps=step("error"), error="KeyError: 'x'\nat 3")
    assert found(good, bad) == [("errors", "crm: error: KeyError: 'x'")]
    assert found(bad, bad) == []
    assert found(bad, good) == []


def test_every_other_part_counts() -> None:
    """Metadata, effects, and what has no kind of its own, by its place."""
    order = EffectOrder(id="a", kind="log", action="crm", payload={"message": "m"})
    dropped = Dropped(action="crm", command="idToken.setCustomClaim", target="sub", reason="no")
    after = result(
        metadata=Metadata(app_metadata={"tier": None}),
        effects=(order,),
        scopes_added=("read",),
        dropped=(dropped,),
        reason="because",
    )
    assert [kind for kind, _ in found(result(), after)] == [
        "metadata",
        "effects",
        "other",
        "other",
        "other",
    ]


def test_the_state_of_a_suspended_flow_is_no_change() -> None:
    """It is another each time, and is in the redirect's URL too."""
    legs = [
        result(
            outcome="suspended",
            state=state,
            redirect={"url": f"https://portal.example/?state={state}"},
        )
        for state in ("authstream.1.a.b", "authstream.1.c.d")
    ]
    assert found(*legs) == []


def test_a_place_holds_no_value() -> None:
    """What is printed where values must not be seen."""
    before = result(claims=claims(email="ada@example.com", gone="s3cret"))
    after = result(
        claims=claims(email="eve@example.com"), metadata=Metadata(user_metadata={"a": "v1"})
    )
    places = [one.place for one in changes(before, after)]
    assert places == ["~ id_token: email", "- id_token: gone", "+ metadata.user_metadata.a"]
