"""After a password reset: where the browser goes."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from authstream.engine.part import Call, Leg, Members, Part, command


class ResultUrl(Part):
    """`result_url`: where the browser goes after the password is reset."""

    gives = ("result_url",)

    def __init__(self, leg: Leg) -> None:
        super().__init__(leg)
        self._url: str | None = None

    @command("transaction.setResultUrl")
    def set(self, call: Call) -> None:
        """The last call wins."""
        self._url = _with_query(call.arguments[0], call.options(1).get("query") or {})

    def members(self) -> Members:
        """The page, if one was set."""
        return {"result_url": self._url}


def _with_query(url: str, query: dict[str, object]) -> str:
    """The URL with members added to its query; one of a name that is there replaces it."""
    if not query:
        return url
    parts = urlsplit(url)
    kept = [pair for pair in parse_qsl(parts.query, keep_blank_values=True) if pair[0] not in query]
    return urlunsplit(parts._replace(query=urlencode([*kept, *query.items()])))
