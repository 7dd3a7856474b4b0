"""How much actions may ask for in one leg: counts, bytes and tries, as Auth0 documents them.

Limits of single methods are in the table of `contracts/api/`, budgets of records in
`contracts/budgets.py`. Source: Auth0's documentation (limitations, entity limits, events).
"""

from __future__ import annotations

from datetime import timedelta

#: One patch of `app_metadata`, and one of `user_metadata`, JSON bytes.
USER_METADATA_BYTES = 32 * 1024
#: Actions bound to the trigger after the challenge of a password reset.
POST_CHALLENGE_ACTIONS = 4
#: All actions of a delivery of an event stream.
EVENT_STREAM_BUDGET = timedelta(seconds=10)
#: Waits before the second, third and fourth delivery of an event.
EVENT_STREAM_WAITS = (timedelta(seconds=1), timedelta(seconds=2), timedelta(seconds=4))
#: Waits before each of the five further tries of a notification. Auth0 says "in the next minutes";
#: these are ours, five minutes in all.
NOTIFICATION_WAITS = tuple(timedelta(seconds=seconds) for seconds in (10, 20, 40, 80, 150))
