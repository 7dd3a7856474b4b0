"""What somebody on call can do about an outcome, by its code."""

from __future__ import annotations

_LOGS = "see what it logged: authstream actions logs {action}"
_LETTERS = "look at what was set aside: authstream dead-letters list"
_LAG = "see which stage is behind: its consumer group's lag, and whether its worker is ready"
#: Codes of failures. `{action}` is the one that failed, `{flow}` the flow's id.
BY_CODE: dict[str, tuple[str, ...]] = {
    "action_error": (
        "correct {action} at the line of its error, then: authstream actions deploy {action}",
        "or go back to the version before: authstream actions rollback {action}",
    ),
    "action_timeout": (
        "make {action} faster, or give its binding a longer `timeout`",
        "see in the trace which of its calls took the time",
        "let the flow go on without it: `on_error: skip` on its binding",
    ),
    "platform_error": (
        "the sandbox could not run {action}: see the worker's log for `guest` and `circuit`",
        _LOGS,
    ),
    "timeout": (_LAG, "give the connection a longer deadline if actions need it"),
    "invalid_event": (
        "correct what the provider publishes: the reason names the members",
        _LETTERS,
    ),
    "not_in_release": (
        "finish the upgrade: take AUTHSTREAM_WRITE_AS away once every process is new",
        "until then leave out what is new, which the reason names",
    ),
    "too_large": ("send or claim less: the reason names what is over its limit",),
    "unsigned_slip": (
        "give all workers the same AUTHSTREAM_SLIP_KEY",
        "if they have it, somebody else writes to the topics of actions: see the ACLs",
        _LETTERS,
    ),
    "unknown_version": (
        "the worker of {action} has not the version that was planned: is it up to date?",
    ),
    "incomplete": ("an envelope jumped over an action: see who else writes to internal topics",),
    "poison": (
        "the record ended the worker three times: see the worker's log, then",
        _LETTERS,
    ),
    "handler_error": ("a stage broke on this record: see its log for `handler_failed`", _LETTERS),
    "handler_timeout": ("a stage did not finish this record in its time: see its log", _LETTERS),
    "rate_limited": ("too many events of one user at a time: see who sends them",),
    "undecodable": ("somebody writes foreign records to an internal topic", _LETTERS),
    "unknown_schema": ("upgrade this worker: a newer one wrote the record", _LETTERS),
    "redirect_unsupported": ("take the action that redirects out of the flow of this provider",),
    "interaction_required": ("the application asked for no page, and an action needs one",),
}


def advice(code: str | None, *, action: str | None, flow: str) -> list[str]:
    """What to do about a failure; for a code of your own triggers or actions, where to look."""
    said = BY_CODE.get(code or "", ("see docs/reference/errors.md for its code", _LETTERS))
    return [line.format(action=action or "the action", flow=flow) for line in said]
