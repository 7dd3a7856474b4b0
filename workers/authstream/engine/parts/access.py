"""Denials: `access.deny` takes other arguments on each kind of trigger."""

from __future__ import annotations

from authstream.contracts.api.access import EXCHANGE_CODES
from authstream.contracts.codes import ACCESS_DENIED
from authstream.engine.part import DECIDED, Call, Denial, Part, command


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


class MachineAccess(Part):
    """`deny(code, reason?)`: one of OAuth's codes; another first text is part of the reason."""

    shown = DECIDED

    @command("access.deny", denies=True)
    def deny(self, call: Call) -> None:
        """A code of anybody's choice would be no code to the machine."""
        code, *reason = call.arguments
        if code in EXCHANGE_CODES:
            denial = Denial(call.action, code, reason[0] if reason else None)
        else:
            denial = Denial(call.action, ACCESS_DENIED, ": ".join(call.arguments))
        self.leg.deny(call, denial)


class TokenAccess(Part):
    """`deny(code, reason)`: the code is the action's own, the reason its description."""

    shown = DECIDED

    @command("access.deny", denies=True)
    def deny(self, call: Call) -> None:
        """No user reads this."""
        code, reason = call.arguments
        self.leg.deny(call, Denial(call.action, code, reason))
