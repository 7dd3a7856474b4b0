"""Who is signed in: sessions in this process's memory, so that no token is in a browser or file."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta

#: 256 random bits.
_ID_BYTES = 32
#: Sessions kept; over it, the one that ends first goes.
MOST_SESSIONS = 10_000
_WRITERS = frozenset({"author", "operator"})


@dataclass(slots=True)
class Session:
    """One browser's session."""

    id: str
    #: Of the admin API; never leaves this process.
    token: str = field(repr=False)
    name: str
    role: str
    #: By the clock of `Sessions`, seconds; None: it does not end.
    ends_at: float | None = None
    #: What the person chose; None: as their system is.
    dark: bool | None = None

    @property
    def may_edit(self) -> bool:
        """Their role changes things. The admin API decides; this only spares a refusal."""
        return self.role in _WRITERS


class Sessions:
    """All sessions, by a random id that only the browser's cookie has."""

    def __init__(self, lasting: timedelta, clock: Callable[[], float] = time.monotonic) -> None:
        self._lasting = lasting
        self._clock = clock
        self._sessions: dict[str, Session] = {}

    def open(
        self, token: str, *, name: str, role: str, lasting: timedelta | None = None
    ) -> Session:
        """A new session; those that are over are forgotten. `lasting`: no longer than its token."""
        now = self._clock()
        self._sessions = {key: one for key, one in self._sessions.items() if not _over(one, now)}
        while len(self._sessions) >= MOST_SESSIONS:
            del self._sessions[next(iter(self._sessions))]
        ends_at = now + min(self._lasting, lasting or self._lasting).total_seconds()
        session = Session(secrets.token_urlsafe(_ID_BYTES), token, name, role, ends_at)
        self._sessions[session.id] = session
        return session

    def find(self, key: str | None) -> Session | None:
        """The session of an id, unless it is over."""
        session = self._sessions.get(key or "")
        return None if session is None or _over(session, self._clock()) else session

    def close(self, key: str) -> None:
        """End a session; its pages get nothing more."""
        if (session := self._sessions.pop(key, None)) is not None:
            session.ends_at = float("-inf")

    def is_over(self, session: Session) -> bool:
        """Whether somebody has to sign in again."""
        return _over(session, self._clock())


def _over(session: Session, now: float) -> bool:
    return session.ends_at is not None and now >= session.ends_at
