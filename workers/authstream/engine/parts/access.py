"""Denials: `access.deny` takes other arguments on each kind of trigger."""

from __future__ import annotations

from authstream.engine.part import DECIDED, Call, Denial, Part, command

ACCESS_DENIED = "access_denied"


class Access(Part):
    """`deny(reason)`: the reason is shown to whoever asked."""

    shown = DECIDED

    @command("access.deny", denies=True)
    def deny(self, call: Call) -> None:
        """The reason is for the user too."""
        (reason,) = call.arguments
        self.leg.deny(call, Denial(call.action, ACCESS_DENIED, reason, reason))


class SignupAccess(Part):
    """`deny(reason, userMessage?)`: the reason is for logs, the message for the user."""

    shown = DECIDED

    @command("access.deny", denies=True)
    def deny(self, call: Call) -> None:
        """Two texts, as the user must not read the first."""
        reason, *message = call.arguments
        shown = message[0] if message else None
        self.leg.deny(call, Denial(call.action, ACCESS_DENIED, reason, shown))


class TokenAccess(Part):
    """`deny(code, reason)`: the code is the OAuth error, the reason its description."""

    shown = DECIDED

    @command("access.deny", denies=True)
    def deny(self, call: Call) -> None:
        """No user reads this: a machine asked."""
        code, *reason = call.arguments
        self.leg.deny(call, Denial(call.action, code, reason[0] if reason else None))
