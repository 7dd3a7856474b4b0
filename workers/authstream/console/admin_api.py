"""The admin API as the console calls it, in the name of whoever signed in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import httpx

from authstream.contracts.slug import DEFAULT_TENANT
from authstream.errors import AuthstreamError

_PREFIX = "/v1/admin"
#: The longest page that the API gives.
_PAGE = 200
_NOT_FOUND, _CONFLICT, _PRECONDITION_FAILED, _UNAUTHORIZED = 404, 409, 412, 401
_UNAVAILABLE = 503
#: A deploy installs packages, a test run starts guests.
SLOW_SECONDS = 120.0


class AdminApiError(AuthstreamError):
    """The admin API refused a request of the console, or did not answer."""

    code = "admin_api"

    def __init__(self, message: str, *, status: int | None = None) -> None:
        super().__init__(message)
        self.status = status

    @property
    def signed_out(self) -> bool:
        """The token is no longer good."""
        return self.status == _UNAUTHORIZED

    @property
    def conflict(self) -> bool:
        """Somebody else was faster."""
        return self.status in (_CONFLICT, _PRECONDITION_FAILED)


@dataclass(frozen=True, slots=True)
class Answer:
    """A body and the revision it is of."""

    body: Any
    revision: int | None = None

    @property
    def members(self) -> dict[str, Any]:
        """A body that is an object."""
        found: dict[str, Any] = self.body
        return found

    @property
    def items(self) -> list[dict[str, Any]]:
        """The items of a body that is a list."""
        found: list[dict[str, Any]] = self.body["items"]
        return found


@dataclass(frozen=True, slots=True)
class AdminApi:
    """One tenant's part of the API under one token. Every method raises AdminApiError."""

    client: httpx.AsyncClient
    token: str
    tenant: str = DEFAULT_TENANT

    # Who and what there is ----------------------------------------------------------------------

    async def me(self) -> dict[str, str]:
        """Name and role of the token."""
        return (await self._get("/me")).members

    async def tenants(self) -> list[str]:
        """All tenants."""
        found: list[str] = (await self._get("/tenants")).body["items"]
        return found

    async def triggers(self) -> list[dict[str, Any]]:
        """All triggers, each with a sample event."""
        return (await self._get("/triggers")).items

    async def effects(self) -> list[dict[str, Any]]:
        """All kinds of effects, each with the schema of its payload."""
        return (await self._get("/effects")).items

    async def providers(self, gateway: str) -> list[dict[str, Any]]:
        """All providers, and what to configure there for a gateway at an address."""
        return (await self._get("/providers", {"gateway": gateway})).items

    async def status(self) -> dict[str, Any]:
        """Emergencies in force, and how far the server's view is."""
        return (await self._get("/status")).members

    async def audit(self, *, limit: int, cursor: str = "") -> dict[str, Any]:
        """A page of the audit trail, newest first."""
        params = {"limit": limit, "cursor": cursor, "newest": True, "tenant": self.tenant}
        return (await self._get("/audit", params)).members

    # Flows --------------------------------------------------------------------------------------

    async def flows(self) -> list[dict[str, Any]]:
        """The tenant's flows."""
        return await self._all(self._mine("flows"))

    async def flow(self, trigger: str) -> Answer | None:
        """A flow, None where there is none yet."""
        try:
            return await self._get(self._mine("flows", trigger))
        except AdminApiError as error:
            if error.status == _NOT_FOUND:
                return None
            raise

    async def set_flow(
        self, trigger: str, bindings: Sequence[Mapping[str, Any]], *, revision: int | None
    ) -> Answer:
        """Bind exactly these; `revision` is the one that they build on, 0 for no flow yet."""
        body = {"bindings": list(bindings)}
        return await self._send("PUT", self._mine("flows", trigger), body, revision=revision)

    async def figures(self, trigger: str) -> dict[str, Any] | None:
        """How a flow and its actions did in the last hour; None where nobody keeps an index."""
        try:
            return (await self._get(self._mine("flows", trigger, "figures"))).members
        except AdminApiError as error:
            if error.status == _UNAVAILABLE:
                return None
            raise

    async def test(
        self,
        trigger: str,
        event: Mapping[str, Any],
        *,
        bindings: Sequence[Mapping[str, Any]] | None = None,
        drafts: Sequence[str] = (),
    ) -> dict[str, Any]:
        """Run a flow on an event; the bindings given, or the flow as it is."""
        body: dict[str, Any] = {"event": event, "drafts": list(drafts)}
        if bindings is not None:
            body["bindings"] = list(bindings)
        return (await self._send("POST", self._mine("flows", trigger, "test"), body)).members

    async def compare(
        self,
        trigger: str,
        *,
        count: int,
        bindings: Sequence[Mapping[str, Any]] | None = None,
        drafts: Sequence[str] = (),
    ) -> dict[str, Any]:
        """What the newest recorded logins would be told otherwise than by the flow in effect."""
        body: dict[str, Any] = {"count": count, "drafts": list(drafts)}
        if bindings is not None:
            body["bindings"] = list(bindings)
        return (await self._send("POST", self._mine("flows", trigger, "compare"), body)).members

    async def preview(self, kind: str, payload: Mapping[str, Any]) -> dict[str, Any]:
        """`parts` of an effect as its reader sees it, None without any, or the `problem`."""
        path = self._mine("effects", kind, "preview")
        return (await self._send("POST", path, {"payload": payload})).members

    async def check_condition(self, when: str, event: Mapping[str, Any] | None) -> dict[str, Any]:
        """`holds`, or the `problem` with a condition."""
        body = {"when": when, "event": event}
        return (await self._send("POST", self._mine("conditions", "check"), body)).members

    # Actions ------------------------------------------------------------------------------------

    async def actions(self) -> list[dict[str, Any]]:
        """The tenant's actions."""
        return await self._all(self._mine("actions"))

    async def action(self, name: str) -> Answer:
        """An action with the code of its draft."""
        return await self._get(self._mine("actions", name))

    async def create_action(self, name: str, draft: Mapping[str, Any]) -> Answer:
        """A new action."""
        return await self._send("POST", self._mine("actions"), {"name": name, **draft})

    async def edit_action(self, name: str, draft: Mapping[str, Any], *, revision: int) -> Answer:
        """Another draft, building on a revision."""
        return await self._send("PUT", self._mine("actions", name), draft, revision=revision)

    async def delete_action(self, name: str) -> None:
        """Delete an action that no flow binds."""
        await self._send("DELETE", self._mine("actions", name))

    async def build(self, name: str) -> list[str]:
        """Prove that the draft can run; the log."""
        done = await self._send("POST", self._mine("actions", name, "build"))
        return list(map(str, done.members["log"]))

    async def check(self, name: str, draft: Mapping[str, Any]) -> list[dict[str, Any]]:
        """What is wrong with a draft that is not saved, as far as reading tells."""
        found = await self._send("POST", self._mine("actions", name, "check"), draft)
        return list(found.members["problems"])

    async def completions(self, trigger: str, language: str) -> list[dict[str, str]]:
        """What may be written after `api.` and `event.`."""
        path = f"/triggers/{quote(trigger, safe='')}/completions"
        return list((await self._get(path, {"language": language})).items)

    async def lock(self, name: str, *, revision: int) -> Answer:
        """The draft with a lock of its packages, and the log."""
        return await self._send("POST", self._mine("actions", name, "lock"), revision=revision)

    async def deploy(self, name: str, *, note: str, canary_share: float | None) -> dict[str, Any]:
        """A version of the draft, for all logins or a share."""
        body = {"note": note, "canary_share": canary_share}
        return (await self._send("POST", self._mine("actions", name, "deploy"), body)).members

    async def roll_back(self, name: str, version: int) -> dict[str, Any]:
        """An earlier version again."""
        body = {"version": version}
        return (await self._send("POST", self._mine("actions", name, "rollback"), body)).members

    async def versions(self, name: str) -> list[dict[str, Any]]:
        """The versions kept, oldest first."""
        return await self._all(self._mine("actions", name, "versions"))

    async def diff(self, name: str, *, old: int, new: int | None) -> str:
        """A unified diff of two versions; None is the draft."""
        params = {"old": old} if new is None else {"old": old, "new": new}
        found = await self._get(self._mine("actions", name, "diff"), params)
        return str(found.members["diff"])

    # Secrets ------------------------------------------------------------------------------------

    async def secrets(self, action: str) -> list[dict[str, Any]]:
        """Names, and who set them when."""
        return await self._all(self._mine("actions", action, "secrets"))

    async def set_secret(self, action: str, name: str, value: str) -> None:
        """Set a value, which nobody is told again."""
        await self._send("PUT", self._mine("actions", action, "secrets", name), {"value": value})

    async def delete_secret(self, action: str, name: str) -> None:
        """Forget a value."""
        await self._send("DELETE", self._mine("actions", action, "secrets", name))

    # Executions ---------------------------------------------------------------------------------

    async def executions(
        self, wanted: Mapping[str, object], *, limit: int, cursor: str = ""
    ) -> dict[str, Any]:
        """A page of executions, newest first: those that a filter takes."""
        params = {**self._seen(wanted), "limit": limit, "cursor": cursor}
        return (await self._get("/executions", params)).members

    async def trend(self, wanted: Mapping[str, object]) -> dict[str, Any]:
        """Counts and durations over time; `wanted` has `since`, `trigger`, `action`."""
        return (await self._get("/executions/trend", self._seen(wanted))).members

    async def execution(self, flow_id: str) -> dict[str, Any]:
        """All that is known of a flow."""
        return (await self._get(f"/executions/{quote(flow_id, safe='')}")).members

    async def story(self, flow_id: str) -> dict[str, Any]:
        """The same in sentences."""
        return (await self._get(f"/executions/{quote(flow_id, safe='')}/story")).members

    async def recorded_event(self, flow_id: str) -> dict[str, Any]:
        """The event that a flow began with, and whether personal data is in it."""
        return (await self._get(f"/executions/{quote(flow_id, safe='')}/event")).members

    async def connections(self) -> list[dict[str, Any]]:
        """The connections that were called, and the last call of each."""
        return (await self._get("/connections")).items

    # Dead letters -------------------------------------------------------------------------------

    async def dead_letters(self, wanted: Mapping[str, object]) -> dict[str, Any]:
        """The newest that a filter takes."""
        params = {**self._seen(wanted), "limit": _PAGE}
        return (await self._get("/dead-letters", params)).members

    async def dead_letter(self, place: str) -> dict[str, Any]:
        """One whole; `place` is PARTITION/OFFSET."""
        return (await self._get(f"/dead-letters/{quote(place)}")).members

    async def replay_letters(self, places: Sequence[str], *, effects: bool) -> dict[str, Any]:
        """Publish them again: which were, and which were refused why."""
        body = {"places": list(places), "effects": effects}
        return (await self._send("POST", "/dead-letters/replay", body)).members

    async def drop_letters(self, places: Sequence[str]) -> None:
        """They are looked at, and listed no more."""
        await self._send("POST", "/dead-letters/drop", {"places": list(places)})

    # How ----------------------------------------------------------------------------------------

    def _mine(self, *parts: str) -> str:
        return "/tenants/" + "/".join(quote(part, safe="") for part in (self.tenant, *parts))

    def _seen(self, wanted: Mapping[str, object]) -> dict[str, object]:
        """A filter as parameters; the default tenant's flows serve every tenant."""
        said = {name: value for name, value in wanted.items() if value not in (None, "")}
        return said if self.tenant == DEFAULT_TENANT else {**said, "tenant": self.tenant}

    async def _all(self, path: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        cursor: str | None = ""
        while cursor is not None:
            page = (await self._get(path, {"limit": _PAGE, "cursor": cursor})).members
            found += page["items"]
            cursor = page["next"]
        return found

    async def _get(self, path: str, params: Mapping[str, Any] | None = None) -> Answer:
        return await self._call("GET", path, params=dict(params or {}))

    async def _send(
        self, method: str, path: str, body: object = None, *, revision: int | None = None
    ) -> Answer:
        headers = {} if revision is None else {"If-Match": f'"{revision}"'}
        return await self._call(method, path, json=body, headers=headers)

    async def _call(self, method: str, path: str, **options: Any) -> Answer:  # noqa: ANN401 - those of httpx
        headers = {"Authorization": f"Bearer {self.token}", **options.pop("headers", {})}
        try:
            answer = await self.client.request(method, _PREFIX + path, headers=headers, **options)
        except httpx.HTTPError as error:
            raise AdminApiError(
                f"the admin API at {self.client.base_url} does not answer"
                f" ({type(error).__name__}): is `authstream admin` running?"
            ) from None
        if not answer.is_success:
            raise AdminApiError(_detail(answer), status=answer.status_code)
        tag = answer.headers.get("etag", "").strip('"')
        return Answer(answer.json() if answer.content else None, int(tag) if tag else None)


def _detail(answer: httpx.Response) -> str:
    try:
        return str(answer.json()["detail"])
    except (ValueError, KeyError, TypeError):
        return f"the admin API answered {answer.status_code}"
