"""What came of an event, with assertions that show all of it when they fail."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Self

from authstream.apps.verdicts import run_lines, verdict_lines
from authstream.control.differences import differences

#: pytest shows the test's line, not ours.
__tracebackhide__ = True
_UNSAID: Any = object()
_TOKENS = ("id_token", "access_token")


class Result:
    """The verdict, the commands and runs that led to it, and the effects that would be sent.

    `verdict`, `commands`, `runs` and `effects` are those of `authstream test --json`.
    """

    def __init__(self, members: Mapping[str, Any], event: Mapping[str, Any]) -> None:
        #: The event that was run.
        self.event = event
        self.verdict: dict[str, Any] = members["verdict"]
        self.commands: list[dict[str, Any]] = members["commands"]
        self.runs: list[dict[str, Any]] = members["runs"]
        self.effects: list[dict[str, Any]] = members["effects"]

    @property
    def outcome(self) -> str:
        """`allowed`, `denied`, `suspended` or `failed`."""
        return str(self.verdict["outcome"])

    @property
    def id_token(self) -> dict[str, Any]:
        """Custom claims of the ID token."""
        return self._claims("id_token")

    @property
    def access_token(self) -> dict[str, Any]:
        """Custom claims of the access token."""
        return self._claims("access_token")

    @property
    def app_metadata(self) -> dict[str, Any]:
        """What would be written to the user's `app_metadata`; None removes."""
        return dict(self.verdict["metadata"]["app_metadata"])

    @property
    def user_metadata(self) -> dict[str, Any]:
        """What would be written to the user's `user_metadata`; None removes."""
        return dict(self.verdict["metadata"]["user_metadata"])

    def console(self, action: str) -> list[str]:
        """The lines that an action wrote."""
        return [
            line["text"].rstrip("\n")
            for run in self.runs
            if run["action"] == action
            for line in run["console"]
        ]

    def assert_allowed(self) -> Self:
        """The login goes on."""
        return self._check(self.outcome == "allowed", "the login is not allowed")

    def assert_denied(self, *, by: str | None = None, reason: str | None = None) -> Self:
        """The login was refused: by this action, for exactly this reason, where they are said."""
        self._check(self.outcome == "denied", "the login is not denied")
        denied_by, why = self.verdict["denied_by"], self.verdict["reason"]
        self._check(by in (None, denied_by), f"it was denied by {denied_by!r}, not by {by!r}")
        return self._check(reason in (None, why), f"the reason is {why!r}, not {reason!r}")

    def assert_suspended(self) -> Self:
        """The flow waits for the browser to come back: `flow.resume` brings it."""
        return self._check(self.outcome == "suspended", "the flow is not suspended")

    def assert_failed(self, code: str | None = None) -> Self:
        """The flow failed, with this code where one is said, e.g. `action_error`."""
        self._check(self.outcome == "failed", "the flow did not fail")
        said = self.verdict["code"]
        return self._check(code in (None, said), f"the code is {said!r}, not {code!r}")

    def assert_claim(
        self,
        name: str,
        value: Any = _UNSAID,  # noqa: ANN401 - JSON
        *,
        token: str | None = None,
    ) -> Self:
        """A claim is in a token, of either kind unless one is named; with this value, if said."""
        having = [where for where in _tokens(token) if name in self._claims(where)]
        self._check(having, f"there is no claim {name!r}{self._why(name)}")
        for where in having if value is not _UNSAID else ():
            self._equal(value, self._claims(where)[name], f"the claim {name!r} of the {where}")
        return self

    def assert_no_claim(self, name: str, *, token: str | None = None) -> Self:
        """A claim is in neither token, or not in the one that is named."""
        having = [where for where in _tokens(token) if name in self._claims(where)]
        return self._check(not having, f"the claim {name!r} is in the {' and '.join(having)}")

    def assert_effect(self, kind: str, **payload: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
        """An effect of this kind would be sent, with these members of its payload; gives it."""
        of_kind = [effect for effect in self.effects if effect["kind"] == kind]
        for effect in of_kind:
            found = {name: effect["payload"].get(name) for name in payload}
            if found == payload:
                return effect
        others = [effect["payload"] for effect in of_kind]
        raise AssertionError(f"no {kind} with {payload!r}; there are {others!r}\n{self!r}")

    def assert_no_effects(self, kind: str | None = None) -> Self:
        """No effect would be sent, or none of this kind."""
        found = [one["kind"] for one in self.effects if kind in (None, one["kind"])]
        return self._check(not found, f"effects would be sent: {', '.join(found)}")

    def assert_ran(self, *actions: str) -> Self:
        """These actions ran, in this order, and no others."""
        ran = [run["action"] for run in self.runs]
        return self._check(ran == list(actions), f"what ran is {ran}, not {list(actions)}")

    def __repr__(self) -> str:
        told = self.verdict["reason"]
        lines = [*verdict_lines(self.verdict), *run_lines(self.runs, told=told)]
        return "\n".join(line.plain for line in lines)

    def _claims(self, token: str) -> dict[str, Any]:
        return dict(self.verdict["claims"][token])

    def _why(self, target: str) -> str:
        reasons = [one["reason"] for one in self.verdict["dropped"] if one["target"] == target]
        return f" ({reasons[0]})" if reasons else ""

    def _equal(self, wanted: object, found: object, what: str) -> None:
        lines = [str(one) for one in differences(wanted, found, "value")]
        said: Sequence[str] = (f"{what} is not what was expected:", *lines)
        self._check(not lines, "\n".join(said))

    def _check(self, condition: object, problem: str) -> Self:
        if not condition:
            raise AssertionError(f"{problem}\n{self!r}")
        return self


def _tokens(named: str | None) -> Sequence[str]:
    return (named,) if named else _TOKENS
