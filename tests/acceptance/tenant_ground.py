"""The tenant of published-looking actions on a cluster, with what its actions talk to."""

from __future__ import annotations

import base64
import hmac
import json
import shutil
import time
from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import yaml

from authstream.apps.demo.crm import Crm
from authstream.apps.demo.mailbox import Mailbox
from authstream.contracts.avro import decode
from authstream.contracts.effect import MetadataPatch
from authstream.contracts.resume import Resume
from authstream.contracts.topics import Topics
from authstream.contracts.verdict import Verdict
from authstream.publisher import LoginEvent, Publisher
from authstream.settings import Settings
from tests import kafka_log
from tests.acceptance.command_line import background, environment, run, wait_for
from tests.acceptance.partner import Partner

PREFIX = "t-tenant"
WITHIN = timedelta(seconds=20)
#: What the portal signs its answers with.
REDIRECT_SECRET = "shared with the portal"
_TENANT = Path(__file__).parent / "tenant"
_READY_SECONDS = 120.0


@dataclass(frozen=True, slots=True)
class Tenant:
    """The tenant's flows on a cluster, and what they talk to."""

    publisher: Publisher
    settings: Settings
    mailbox: Mailbox
    partner: Partner

    def ask(self, trigger: str, event: dict[str, Any], *, name: str) -> Verdict:
        """What a provider is told."""
        data = json.dumps(event).encode()
        return self.publisher.decide(LoginEvent(trigger, data, name, "test"), WITHIN)

    def patch(self, flow_id: str) -> MetadataPatch:
        """The patch of a flow, once it is there."""
        log = kafka_log.Log(self.settings.brokers, Topics(PREFIX).user_metadata)
        found: list[MetadataPatch] = []

        def there() -> bool:
            new = [decode(MetadataPatch, one.value) for one in log.poll()]
            found.extend(patch for patch in new if patch.flow_id == flow_id)
            return bool(found)

        try:
            kafka_log.until(there, f"a patch of flow {flow_id}")
        finally:
            log.close()
        return found[0]


@contextmanager
def serving(brokers: str, scratch: Path) -> Generator[Tenant]:
    """One supervised worker for all of it."""
    folder = scratch / "folder"
    shutil.copytree(_TENANT, folder)
    with ExitStack() as stack:
        crm, partner = stack.enter_context(Crm()), stack.enter_context(Partner())
        mailbox = stack.enter_context(Mailbox())
        (folder / ".secrets.yaml").write_text(yaml.safe_dump(_secrets(crm, partner)))
        ready = scratch / "ready"
        env = environment(
            AUTHSTREAM_BROKERS=brokers,
            AUTHSTREAM_PREFIX=PREFIX,
            AUTHSTREAM_PARTITIONS="2",
            AUTHSTREAM_STATE_KEY="signs states",
            AUTHSTREAM_SMTP__PORT=f"{mailbox.port}",
            AUTHSTREAM_READY_FILE=f"{ready}",
        )
        applied = run("topics", "apply", "--folder", f"{folder}", env=env)
        assert applied.status == 0, applied.err
        arguments = ("worker", "--folder", f"{folder}", "--supervised")
        worker = stack.enter_context(background(*arguments, folder=scratch, env=env))
        wait_for(ready.exists, seconds=_READY_SECONDS, what=f"worker ready: {worker.err}")
        settings = Settings(brokers=brokers, prefix=PREFIX)
        yield Tenant(stack.enter_context(Publisher(settings)), settings, mailbox, partner)


def _secrets(crm: Crm, partner: Partner) -> dict[str, dict[str, str]]:
    return {
        "Block Embargoed Countries": {"EMBARGOED": "KP"},
        "Enrich From CRM": {"CRM_URL": crm.url, "CRM_TOKEN": crm.token},
        "Verify Email": {"REDIRECT_SECRET": REDIRECT_SECRET},
        "Look Up At Partner": {
            "PARTNER_URL": partner.url,
            "PARTNER_CLIENT_ID": partner.client_id,
            "PARTNER_CLIENT_SECRET": partner.client_secret,
        },
    }


def back(tenant: Tenant, suspended: Verdict, *, verified: bool) -> Verdict:
    """The browser comes back from the page that the link in the mail leads to."""
    state = suspended.state or ""
    token = _signed({"state": state, "verified": verified, "exp": int(time.time()) + 60})
    request = {"ip": "192.0.2.1", "query": {"state": state, "session_token": token}}
    return tenant.publisher.resume(Resume(state=state, request=request), WITHIN)


def _signed(claims: dict[str, Any]) -> str:
    """A JSON web token (HS256) of the portal."""
    parts = ({"alg": "HS256", "typ": "JWT"}, claims)
    said = ".".join(_encoded(json.dumps(part).encode()) for part in parts)
    return f"{said}.{_encoded(hmac.digest(REDIRECT_SECRET.encode(), said.encode(), 'sha256'))}"


def _encoded(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()
