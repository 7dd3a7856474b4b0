"""Replays recorded logins into a shadow of a flow, and says what comes out otherwise."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Iterator, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any, Literal

from authstream.apps.candidate import Against, Candidates, candidates
from authstream.apps.recorded_logins import RecordedLogin, RecordedLogins, Window
from authstream.apps.replay_tally import Compared, Tally, duration
from authstream.apps.shadow import Legs, Shadow
from authstream.apps.stages import triggers
from authstream.apps.verdict_changes import changes
from authstream.control.folder import Folder
from authstream.errors import NotFoundError
from authstream.settings import Settings

#: Against what logins are compared: the verdict of then, or one of the deployed flow now.
Baseline = Literal["recorded", "deployed"]
#: Logins between two words of progress.
PROGRESS_EVERY = 100


@dataclass(frozen=True, slots=True)
class Replay:
    """What is to be replayed, where, and against what."""

    settings: Settings
    tenant: str
    trigger: str
    against: Against
    window: Window
    baseline: Baseline
    #: Actions may connect to the hosts that they name.
    egress: bool
    say: Callable[[str], None]

    async def run(self, tally: Tally) -> AsyncGenerator[Compared]:
        """Each login that can be compared, oldest first; `tally` counts them all.

        Raises:
            ConfigurationError: The candidate cannot be loaded.
            NotFoundError: No login is there to be replayed, or none has a verdict.
        """
        with candidates(self.settings, self.tenant, self.trigger) as known:
            folder = known.named(self.against)
            before = known.deployed() if self.baseline == "deployed" else None
            logins = self._logins(known, folder)
        if not self.egress:
            for line in cut_off(folder, compared=before is not None):
                self.say(line)
        self.say(f"replaying {len(logins)} logins …")
        async with AsyncExitStack() as open_:
            shadow = await open_.enter_async_context(self._shadow(folder))
            other = await open_.enter_async_context(self._shadow(before)) if before else None
            number = 0
            async for one in beside(shadow, other, logins, tally=tally):
                yield one
                number += 1
                if not number % PROGRESS_EVERY:
                    self.say(f"{number} of {len(logins)}, {tally.changed} changed")
        if not tally.compared:
            raise NotFoundError(
                f"none of {len(logins)} logins has a verdict to compare with: give another"
                " --since, or --baseline deployed"
            )

    def _logins(self, known: Candidates, folder: Folder) -> list[RecordedLogin]:
        if known.keyless:
            self.say("no key for secrets is set here: those of the control log are empty")
        self.say("reading logins …")
        with RecordedLogins(self.settings, triggers()[self.trigger]) as recorded:
            found = recorded.find(self.window, lambda tenant: known.serves(folder, tenant))
        if not found:
            raise NotFoundError(
                f"no login of {self.trigger} for {self.tenant} was recorded in that time: give"
                " another --since or --tenant"
            )
        return found

    def _shadow(self, folder: Folder) -> Shadow:
        return Shadow(folder, self.trigger, egress=self.egress, say=self.say)


async def beside(
    shadow: Shadow, other: Shadow | None, logins: Sequence[RecordedLogin], *, tally: Tally
) -> AsyncGenerator[Compared]:
    """Each login that can be compared with what `other` makes of it, or with what was recorded."""
    for login in logins:
        then = await other.run(login) if other else _recorded(login)
        if not then:
            tally.undecided += 1
            continue
        one = _compared(login, then, await shadow.run(login))
        tally.add(one)
        yield one


def cut_off(folder: Folder, *, compared: bool) -> Iterator[str]:
    """Which actions will miss the services that they call; `compared`: both sides do."""
    asking = {name: one.egress for name, one in sorted(folder.actions.items()) if one.egress}
    if not asking:
        return
    yield "actions connect to nobody here (--egress off):"
    for name, hosts in asking.items():
        yield f"  {name} may ask {', '.join(hosts)}, and will be refused"
    if not compared:
        yield "  what differs for that alone is left out with --baseline deployed"


def _recorded(login: RecordedLogin) -> Sequence[dict[str, Any]]:
    return [{"verdict": verdict.public(), "runs": []} for verdict in login.verdicts]


def _compared(login: RecordedLogin, before: Legs, after: Legs) -> Compared:
    legs = zip(before, after, strict=False)  # one may be suspended where the other is not
    return Compared(
        login.flow_id,
        after[0]["verdict"]["tenant"],
        login.published.timestamp,
        tuple((leg, one) for leg, (old, new) in enumerate(legs) for one in changes(old, new)),
        duration(before[: len(after)]),
        duration(after[: len(before)]),
    )
