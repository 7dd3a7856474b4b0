"""keycloak: two scripts in a jar that ask at login and for tokens, and Keycloak's own events.

Source: Keycloak 26.7, its JavaScript providers (`--features=scripts`); its events as its admin API
and the Kafka listeners write them (JSON), and as its JSON log has them, with the login's trace id.
"""

from __future__ import annotations

import hashlib
import io
import re
import zipfile
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson

from authstream.contracts.verdict import Verdict
from authstream.engine.call_body import filled, inner, members, needed, text, texts
from authstream.engine.keyed_provider import KeyedProvider
from authstream.engine.provider import (
    NOTHING,
    Answer,
    Asked,
    Call,
    Peer,
    Refusal,
    Sample,
    json_answer,
    lost_parts,
)
from authstream.errors import InvalidCallError

#: What the scripts ask: may this user log in, and which claims have these tokens.
LOGIN, TOKEN = "login", "token"
MACHINE = "client_credentials"
STREAM = "event-stream"
#: By type of an event. Every other one is a message of the trigger event-stream.
TRIGGERS = {"REGISTER": "post-user-registration", "UPDATE_PASSWORD": "post-change-password"}
_SCRIPTS = Path(__file__).parent / "keycloak_scripts"
_JAR = {
    LOGIN: ("authenticators", "Authstream login", "Asks Authstream whether a user is let in"),
    TOKEN: ("mappers", "Authstream claims", "Sets the claims that Authstream gives a token"),
}
#: A jar is the same, byte for byte, whenever it is made.
_MADE = (2020, 1, 1, 0, 0, 0)
_LOGGER = "org.keycloak.events"
#: `key="value"`, as Keycloak's logging listener writes the members of an event.
_MEMBER = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')
_TRACE, _SPAN = re.compile(r"[0-9a-f]{32}"), re.compile(r"[0-9a-f]{16}")


class Keycloak(KeyedProvider):
    """Claims for both tokens; a denial at login with its text, none at a refresh."""

    name = "keycloak"
    title = "Keycloak"
    #: The scripts wait 3 s, unless told otherwise.
    deadline = timedelta(milliseconds=2500)
    tells = True

    def parse(self, call: Call, peer: Peer) -> Asked:
        """What one of the scripts asks."""
        said = members(call.body)
        if call.hook not in (LOGIN, TOKEN):
            raise InvalidCallError(f"the scripts ask {LOGIN} and {TOKEN}: install the jar anew")
        grant, realm = text(said, "grant_type"), text(said, "realm")
        machine = call.hook == TOKEN and grant == MACHINE
        request, session = inner(said, "request"), text(said, "session")
        event = self.event(
            peer,
            user=NOTHING if machine else _user(said),
            client={"client_id": text(said, "client", "id"), "name": text(said, "client", "name")},
            connection={"name": realm},
            request={**_named(request), "body": {"grant_type": grant} if grant else None},
            session={"id": session} if session else None,
        )
        if machine:
            event |= {"accessToken": {"customClaims": {}, "scope": []}}
        else:
            event["authorization"] = {"roles": texts(said, "user", "roles")}
        trigger = peer.triggers.get(call.hook)
        trigger = trigger or ("credentials-exchange" if machine else "post-login")
        return Asked(call.hook, trigger, event, None, said)

    def hear(self, record: bytes, peer: Peer) -> Asked | None:
        """An event in JSON, or a line of the JSON log that tells one."""
        said = members(record)
        if "loggerName" not in said:
            return self._heard(said, record, peer)
        if text(said, "loggerName") != _LOGGER:
            return None
        pairs = _MEMBER.findall(text(said, "message") or "")
        event = {name: re.sub(r"\\(.)", r"\1", value) for name, value in pairs}
        return replace(self._heard(event, record, peer), trace=_trace(said))

    def _heard(self, said: dict[str, Any], record: bytes, peer: Peer) -> Asked:
        kind = _kind(said)
        # The log has them beside the other members.
        details = inner(said, "details") if "details" in said else said
        trigger = peer.triggers.get(kind, TRIGGERS.get(kind, STREAM))
        # The record's own id, or what is the same when a shipper sends it again.
        event_id = text(said, "id") or hashlib.sha256(record).hexdigest()
        if trigger == STREAM:
            event = _message(said, kind, event_id, peer=peer)
        else:
            event = self.event(
                peer,
                user={
                    "user_id": needed(text(said, "userId"), "userId"),
                    "username": text(details, "username"),
                    "email": text(details, "email"),
                },
                client={"client_id": text(said, "clientId")},
                connection={"name": text(said, "realmName") or text(said, "realmId")},
                request={"ip": text(said, "ipAddress")},
            )
        return Asked(kind, trigger, event, event_id, said)

    def allow(self, asked: Asked, verdict: Verdict, peer: Peer) -> Answer:  # noqa: ARG002 - nothing of it is needed
        """The claims of both tokens; null takes one away."""
        lost = lost_parts(verdict, "claims.id_token", "claims.access_token")
        return _allowed(verdict.claims.id_token, verdict.claims.access_token, lost=lost)

    def deny(self, asked: Asked, refusal: Refusal, peer: Peer) -> Answer:  # noqa: ARG002 - as above
        """The text for a page or a client; tokens that are asked about get no claims."""
        if asked.hook == TOKEN:
            return json_answer(403, {"message": refusal.message}, lost=("denial", "message"))
        return json_answer(200, {"allowed": False, "message": refusal.message})

    def unchanged(self, asked: Asked, peer: Peer) -> Answer:  # noqa: ARG002 - as above
        """Allowed, without claims."""
        return _allowed({}, {}, lost=())

    def samples(self) -> tuple[Sample, ...]:
        """A login, its refresh and a machine's token, as the scripts ask."""
        headers = {"content-type": "application/json"}
        asked = ((LOGIN, "password"), (TOKEN, "refresh_token"), (TOKEN, MACHINE))
        return tuple(
            Sample(hook, orjson.dumps({**_SAMPLE, "grant_type": grant}), headers)
            for hook, grant in asked
        )

    def setup(self, url: str) -> str:
        """Keycloak's environment and options, and where the two scripts go."""
        return _SETUP.format(url=url)

    def extension(self) -> bytes:
        """The jar: a zip of two scripts and their description, nothing compiled."""
        shared = (_SCRIPTS / "ask.js").read_bytes()
        described: dict[str, list[dict[str, str]]] = {}
        files: dict[str, bytes] = {}
        for script, (kind, name, description) in _JAR.items():
            file = f"authstream-{script}.js"
            files[file] = shared + b"\n" + (_SCRIPTS / f"{script}.js").read_bytes()
            entry = {"name": name, "fileName": file, "description": description}
            described.setdefault(kind, []).append(entry)
        files["META-INF/keycloak-scripts.json"] = orjson.dumps(described)
        made = io.BytesIO()
        with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as jar:
            for file, content in files.items():
                jar.writestr(zipfile.ZipInfo(file, _MADE), content)
        return made.getvalue()


