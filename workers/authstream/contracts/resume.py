"""What brings a suspended flow on: the browser is back, with its state and a new request."""

from __future__ import annotations

from pydantic import Field

from authstream.contracts.model import JsonObject, Record


class Resume(Record):
    """A browser that came back to a suspended flow."""

    #: As the suspended verdict said it.
    state: str
    #: `event.request` of the next leg; it replaces the one before.
    request: JsonObject
    #: Other members of the event that are new: `prompt` after a form, `authentication` after MFA.
    event: JsonObject = Field(default_factory=dict)
    #: A digest of a cookie that only this browser has; without one, a second use is refused.
    browser: str | None = None