_SETUP = """\
# The jar goes into Keycloak's providers/ folder:
#   authstream connect keycloak --folder DIR --extension providers/authstream.jar
# Keycloak's environment; a decision that takes longer than the time-out counts as a failure.
AUTHSTREAM_URL={url}
AUTHSTREAM_SECRET=SECRET
AUTHSTREAM_TIMEOUT_MS=3000
AUTHSTREAM_ON_FAILURE=deny
# Its options: bin/kc.sh start --features=scripts …
# Realm, Authentication: add the step "Authstream login", REQUIRED, after the password in a copy of
# the browser flow and in a copy of the direct grant flow, and bind both copies.
# Client, its dedicated scope: add the mapper "Authstream claims" by configuration, to access and
# ID token; its token claim name is not used, e.g. authstream.
"""


def _allowed(identity: dict[str, Any], access: dict[str, Any], *, lost: tuple[str, ...]) -> Answer:
    claims = {"id_token": identity, "access_token": access}
    return json_answer(200, {"allowed": True, "claims": claims}, lost=lost)


def _named(request: dict[str, Any]) -> dict[str, object]:
    return {"ip": text(request, "ip"), "user_agent": text(request, "user_agent")}


def _user(said: dict[str, Any]) -> dict[str, Any]:
    user = inner(said, "user")
    attributes = inner(user, "attributes")
    own = {name: texts(attributes, name) for name in attributes.keys() - _FIRST_CLASS}
    return {
        "user_id": needed(text(user, "id"), "user.id"),
        "username": text(user, "username"),
        "email": text(user, "email"),
        "email_verified": user.get("email_verified") is True,
        "given_name": text(user, "first_name"),
        "family_name": text(user, "last_name"),
        "user_metadata": {
            name: values[0] if len(values) == 1 else values for name, values in own.items()
        }
        or None,
    }


#: Attributes that are members of the user.
_FIRST_CLASS = frozenset(["username", "email", "firstName", "lastName"])


def _kind(said: dict[str, Any]) -> str:
    """`LOGIN`, `REGISTER` and so on; of an administrator's event `CREATE.USER`."""
    operation = text(said, "operationType")
    if operation is not None:
        return f"{operation}.{text(said, 'resourceType') or 'UNKNOWN'}"
    return needed(text(said, "type"), "type")


def _message(said: dict[str, Any], kind: str, event_id: str, *, peer: Peer) -> dict[str, Any]:
    at = said.get("time")
    time = None
    if isinstance(at, int) and 0 <= at < _LATEST:
        time = datetime.fromtimestamp(at / 1000, UTC).isoformat(timespec="milliseconds")
    message = {
        "specversion": "1.0",
        "id": event_id,
        "source": f"/connections/{peer.name}",
        "type": f"keycloak.{kind}",
        "time": time,
        "a0tenant": peer.tenant,
        "data": said,
    }
    return {"message": filled(message)}


#: Milliseconds of the year 9999, the last that `datetime` knows.
_LATEST = 253_370_764_800_000


def _trace(line: dict[str, Any]) -> str | None:
    """The span in whose request the line was logged, as `traceparent`."""
    logged = inner(line, "mdc")
    trace, span = logged.get("traceId"), logged.get("spanId")
    if not isinstance(trace, str) or not isinstance(span, str):
        return None
    if not _TRACE.fullmatch(trace) or not _SPAN.fullmatch(span):
        return None
    return f"00-{trace}-{span}-{'01' if logged.get('sampled') != 'false' else '00'}"


_SAMPLE: dict[str, Any] = {
    "realm": "shop",
    "client": {"id": "web", "name": "Web"},
    "session": "s-1",
    "request": {"ip": "203.0.113.7", "user_agent": "curl/8"},
    "user": {
        "id": "u-1",
        "username": "ada",
        "email": "ada@example.com",
        "email_verified": True,
        "first_name": "Ada",
        "last_name": None,
        "attributes": {"email": ["ada@example.com"], "plan": ["gold"]},
        "roles": ["staff"],
    },
}

PLUGIN = Keycloak()
